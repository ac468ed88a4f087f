/** What streams through the kernel of a result. */
import type { AxisId, NodeId } from "../graph/graph.ts";
import { folded, inOrder } from "../graph/walk.ts";
import { operands } from "../graph/graph.ts";
import { type Cx, isShort, outermost, type Reduce, type Root } from "./planning.ts";
import { scannedAxis } from "./scan.ts";

/**
 * The stream of a root: the reduced axes of its outermost reductions, of several the longest. Where one is made of another
 * (`m` of `s = sum[d](q * k)`), a short inner one is evaluated in place and the outer one streams; a long inner one
 * streams itself, and the outer one follows on its finished values.
 */
export const streamOf = (cx: Cx, root: Root): readonly AxisId[] => {
  const top = cx.b.node(root.value);
  if (top.kind === "reduce" && top.op === "cumsum" && !cx.facts.hasScan(top.id)) return top.over;
  const scanned = cx.facts.hasScan(root.value) ? scannedAxis(cx.b, root.value, root.axes) : null;
  if (scanned !== null) return [scanned];
  const outer = outermost(cx.b, root.value);
  const inner = innermost(cx, outer);
  const length = (r: Reduce): number => r.over.reduce((n, a) => n * cx.sizeOf(a), 1);
  const best = inner.reduce<Reduce | null>((x, y) => (x === null || length(y) > length(x) ? y : x), null);
  if (best !== null) return best.over;
  const scan = [...cx.b.reach([root.value])]
    .map((id) => cx.b.node(id))
    .find((n): n is Reduce => n.kind === "reduce" && n.op === "cumsum");
  return scan === undefined ? [] : scan.over;
};

/** Of outermost reductions those that are made of no long one along other axes, and short ones only where none is made of them. */
const innermost = (cx: Cx, outer: readonly Reduce[]): readonly Reduce[] => {
  const keyOf = (r: Reduce): string => [...r.over].sort((x, y) => x - y).join();
  if (new Set(outer.map(keyOf)).size < 2) return outer;
  const isOuter = new Set(outer.map((r) => r.id));
  const none: ReadonlySet<string> = new Set();
  const union = (sets: readonly ReadonlySet<string>[]): ReadonlySet<string> => {
    const [first = none, ...rest] = sets.filter((s) => s.size > 0);
    return rest.every((s) => s === first) ? first : new Set(sets.flatMap((s) => [...s]));
  };
  const others = (keys: ReadonlySet<string> | undefined, r: Reduce): boolean =>
    [...(keys ?? none)].some((k) => k !== keyOf(r));
  /** The axes of long outer reductions at or below a node. */
  const below = folded<ReadonlySet<string>>(cx.b, (n, of) =>
    n.kind === "reduce" && isOuter.has(n.id) && !isShort(cx, n) ? union([...of, new Set([keyOf(n)])]) : union(of),
  );
  /** The axes of outer reductions that a node is a part of. */
  const above = new Map<NodeId, ReadonlySet<string>>();
  for (const n of inOrder(
    cx.b,
    outer.map((r) => r.id),
  ).reverse()) {
    const own = union([
      above.get(n.id) ?? none,
      ...(n.kind === "reduce" && isOuter.has(n.id) ? [new Set([keyOf(n)])] : []),
    ]);
    for (const x of operands(n)) above.set(x, union([above.get(x) ?? none, own]));
  }
  return outer.filter((r) => !others(below(r.body), r) && !(isShort(cx, r) && others(above.get(r.id), r)));
};
