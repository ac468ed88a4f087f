import type { BuildContext } from "./build.ts";

/**
 * The doc text of the item that begins at `start`: the last unbroken run of `///` lines above it, without the slashes
 * and one space after them. Blank lines and `//` comments may stand between the run and the item; "" if there is none.
 */
export function docAbove(start: number, cx: Pick<BuildContext, "text" | "comments">): string {
  const lines: string[] = [];
  let at = start;
  for (let i = lastBefore(cx.comments, start); i >= 0; i -= 1) {
    const comment = cx.comments[i]!;
    const gap = cx.text.slice(comment.span.end, at);
    if (gap.trim() !== "" || !ownLine(comment.span.start, cx.text)) break;
    if (lines.length > 0 && (comment.kind === "line" || lineEnds(gap) > 1)) break;
    if (comment.kind === "doc") lines.push(comment.text.slice(3).replace(/^ /, "").trimEnd());
    at = comment.span.start;
  }
  return lines.reverse().join("\n");
}

/** The last comment that ends before an offset, or -1; comments come in the order of the text. */
function lastBefore(comments: BuildContext["comments"], offset: number): number {
  let low = 0;
  let high = comments.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (comments[middle]!.span.end <= offset) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

function lineEnds(gap: string): number {
  return gap.match(/\r\n|\r|\n/g)?.length ?? 0;
}

function ownLine(start: number, text: string): boolean {
  let at = start;
  while (at > 0 && text[at - 1] !== "\n" && text[at - 1] !== "\r" && text[at - 1]!.trim() === "") at -= 1;
  return at === 0 || text[at - 1] === "\n" || text[at - 1] === "\r";
}
