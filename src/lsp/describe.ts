/** A name in words: what hovers and completions say. */
import { printSize } from "../base/size.ts";
import type { SExpr, Spec } from "../check/spec.ts";
import { postOrder } from "../check/walk-spec.ts";
import type { Session } from "../session/session.ts";
import type { Definition } from "../session/symbols.ts";

/** The checked kernel around an offset; null while it has an error. */
export const specAt = (session: Session, file: string, offset: number): Spec | null => {
  const around = session
    .symbols(file)
    .definitions.find((d) => d.kind === "kernel" && d.whole.start <= offset && offset <= d.whole.end);
  if (around === undefined) return null;
  return session.check(file).specs.find((s) => s.name === around.name) ?? null;
};

/** The text of a piece of source on one line. */
const oneLine = (session: Session, definition: Definition): string => {
  const { file, start, end } = definition.whole;
  return (session.text(file) ?? "")
    .slice(start, end)
    .replace(/\/\/[^\n]*/g, "")
    .replace(/\s+/g, " ")
    .trim();
};

/** The head of a kernel or a function. */
export const headOf = (session: Session, d: Definition): string => {
  const line = oneLine(session, d);
  const end = d.kind === "kernel" ? line.indexOf("{") : line.search(/=|\{/);
  return (end < 0 ? line : line.slice(0, end)).trim();
};

/** The indices of a value, `[b, h, i, j]`; "" for a number. */
const indices = (spec: Spec, e: Pick<SExpr, "axes">): string =>
  e.axes.length === 0 ? "" : `[${e.axes.map((id) => spec.axes[id]?.name ?? "?").join(", ")}]`;

/** The value of a `let` or a result in the checked kernel, the last one of that name at its place. */
const valueOf = (spec: Spec, d: Definition): SExpr | null =>
  postOrder(spec.results.map((r) => r.value)).findLast(
    (e) => e.name === d.name && d.whole.start <= e.span.start && e.span.end <= d.whole.end,
  ) ?? null;

/** `s[b, h, i, j]: float`, or the declaration as it is written. */
export const signatureOf = (session: Session, d: Definition): string => {
  switch (d.kind) {
    case "kernel":
    case "function":
      return headOf(session, d);
    case "axis": {
      const spec = specAt(session, d.span.file, d.span.start);
      const axis = spec?.axes.find(
        (a) => a.name === d.name && a.span.start <= d.span.start && d.span.end <= a.span.end,
      );
      if (spec === null || axis === undefined) return `index ${d.name}`;
      const parts = axis.parts === null ? "" : ` = ${axis.parts.map((p) => spec.axes[p]?.name ?? "?").join(" | ")}`;
      return `index ${d.name}${parts}, size ${printSize(axis.size)}`;
    }
    case "let": {
      const spec = specAt(session, d.span.file, d.span.start);
      const value = spec === null ? null : valueOf(spec, d);
      return spec === null || value === null
        ? oneLine(session, d)
        : `let ${d.name}${indices(spec, value)}: ${value.type}`;
    }
    case "size":
      return `size ${d.name}`;
    case "type":
      return `type ${oneLine(session, d)}`;
    case "parameter":
      return `parameter ${d.name}`;
    case "tensor":
    case "scalar":
    case "result":
      return oneLine(session, d);
  }
};
