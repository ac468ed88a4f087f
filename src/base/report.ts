/** How a rule makes its message. */
import type { Diagnostic, Fix, Label } from "./diagnostic.ts";
import type { Span } from "./span.ts";

/** What the catalogue says about a code. */
export type RuleDoc = { readonly code: string; readonly title: string; readonly explain: string };

type More = {
  /** Words beside the caret. */
  readonly label?: string;
  readonly help?: string | null;
  readonly related?: readonly Label[];
  readonly severity?: Diagnostic["severity"];
  readonly fix?: Fix | null;
};

/** The edit that puts another name in the place of one; null without a name. */
export const renameTo = (span: Span, name: string | null): Fix | null =>
  name === null ? null : { title: `change it to \`${name}\``, span, text: name };

/** The edit that puts a text in the place of a piece. */
export const rewriteAs = (span: Span, text: string): Fix => ({ title: `write \`${text}\``, span, text });

/** The edit that makes a piece the argument of a call, `sum[d]` or `int`. */
export const callWith = (span: Span, call: string): Fix => ({
  title: `write \`${call}(…)\``,
  span,
  before: `${call}(`,
  after: ")",
});

/** A message of `rule` at `span`; an error unless `more` says otherwise. */
export const diagnose = (rule: RuleDoc, span: Span, message: string, more: More = {}): Diagnostic => ({
  code: rule.code,
  severity: more.severity ?? "error",
  message,
  primary: { span, text: more.label ?? "" },
  related: more.related ?? [],
  help: more.help ?? null,
  ...(more.fix === undefined || more.fix === null ? {} : { fix: more.fix }),
});

/** `a`, `b` and `c` */
export const listNames = (names: readonly string[], last = "and"): string => {
  const quoted = names.map((n) => `\`${n}\``);
  if (quoted.length < 2) return quoted.join("");
  return `${quoted.slice(0, -1).join(", ")} ${last} ${quoted[quoted.length - 1]}`;
};

/** `1 index`, `2 indices` */
export const countOf = (n: number, one: string, many: string = `${one}s`): string => `${n} ${n === 1 ? one : many}`;
