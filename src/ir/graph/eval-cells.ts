/** The cells of the evaluator: walking over them, and storing a value for each. */
import type { AxisId, Graph, Node, NodeId } from "./graph.ts";

/** The current value of a node, at the indices in `Context.at`. Booleans are 0 and 1. */
export type Eval = () => number;

/** What the closures share. `at[axis]` is the current index of an axis, `size[axis]` its size. */
export type Context = {
  readonly graph: Graph;
  readonly f32: boolean;
  readonly at: number[];
  readonly size: readonly number[];
  readonly compile: (id: NodeId) => Eval;
  /** The table of a stored node or of a load at plain axes; null for another node. */
  readonly table: (id: NodeId) => Table | null;
};

/** The stored values of a tensor (`done` null) or of a node: those not `done` are made by `compute` at the current indices. */
export type Table = {
  readonly data: ArrayLike<number>;
  readonly done: Uint8Array | null;
  readonly compute: Eval;
  readonly axes: readonly AxisId[];
  readonly strides: readonly number[];
};

/** A table as a strided line along one axis: index `i` is at `data[base() + stride * i]`. */
export type Line = Table & { readonly base: Eval; readonly stride: number };

/** The line of a table along `axis`. */
export const lineOf = (cx: Context, table: Table, axis: AxisId): Line => {
  const rest = [...table.axes.keys()].filter((k) => table.axes[k] !== axis);
  const base = weighted(
    cx.at,
    rest.map((k) => table.axes[k]!),
    rest.map((k) => table.strides[k]!),
  );
  return { ...table, base, stride: table.strides.reduce((sum, s, k) => (table.axes[k] === axis ? sum + s : sum), 0) };
};

/** Runs `f` with `at` at each cell of the axes, the last one fastest; leaves `at` as it was. */
export const forEachCell = (cx: Context, axes: readonly AxisId[], f: () => void): void => {
  const [axis, ...rest] = axes;
  if (axis === undefined) return f();
  const before = cx.at[axis] ?? 0;
  const size = cx.size[axis] ?? 0;
  for (let i = 0; i < size; i++) {
    cx.at[axis] = i;
    if (rest.length === 0) f();
    else forEachCell(cx, rest, f);
  }
  cx.at[axis] = before;
};

/** Stores the value of each cell when it is first asked for. A `cumsum` fills the cells before it in the same go. */
export const storedCells = (cx: Context, node: Node, value: Eval): { read: Eval; table: Table } => {
  const sizes = node.axes.map((a) => cx.size[a] as number);
  const strides = stridesOf(sizes);
  const offset = weighted(cx.at, node.axes, strides);
  const data = new Float64Array(sizes.reduce((n, s) => n * s, 1));
  const done = new Uint8Array(data.length);
  const one = (): number => {
    // The cell first: computing it may move through the same axes.
    const cell = offset();
    data[cell] = value();
    done[cell] = 1;
    return data[cell] as number;
  };
  const compute = node.kind === "reduce" && node.op === "cumsum" ? runningSums(cx, node, offset, data, done) : one;
  const read = (): number => {
    const cell = offset();
    return done[cell] === 0 ? compute() : (data[cell] as number);
  };
  return { read, table: { data, done, compute, axes: node.axes, strides } };
};

const runningSums = (
  cx: Context,
  node: Extract<Node, { kind: "reduce" }>,
  offset: Eval,
  values: Float64Array,
  done: Uint8Array,
): Eval => {
  const axis = node.over[0] as AxisId;
  const body = cx.compile(node.body);
  const where = node.where === null ? null : cx.compile(node.where);
  return () => {
    const last = cx.at[axis] as number;
    let sum = 0;
    for (let j = 0; j <= last; j++) {
      cx.at[axis] = j;
      const here = offset();
      if (done[here] === 0) {
        values[here] = where === null || where() !== 0 ? add(sum, body(), cx.f32) : sum;
        done[here] = 1;
      }
      sum = values[here] as number;
    }
    cx.at[axis] = last;
    return sum;
  };
};

const add = (a: number, b: number, f32: boolean): number => (f32 ? Math.fround(a + b) : a + b);

/** Row-major strides of these sizes. */
export const stridesOf = (sizes: readonly number[]): number[] =>
  sizes.map((_, k) => sizes.slice(k + 1).reduce((n, s) => n * s, 1));

/** The sum of the current indices of some axes, each times its stride; the usual ranks are written out for speed. */
export const weighted = (at: readonly number[], axes: readonly AxisId[], strides: readonly number[]): Eval => {
  const [a = 0, b = 0, c = 0, d = 0] = axes;
  const [p = 0, q = 0, r = 0, s = 0] = strides;
  if (axes.length === 1) return () => at[a]! * p;
  if (axes.length === 2) return () => at[a]! * p + at[b]! * q;
  if (axes.length === 3) return () => at[a]! * p + at[b]! * q + at[c]! * r;
  if (axes.length === 4) return () => at[a]! * p + at[b]! * q + at[c]! * r + at[d]! * s;
  return () => axes.reduce((sum, axis, k) => sum + at[axis]! * strides[k]!, 0);
};
