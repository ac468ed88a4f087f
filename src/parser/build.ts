/** What the builders of the AST share. After recovery any child of the tree may be missing although the generated types promise it. */
import type { CstNode, IToken } from "chevrotain";
import type { Diagnostic } from "../base/diagnostic.ts";
import type { Span } from "../base/span.ts";
import type { Name } from "./ast.ts";
import type { Comment } from "./scan.ts";

/** What the builders need beside the tree, and where they report. */
export type BuildContext = {
  readonly text: string;
  readonly file: string;
  readonly comments: readonly Comment[];
  readonly tokens: readonly IToken[];
  /** Mistakes that cost what stands around them: their offsets, in order. */
  readonly faults: readonly number[];
  readonly report: (diagnostic: Diagnostic) => void;
};

/** The span that a tree node covers. */
export function nodeSpan(node: CstNode, cx: BuildContext): Span {
  const start = node.location?.startOffset ?? NaN;
  const end = node.location?.endOffset ?? NaN;
  if (Number.isNaN(start)) return { file: cx.file, start: 0, end: 0 };
  return { file: cx.file, start, end: Number.isNaN(end) ? start : end + 1 };
}

/** The tokens that stand in the text; recovery may have supplied others. */
export function written(tokens: readonly IToken[] | undefined): readonly IToken[] {
  return (tokens ?? []).filter((token) => token.isInsertedInRecovery !== true);
}

/** The name that a token spells, or null when there is none. */
export function nameOf(token: IToken | undefined, cx: BuildContext): Name | null {
  if (token === undefined || token.isInsertedInRecovery === true) return null;
  return {
    text: token.image,
    span: { file: cx.file, start: token.startOffset, end: token.startOffset + token.image.length },
  };
}

/** What could be built. */
export function present<T>(list: readonly (T | null)[]): T[] {
  return list.filter((x) => x !== null);
}
