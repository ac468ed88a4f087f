/** The editor: CodeMirror with what the worker knows. */
import {
  autocompletion,
  closeBrackets,
  closeBracketsKeymap,
  completionKeymap,
  type CompletionContext,
} from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap } from "@codemirror/commands";
import { bracketMatching, syntaxHighlighting } from "@codemirror/language";
import { lintKeymap, setDiagnostics, type Diagnostic } from "@codemirror/lint";
import { EditorState, StateEffect, StateField, type Range } from "@codemirror/state";
import {
  Decoration,
  EditorView,
  highlightActiveLine,
  highlightSpecialChars,
  hoverTooltip,
  keymap,
  lineNumbers,
  type DecorationSet,
} from "@codemirror/view";
import type { Client } from "./client.ts";
import { h } from "./dom.ts";
import { COLOURS, LOOK, TFX } from "./language.ts";
import type { Message, Places } from "./protocol.ts";

const setLit = StateEffect.define<Places>();
const LIT = Decoration.mark({ class: "cm-lit" });

const litField = StateField.define<DecorationSet>({
  create: () => Decoration.none,
  update: (lit, transaction) => {
    let next = lit.map(transaction.changes);
    for (const effect of transaction.effects) {
      if (!effect.is(setLit)) continue;
      const end = transaction.state.doc.length;
      const ranges = effect.value.filter(([from, to]) => from < to && to <= end);
      const sorted = [...ranges].sort((a, b) => a[0] - b[0] || a[1] - b[1]);
      next = Decoration.set(sorted.map(([from, to]): Range<Decoration> => LIT.range(from, to)));
    }
    return next;
  },
  provide: (field) => EditorView.decorations.from(field),
});

export type Editor = {
  readonly text: () => string;
  readonly setText: (text: string) => void;
  readonly showMessages: (messages: readonly Message[]) => void;
  readonly light: (places: Places) => void;
  readonly go: (from: number, to: number) => void;
  readonly mend: (message: Message) => void;
};

export type EditorEvents = {
  readonly changed: (text: string) => void;
  /** The offset that the mouse is at, or null when it leaves; `caret`: where the caret went. */
  readonly pointed: (offset: number | null) => void;
  readonly caret: (offset: number) => void;
  readonly run: () => void;
};

const SEVERITY = { error: "error", warning: "warning", note: "info" } as const;

export const createEditor = (parent: HTMLElement, text: string, client: Client, on: EditorEvents): Editor => {
  const complete = async (cx: CompletionContext) => {
    if (!cx.explicit && cx.matchBefore(/[\w"[{]$/) === null) return null;
    const { from, items } = await client.complete(cx.state.doc.toString(), cx.pos);
    const options = items.map((i) => ({
      label: i.label,
      detail: i.detail,
      type: i.type,
      boost: i.boost,
      ...(i.doc === "" ? {} : { info: i.doc }),
    }));
    return { from, options, validFor: /^[\w/]*$/ };
  };
  const hover = hoverTooltip(async (view, pos) => {
    const { from, to, code, words } = await client.hover(view.state.doc.toString(), pos);
    if (code === null) return null;
    const dom = h("div", { class: "cm-about" }, h("pre", {}, code), ...words.map((w) => h("p", {}, w)));
    return { pos: from, end: to, above: true, create: () => ({ dom }) };
  });
  const mend = (m: Message): void => {
    if (m.fix === null) return;
    const { from, to, text: insert } = m.fix;
    view.dispatch({ changes: { from, to, insert }, selection: { anchor: from + insert.length }, userEvent: "input" });
    view.focus();
  };
  const toLint = (m: Message, end: number): Diagnostic => ({
    from: Math.min(m.from, end),
    to: Math.min(m.to, end),
    severity: SEVERITY[m.severity],
    source: m.code,
    message: m.help === null ? m.text : `${m.text}\nhelp: ${m.help}`,
    ...(m.fix === null ? {} : { actions: [{ name: m.fix.title.replaceAll("`", ""), apply: () => mend(m) }] }),
  });
  const view = new EditorView({
    parent,
    state: EditorState.create({
      doc: text,
      extensions: [
        lineNumbers(),
        highlightSpecialChars(),
        history(),
        bracketMatching(),
        closeBrackets(),
        highlightActiveLine(),
        EditorView.lineWrapping,
        EditorView.contentAttributes.of({ "aria-label": "Formula", spellcheck: "false", autocapitalize: "off" }),
        autocompletion({ override: [complete] }),
        hover,
        litField,
        TFX,
        syntaxHighlighting(COLOURS),
        LOOK,
        keymap.of([
          { key: "Mod-Enter", run: () => (on.run(), true) },
          ...closeBracketsKeymap,
          ...defaultKeymap,
          ...historyKeymap,
          ...completionKeymap,
          ...lintKeymap,
        ]),
        EditorView.updateListener.of((update) => {
          if (update.docChanged) on.changed(update.state.doc.toString());
          if (update.selectionSet && update.view.hasFocus) on.caret(update.state.selection.main.head);
        }),
        EditorView.domEventHandlers({
          mousemove: (event, v) => {
            on.pointed(v.posAtCoords({ x: event.clientX, y: event.clientY }));
          },
          mouseleave: () => {
            on.pointed(null);
          },
        }),
      ],
    }),
  });
  return {
    text: () => view.state.doc.toString(),
    setText: (next) =>
      view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: next }, selection: { anchor: 0 } }),
    showMessages: (messages) => {
      view.dispatch(
        setDiagnostics(
          view.state,
          messages.map((m) => toLint(m, view.state.doc.length)),
        ),
      );
    },
    light: (places) => view.dispatch({ effects: setLit.of(places) }),
    go: (from, to) => {
      view.dispatch({ selection: { anchor: from, head: to }, scrollIntoView: true });
      view.focus();
    },
    mend,
  };
};
