/**
 * Comments beside the nodes to which they were attached. Prettier's own printing would let two line comments run
 * together where no line break is possible between their nodes.
 */
import type { Doc } from "prettier";
import { builders } from "prettier/doc";
import type { FormatComment, FormatNode } from "./node.ts";

const { breakParent, hardline, join, lineSuffix, lineSuffixBoundary } = builders;

/** The node's document with the comments before, in and after it; `text` is the source. */
export function withComments(node: FormatNode, doc: Doc, text: string): Doc {
  if (node.comments === undefined) return doc;
  const before = node.comments.filter((c) => c.leading === true).map((c) => leading(c, text));
  const behind = node.comments.filter((c) => c.leading !== true && (c.trailing === true || staysBehind(node)));
  const after = behind.map((c, i) => trailing(c, text, i === 0));
  return [before, withDangling(node, doc), after];
}

function printed(comment: FormatComment): string {
  comment.printed = true;
  return comment.text.trimEnd();
}

/** A comment on the lines above its node; a blank line between the two is kept. */
function leading(comment: FormatComment, text: string): Doc {
  const blank = /^[^\S\n]*\n[^\S\n]*\n/.test(text.slice(comment.span.end));
  return [lineSuffixBoundary, printed(comment), hardline, blank ? hardline : ""];
}

/** A comment at the end of the line on which its node ends, or below that line if it had one of its own. */
function trailing(comment: FormatComment, text: string, first: boolean): Doc {
  const before = text.slice(0, comment.span.start);
  const own = !first || /(^|\n)[^\S\n]*$/.test(before);
  const blank = /\n[^\S\n]*\n[^\S\n]*$/.test(before);
  const gap = own ? [hardline, blank ? hardline : ""] : " ";
  return [own ? "" : lineSuffixBoundary, lineSuffix([gap, printed(comment)]), breakParent];
}

/** Comments inside these go behind them; inside other nodes without a part to carry them, above. */
function staysBehind(node: FormatNode): boolean {
  return "kind" in node && (node.kind === "in" || node.kind === "apply");
}

function withDangling(node: FormatNode, doc: Doc): Doc {
  const own = "kind" in node && (node.kind === "program" || (node.kind === "kernel" && node.body.length === 0));
  const lines = own || staysBehind(node) ? [] : dangling(node);
  return lines.length === 0 ? doc : [join(hardline, lines), hardline, doc];
}

/** Prints the comments that neither lead nor trail; the program and an empty kernel place them themselves. */
export function dangling(node: FormatNode): Doc[] {
  const own = (node.comments ?? []).filter((c) => c.leading !== true && c.trailing !== true);
  return own.map((comment) => [lineSuffixBoundary, printed(comment), breakParent]);
}
