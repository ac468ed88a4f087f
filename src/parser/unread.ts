/** What of a kernel could not be read, so that nothing is complained about twice. */
import type { Name, Unread } from "./ast.ts";
import type { BuildContext } from "./build.ts";
import type { KernelCstNode } from "./cst.d.ts";
import type { Span } from "../base/span.ts";
import { Equals, Name as NameToken } from "./tokens.ts";
import { beginsLine, beginsStatement, type TokenList } from "./token-list.ts";

/** The first index at which a sorted list is beyond a value. */
const firstBeyond = (length: number, isBeyond: (i: number) => boolean): number => {
  let [low, high] = [0, length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (isBeyond(middle)) high = middle;
    else low = middle + 1;
  }
  return low;
};

/** The faults between the beginning of a kernel and the next item. */
const faultsIn = (span: Span, { faults }: BuildContext): readonly number[] =>
  faults.slice(
    firstBeyond(faults.length, (i) => faults[i]! >= span.start),
    firstBeyond(faults.length, (i) => faults[i]! > span.end),
  );

/** The statement that a mistake at token `at` belongs to: the one it is in, or the one before it where it begins one itself. */
const statementAt = (list: TokenList, at: number): number | null => {
  // What stands on a line of its own and begins no statement is not a part of the one before.
  if (beginsLine(list, at) && !beginsStatement(list, at)) return null;
  for (let n = beginsStatement(list, at) ? at - 1 : at; n >= Math.max(0, at - 400); n--)
    if (beginsStatement(list, n)) return n;
  return null;
};

/** The name that token `n` defines: of a statement or, behind a mistake, of what looks like one. */
const nameAt = (cx: BuildContext, n: number): Name => {
  const token = cx.tokens[/^(let|axis)$/.test(cx.tokens[n]!.image) ? n + 1 : n]!;
  return {
    text: token.image,
    span: { file: cx.file, start: token.startOffset, end: token.startOffset + token.image.length },
  };
};

/** `name =` on the line of a mistake, behind it: `dim` of `max(s, dim=-1)`, `s` of `const s = 1`. */
const behind = (cx: BuildContext, at: number): readonly number[] => {
  const found: number[] = [];
  for (let n = at; n < cx.tokens.length && (n === at || !beginsLine(cx, n)); n++)
    if (cx.tokens[n]!.tokenType === NameToken && cx.tokens[n + 1]?.tokenType === Equals && !beginsStatement(cx, n))
      found.push(n);
  return found;
};

/** Which statements of a kernel have mistakes in them, those that could not be built (`lost`) among them, and whether its head has one. */
export const unreadIn = (node: KernelCstNode, span: Span, lost: readonly Name[], cx: BuildContext): Unread | null => {
  const faults = faultsIn(span, cx);
  if (faults.length === 0 && lost.length === 0) return null;
  const body = node.children.LCurly?.[0];
  const names = new Map(lost.map((name) => [name.text, name]));
  let head = body === undefined || Number.isNaN(body.startOffset);
  for (const fault of faults) {
    if (!head && fault < body!.startOffset) head = true;
    const at = firstBeyond(cx.tokens.length, (i) => cx.tokens[i]!.startOffset >= fault);
    const start = statementAt(cx, at);
    for (const n of [...(start === null ? [] : [start]), ...behind(cx, at)]) {
      const name = nameAt(cx, n);
      names.set(name.text, name);
    }
  }
  return { head, names: [...names.values()] };
};
