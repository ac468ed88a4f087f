/** What each reduction means, cell by cell: the part of the evaluator that loops over reduced axes. */
import type { AxisId, Node, ReduceOp } from "./graph.ts";
import { forEachCell, lineOf, type Context, type Eval, type Line } from "./eval-cells.ts";
import { identity } from "./reduction.ts";
import { nodeAt } from "./walk.ts";

type Reduce = Extract<Node, { kind: "reduce" }>;

/** The value of a reduction at the current cell. (`cumsum` is made where its running sums are stored.) */
export const reducer = (cx: Context, node: Reduce, op: Exclude<ReduceOp, "cumsum">): Eval => {
  const cells = existingCells(cx, node);
  const round = cx.f32 && nodeAt(cx.graph, node.body).ty === "f32" ? Math.fround : (x: number): number => x;
  const each = (start: number, step: (acc: number, x: number) => number) => (): number => {
    let acc = start;
    cells((x) => (acc = step(acc, x)));
    return acc;
  };
  switch (op) {
    case "sum":
      return dotProduct(cx, node) ?? each(0, (acc, x) => round(acc + x));
    case "prod":
      return each(1, (acc, x) => round(acc * x));
    case "max":
      return each(identity(op, node.ty), Math.max);
    case "min":
      return each(identity(op, node.ty), Math.min);
    case "var":
      return variance(cells, round);
    case "argmax":
      return first(cx, node, cells, (x, best) => x > best);
    case "argmin":
      return first(cx, node, cells, (x, best) => x < best);
    case "kth":
      return kthLargest(cells, node.k);
  }
};

/** Calls `f` with the value of the body at each cell that exists. */
const existingCells = (cx: Context, node: Reduce): ((f: (x: number) => void) => void) => {
  const body = cx.compile(node.body);
  if (node.where === null) return (f) => forEachCell(cx, node.over, () => f(body()));
  const where = cx.compile(node.where);
  return (f) =>
    forEachCell(cx, node.over, () => {
      if (where() !== 0) f(body());
    });
};

/** Two passes: the mean, then the mean of the squared differences. */
const variance =
  (cells: (f: (x: number) => void) => void, round: (x: number) => number): Eval =>
  () => {
    let [count, sum, squares] = [0, 0, 0];
    cells((x) => {
      count++;
      sum = round(sum + x);
    });
    if (count === 0) return 0;
    const mean = round(sum / count);
    cells((x) => {
      const d = round(x - mean);
      squares = round(squares + round(d * d));
    });
    return round(squares / count);
  };

const first = (
  cx: Context,
  node: Reduce,
  cells: (f: (x: number) => void) => void,
  better: (x: number, best: number) => boolean,
): Eval => {
  const axis = node.over[0] as AxisId;
  return () => {
    let [at, best, found] = [0, 0, false];
    cells((x) => {
      if (found && !better(x, best)) return;
      [at, best, found] = [cx.at[axis] as number, x, true];
    });
    return at;
  };
};

const kthLargest =
  (cells: (f: (x: number) => void) => void, k: number): Eval =>
  () => {
    const values: number[] = [];
    cells((x) => values.push(x));
    values.sort((a, b) => b - a);
    return values[Math.min(k, values.length) - 1] ?? -Infinity;
  };

/** The quick loop for the sum of a product of two tables along one axis; null when the reduction is not that. */
const dotProduct = (cx: Context, node: Reduce): Eval | null => {
  const [axis, another] = node.over;
  const body = nodeAt(cx.graph, node.body);
  if (axis === undefined || another !== undefined || body.kind !== "binary" || body.op !== "*" || body.ty !== "f32")
    return null;
  const [a, b] = [cx.table(body.a), cx.table(body.b)];
  if (a === null || b === null) return null;
  return dot(cx, axis, node.where === null ? null : cx.compile(node.where), lineOf(cx, a, axis), lineOf(cx, b, axis));
};

const dot = (cx: Context, axis: AxisId, where: Eval | null, a: Line, b: Line): Eval => {
  const { at, f32 } = cx;
  const n = cx.size[axis] as number;
  return () => {
    const before = at[axis] as number;
    let [p, q, sum] = [a.base(), b.base(), 0];
    for (let i = 0; i < n; i++, p += a.stride, q += b.stride) {
      at[axis] = i;
      if (where !== null && where() === 0) continue;
      if (a.done !== null && a.done[p] === 0) a.compute();
      if (b.done !== null && b.done[q] === 0) b.compute();
      const x = (a.data[p] as number) * (b.data[q] as number);
      sum = f32 ? Math.fround(sum + Math.fround(x)) : sum + x;
    }
    at[axis] = before;
    return sum;
  };
};
