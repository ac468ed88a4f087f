import type { BuildContext } from "./build-ast.ts";

/**
 * The doc text of the item that begins at `start`: the last unbroken run of `///` lines above it, without the slashes
 * and one space after them. Blank lines and `//` comments may stand between the run and the item; "" if there is none.
 */
export function docAbove(start: number, cx: Pick<BuildContext, "text" | "comments">): string {
  const lines: string[] = [];
  let at = start;
  for (let i = cx.comments.findLastIndex((c) => c.span.end <= start); i >= 0; i -= 1) {
    const comment = cx.comments[i]!;
    const gap = cx.text.slice(comment.span.end, at);
    if (gap.trim() !== "" || !ownLine(comment.span.start, cx.text)) break;
    if (lines.length > 0 && (comment.kind === "line" || lineEnds(gap) > 1)) break;
    if (comment.kind === "doc") lines.unshift(comment.text.slice(3).replace(/^ /, "").trimEnd());
    at = comment.span.start;
  }
  return lines.join("\n");
}

function lineEnds(gap: string): number {
  return gap.match(/\r\n|\r|\n/g)?.length ?? 0;
}

function ownLine(start: number, text: string): boolean {
  const before = text.slice(0, start);
  return before.slice(Math.max(before.lastIndexOf("\n"), before.lastIndexOf("\r")) + 1).trim() === "";
}
