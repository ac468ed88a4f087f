/**
 * Values that a kernel's rows would have to ask each other for: a reduction in place along a row axis (the layer above, in a chain
 * of them) over statistics that each row carries for itself. They come from memory.
 */
import type { AxisId, Node, NodeId } from "../graph/graph.ts";
import { operands } from "../graph/graph.ts";
import { folded, reach, unionAxes } from "../graph/walk.ts";
import { same, type Cx, type Reduce } from "./planning.ts";

/**
 * What to store so that no row asks for a statistic of another one; empty when none does. Where several statistics meet (a residual
 * and a layer) the value that they make is stored, else the statistic itself. None varies along the stream: O(rows) each.
 */
export const acrossRows = (
  cx: Cx,
  root: NodeId,
  stream: readonly AxisId[],
  rows: readonly AxisId[],
): readonly Node[] => {
  const { b } = cx;
  const isStatistic = (n: Node): boolean =>
    n.kind === "reduce" && same(n.over, stream) && !n.axes.some((a) => stream.includes(a));
  /** The axes of the statistics that a value is made of, without what these are made of. */
  const along = folded<readonly AxisId[]>(
    b,
    (n, of) => (isStatistic(n) ? n.axes : of.reduce(unionAxes, [])),
    (n) => (isStatistic(n) ? [] : operands(n)),
  );
  const isAcross = (n: Node): n is Reduce =>
    n.kind === "reduce" && !same(n.over, stream) && along(n.id).some((a) => n.over.includes(a) && rows.includes(a));
  // Of a chain of layers all at once: each is then a root that reads the one below.
  const across = [...reach(b, [root])].map((id) => b.node(id)).filter(isAcross);
  if (across.length === 0) return [];
  /** Made of statistics without another reduction. */
  const isPointwise = folded<boolean>(
    b,
    (n, of) =>
      isStatistic(n) ||
      along(n.id).length === 0 ||
      (["unary", "binary", "select"].includes(n.kind) && !of.includes(false)),
    (n) => (isStatistic(n) ? [] : operands(n)),
  );
  const isStored = (n: Node): boolean =>
    along(n.id).length > 0 &&
    (isStatistic(n) || (n.ty !== "bool" && isPointwise(n.id) && n.axes.every((a) => rows.includes(a))));
  /** The first place on the way down where statistics meet. */
  const meeting = (n: Node): Node => {
    let at = n;
    for (;;) {
      if (isStatistic(at)) return at;
      const [next, ...more] = [...new Set(operands(at))].filter((x) => along(x).length > 0);
      if (next === undefined || more.length > 0 || !isStored(b.node(next))) return at;
      at = b.node(next);
    }
  };
  const found = across.flatMap((n) =>
    [...reach(b, operands(n), (m) => (isStored(m) ? [] : operands(m)))]
      .map((id) => b.node(id))
      .filter((m) => isStored(m) && along(m.id).some((a) => n.over.includes(a) && rows.includes(a))),
  );
  return [...new Set(found.map(meeting))];
};
