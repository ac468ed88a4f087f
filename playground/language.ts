/** How TFX looks in the editor: tokens, colours, the editor's own parts. Names are coloured by their first letter, as a reader sees them. */
import { HighlightStyle, StreamLanguage } from "@codemirror/language";
import { EditorView } from "@codemirror/view";
import { tags } from "@lezer/highlight";

const KEYWORDS = /^(?:fn|kernel|let|axis|use|from|static|where|if|then|else|and|or|not|in)\b/;
const TYPES = /^(?:f32|f16|i32|u32|bool|i8|u8|i4|u4)\b/;

export const TFX = StreamLanguage.define<null>({
  name: "tfx",
  startState: () => null,
  token: (stream) => {
    if (stream.eatSpace()) return null;
    if (stream.match("//")) {
      stream.skipToEnd();
      return "comment";
    }
    if (stream.match(/^"[^"]*"?/)) return "string";
    if (stream.match(TYPES)) return "typeName";
    if (stream.match(KEYWORDS)) return "keyword";
    if (stream.match(/^(?:true|false)\b/)) return "bool";
    if (stream.match(/^\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/)) return "number";
    if (stream.match(/^[A-Za-z_]\w*(?=\s*(?:\[[^[\]]*\]\s*)?\()/)) return "variableName.function";
    if (stream.match(/^[A-Z]\w*/)) return "constant";
    if (stream.match(/^[a-z_]\w*/)) return "variableName";
    stream.next();
    return null;
  },
  tokenTable: { constant: tags.constant(tags.variableName) },
  languageData: { commentTokens: { line: "//" }, closeBrackets: { brackets: ["(", "[", "{", '"'] } },
});

export const COLOURS = HighlightStyle.define([
  { tag: tags.comment, color: "var(--comment)" },
  { tag: tags.string, color: "var(--good)" },
  { tag: tags.typeName, color: "var(--type)" },
  { tag: tags.keyword, color: "var(--word)" },
  { tag: [tags.number, tags.bool], color: "var(--number)" },
  { tag: tags.constant(tags.variableName), color: "var(--type)" },
  { tag: tags.function(tags.variableName), color: "var(--accent)" },
]);

const wave = (colour: string) => ({
  backgroundImage: "none",
  textDecoration: `underline wavy ${colour} 1px`,
  textUnderlineOffset: "3px",
});

export const LOOK = EditorView.theme({
  "&": { height: "100%", fontSize: "13px", color: "var(--ink)", backgroundColor: "transparent" },
  "&.cm-focused": { outline: "none" },
  ".cm-scroller": { fontFamily: "var(--mono)", lineHeight: "1.55" },
  ".cm-content": { caretColor: "var(--ink)", padding: "8px 0" },
  ".cm-cursor": { borderLeftColor: "var(--ink)" },
  ".cm-gutters": { backgroundColor: "transparent", color: "var(--muted)", border: "none" },
  ".cm-activeLine": { backgroundColor: "color-mix(in srgb, var(--soft) 35%, transparent)" },
  ".cm-lit": { backgroundColor: "var(--lit)", borderRadius: "2px" },
  ".cm-matchingBracket, &.cm-focused .cm-matchingBracket": { backgroundColor: "var(--soft)" },
  ".cm-lintRange-error": wave("var(--bad)"),
  ".cm-lintRange-warning": wave("var(--warn)"),
  ".cm-lintRange-info": wave("var(--muted)"),
  ".cm-tooltip": {
    backgroundColor: "var(--raised)",
    color: "var(--ink)",
    border: "1px solid var(--line)",
    borderRadius: "6px",
    maxWidth: "min(560px, 92vw)",
  },
  ".cm-tooltip-autocomplete ul li[aria-selected]": { backgroundColor: "var(--soft)", color: "var(--ink)" },
  ".cm-completionDetail": { color: "var(--muted)", fontStyle: "normal" },
  ".cm-diagnostic": { whiteSpace: "pre-wrap", borderLeftWidth: "3px" },
  ".cm-diagnosticAction": { backgroundColor: "var(--accent)", color: "var(--on-accent)" },
  ".cm-about": { padding: "6px 10px", fontSize: "13px" },
  ".cm-about pre": { margin: "0", whiteSpace: "pre-wrap" },
  ".cm-about p": { margin: "4px 0 0", color: "var(--muted)" },
});
