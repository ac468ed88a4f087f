/** Hovers and inlay hints: what a name is, and over which indices it runs. */
import type { Hover, InlayHint, Range } from "vscode-languageserver";
import { BASELINE } from "../base/target.ts";
import { withSizesMadeUp } from "../cli/planned.ts";
import type { Session } from "../session/session.ts";
import type { Definition } from "../session/symbols.ts";
import { builtinOf } from "./builtins.ts";
import { signatureOf, specAt } from "./describe.ts";
import { documentOf, rangeOf, type Documents } from "./document.ts";

const markdown = (code: string, words: readonly string[]): string =>
  ["```tfx", code, "```", ...words.filter((w) => w !== "").flatMap((w) => ["", w])].join("\n");

/** How the compiler would compute a kernel, in one line; null where it cannot. */
const planLine = (session: Session, d: Definition): string | null => {
  const spec = specAt(session, d.span.file, d.span.start);
  if (spec === null) return null;
  const { artifacts, madeUp } = withSizesMadeUp(spec.sizes, {}, (dims) =>
    session.compile(d.span.file, { kernel: d.name, dims, target: BASELINE }),
  );
  const sizes = Object.entries(madeUp).map(([name, size]) => `${name} = ${size}`);
  const [artifact] = artifacts;
  return artifact === undefined ? null : `plan${sizes.length === 0 ? "" : ` (${sizes.join(", ")})`}: ${artifact.plan}`;
};

const wordAt = (text: string, offset: number): { readonly start: number; readonly end: number } => {
  let [start, end] = [offset, offset];
  while (start > 0 && /\w/.test(text[start - 1] ?? "")) start--;
  while (/\w/.test(text[end] ?? "")) end++;
  return { start, end };
};

/** What stands at an offset: signature, docs, of a kernel its plan. */
export const hoverAt = ({ session }: Documents, file: string, offset: number): Hover | null => {
  const text = session.text(file) ?? "";
  const place = { file, ...wordAt(text, offset) };
  const range = rangeOf(documentOf(session, file), place);
  const definition = session.definitionAt(file, offset);
  if (definition === null) {
    const builtin = builtinOf(text.slice(place.start, place.end));
    return builtin === null
      ? null
      : { contents: { kind: "markdown", value: markdown(builtin.usage, [builtin.words]) }, range };
  }
  const plan = definition.kind === "kernel" ? planLine(session, definition) : null;
  const value = markdown(signatureOf(session, definition), [definition.doc, plan ?? ""]);
  return { contents: { kind: "markdown", value }, range };
};

/** The indices of bare names of tensors and `let`s, `q` as `q[b, h, i, d]`. */
export const hintsIn = ({ session }: Documents, file: string, range: Range): readonly InlayHint[] => {
  const doc = documentOf(session, file);
  const text = doc.getText();
  const [from, to] = [doc.offsetAt(range.start), doc.offsetAt(range.end)];
  return session.symbols(file).references.flatMap(({ span, to: d }): InlayHint[] => {
    const isValue = d.kind === "tensor" || d.kind === "let";
    if (!isValue || span.end < from || span.start > to || span.start === d.span.start) return [];
    if (/^\s*[[(=:]/.test(text.slice(span.end, span.end + 8))) return [];
    const spec = specAt(session, file, span.start);
    const signature = spec === null ? "" : signatureOf(session, d);
    const label =
      d.kind === "let"
        ? /\[.*\](?=: \w+$)/.exec(signature)?.[0]
        : spec?.tensors
            .filter((t) => t.name === d.name)
            .map((t) => `[${t.dims.map((dim) => dimText(spec.axes, dim.axes)).join(", ")}]`)[0];
    return label === undefined ? [] : [{ position: doc.positionAt(span.end), label, kind: 1 }];
  });
};

const dimText = (axes: readonly { readonly name: string }[], ids: readonly number[]): string => {
  const names = ids.map((id) => axes[id]?.name ?? "?");
  return names.length === 1 ? names.join("") : `(${names.join(", ")})`;
};
