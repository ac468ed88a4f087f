/**
 * Evaluates the *naive* meaning of a graph, cell by cell, in f64 (or in f32, rounding after each operation, as a
 * reference for the error of a naive f32 program). Written for obviousness. A node becomes a closure over the current indices;
 * reductions and shared values are stored per cell of their free axes, computed when first asked for, so that what no
 * existing cell needs is never evaluated.
 */
import { binaryFn, unaryFn } from "./arith.ts";
import { evalSize, type SizeExpr } from "../../base/size.ts";
import type { AxisId, Graph, Node, NodeId, Tensor } from "./graph.ts";
import { forEachCell, storedCells, stridesOf, weighted, type Context, type Eval, type Table } from "./eval-cells.ts";
import { reducer } from "./eval-reduce.ts";
import { scanReader, scanTable, type ScanTable } from "./eval-scan.ts";
import { nodeAt, users } from "./walk.ts";

/** Values by name: row-major tensors, sizes, and scalar parameters (those without a value use their default). */
export type Inputs = {
  readonly sizes: Readonly<Record<string, number>>;
  readonly tensors: Readonly<Record<string, ArrayLike<number>>>;
  readonly scalars: Readonly<Record<string, number>>;
};
export type EvalOptions = {
  readonly precision?: "f64" | "f32";
  /** Tensors between kernels, of which nobody reads some cells: what these read out of range is NaN, not an exception. */
  readonly unread?: ReadonlySet<string>;
};

/** A read that the language does not allow: see the `load` of the graph. */
class OutOfRange extends Error {}

const MAX_SHARED_CELLS = 2 ** 25;

/** The values of all results, row-major over their flattened axes. Throws for missing inputs and for reads out of range. */
export const evaluateGraph = (
  graph: Graph,
  inputs: Inputs,
  options: EvalOptions = {},
): Record<string, Float64Array> => {
  const cx = context(graph, inputs, options.precision === "f32");
  const out: Record<string, Float64Array> = {};
  for (const result of graph.results) {
    const tensor = tensorOf(graph, result.tensor);
    const axes = tensor.dims.flat();
    const value = cx.compile(result.value);
    const cells = new Float64Array(axes.reduce((n, a) => n * (cx.size[a] ?? 0), 1));
    // An integer has no -0.
    const zero = nodeAt(graph, result.value).ty === "f32" ? -0 : 0;
    let next = 0;
    const cell = options.unread?.has(result.tensor) === true ? orNaN(cx, value) : value;
    forEachCell(cx, axes, () => (cells[next++] = cell() + zero));
    out[result.tensor] = cells;
  }
  return out;
};

/** The value, or NaN where it reads out of range. */
const orNaN = (cx: Context, value: Eval): Eval => {
  return () => {
    const at = [...cx.at];
    try {
      return value();
    } catch (e) {
      if (!(e instanceof OutOfRange)) throw e;
      // The loops that were left had moved these.
      at.forEach((x, axis) => (cx.at[axis] = x));
      return NaN;
    }
  };
};

const tensorOf = (graph: Graph, name: string): Tensor => {
  const tensor = graph.tensors.find((t) => t.name === name);
  if (tensor === undefined) throw new Error(`no tensor \`${name}\``);
  return tensor;
};

const context = (graph: Graph, inputs: Inputs, f32: boolean): Context => {
  const compiled = new Map<NodeId, Eval>();
  const tables = new Map<NodeId, Table>();
  const shared = sharedNodes(graph);
  const lookup = (name: string): number => inputs.sizes[name] ?? scalarValue(name);
  const scalarValue = (name: string): number => {
    const scalar = graph.scalars.find((s) => s.name === name);
    const value = inputs.scalars[name] ?? (scalar?.init == null ? undefined : compile(scalar.init)());
    if (value === undefined) throw new Error(`no value for \`${name}\``);
    return scalar?.ty === "f32" && f32 ? Math.fround(value) : value;
  };
  const size: number[] = [];
  const compile = (id: NodeId): Eval => {
    const known = compiled.get(id);
    if (known !== undefined) return known;
    const node = nodeAt(graph, id);
    const stored = node.kind === "reduce" || (shared.has(id) && cellsOf(node) <= MAX_SHARED_CELLS);
    const value = closure(node);
    compiled.set(id, value);
    if (!stored) return value;
    const cells = storedCells(cx, node, value);
    compiled.set(id, cells.read);
    tables.set(id, cells.table);
    return cells.read;
  };
  const cellsOf = (node: Node): number => node.axes.reduce((n, a) => n * (size[a] ?? 0), 1);
  const closure = (node: Node): Eval => {
    switch (node.kind) {
      case "const": {
        const value = f32 && node.ty === "f32" ? Math.fround(node.value) : node.value;
        return () => value;
      }
      case "index":
        return () => cx.at[node.axis] as number;
      case "size": {
        const value = lookup(node.name);
        return () => value;
      }
      case "scalar": {
        const value = scalarValue(node.name);
        return () => value;
      }
      case "load":
        return load(cx, node, dataOf(node));
      case "unary":
        return unary(node, compile(node.a), f32);
      case "binary":
        return binary(node, compile(node.a), compile(node.b), f32);
      case "select": {
        const [cond, a, b] = [compile(node.cond), compile(node.a), compile(node.b)];
        return () => (cond() !== 0 ? a() : b());
      }
      case "reduce":
        // Running sums are made where they are stored.
        return node.op === "cumsum" ? () => NaN : reducer(cx, node, node.op);
      case "scan": {
        const states = scans.get(node.state) ?? scanTable(cx, node);
        scans.set(node.state, states);
        return scanReader(cx, node, states);
      }
      case "carried": {
        // Only the step of its scan asks for it, and that is compiled when the table is there.
        const states = scans.get(node.state);
        if (states === undefined) throw new Error(`the state of \`${node.name}\` is read outside its scan`);
        return scanReader(cx, node, states);
      }
    }
  };
  const table = (id: NodeId): Table | null => {
    const node = nodeAt(graph, id);
    compile(id);
    return tables.get(id) ?? (node.kind === "load" ? loadTable(cx, node, dataOf(node)) : null);
  };
  const scans = new Map<number, ScanTable>();
  const stored = new Map<string, Stored>();
  const dataOf = (node: Load): Stored => {
    const data = stored.get(node.tensor) ?? tensorData(cx, node, inputs);
    stored.set(node.tensor, data);
    return data;
  };
  const cx: Context = { graph, f32, at: graph.axes.map(() => 0), size, compile, table };
  for (const axis of graph.axes) size[axis.id] = axisSize(axis.size, lookup, axis.name);
  return cx;
};

const axisSize = (size: SizeExpr, lookup: (name: string) => number, name: string): number => {
  const value = evalSize(size, lookup);
  if (!Number.isInteger(value) || value < 0) throw new Error(`axis \`${name}\` has size ${value}`);
  return value;
};

/** f32 values that several nodes use, or that a node with more free axes repeats: worth storing. */
const sharedNodes = (graph: Graph): Set<NodeId> => {
  const out = new Set<NodeId>();
  for (const [id, by] of users(
    graph,
    graph.results.map((r) => r.value),
  )) {
    const node = nodeAt(graph, id);
    const worth = node.ty === "f32" && (node.kind === "unary" || node.kind === "binary" || node.kind === "select");
    const width = (n: Node): number => n.axes.length + (n.kind === "reduce" ? n.over.length : 0);
    if (worth && (by.length > 1 || by.some((user) => width(user) > width(node)))) out.add(id);
  }
  return out;
};

type Stored = { readonly tensor: Tensor; readonly sizes: readonly number[]; readonly data: ArrayLike<number> };
type Load = Extract<Node, { kind: "load" }>;

const tensorData = (cx: Context, node: Load, inputs: Inputs): Stored => {
  const tensor = tensorOf(cx.graph, node.tensor);
  const sizes = tensor.dims.flat().map((a) => cx.size[a] as number);
  const data = inputs.tensors[node.tensor];
  if (data === undefined) throw new Error(`no data for tensor \`${node.tensor}\``);
  const cells = sizes.reduce((n, s) => n * s, 1);
  if (data.length !== cells)
    throw new Error(`tensor \`${node.tensor}\` has ${data.length} elements, not ${sizes.join("*")}`);
  return { tensor, sizes, data: cx.f32 && node.ty === "f32" ? Float32Array.from(data) : data };
};

const load = (cx: Context, node: Load, stored: Stored): Eval => {
  const { sizes, data } = stored;
  const table = loadTable(cx, node, stored);
  if (table !== null) {
    const flat = weighted(cx.at, table.axes, table.strides);
    return () => data[flat()] as number;
  }
  const at = node.at.map(cx.compile);
  return () => {
    let flat = 0;
    for (let k = 0; k < at.length; k++) {
      const index = (at[k] as Eval)();
      const size = sizes[k] as number;
      if (!(index >= 0 && index < size)) {
        throw new OutOfRange(
          `read of \`${node.tensor}\` out of range: index ${index} in dimension ${k} of size ${size}`,
        );
      }
      flat = flat * size + index;
    }
    return data[flat] as number;
  };
};

/** The table of a load whose indices are plain axes that fit; null for another load. */
const loadTable = (cx: Context, node: Load, { sizes, data }: Stored): Table | null => {
  const axes: AxisId[] = [];
  for (const [k, id] of node.at.entries()) {
    const index = nodeAt(cx.graph, id);
    if (index.kind !== "index" || (cx.size[index.axis] as number) > (sizes[k] as number)) return null;
    axes.push(index.axis);
  }
  return { data, done: null, compute: () => NaN, axes, strides: stridesOf(sizes) };
};

const unary = (node: Extract<Node, { kind: "unary" }>, a: Eval, f32: boolean): Eval => {
  const f = unaryFn(node.op);
  return f32 && node.ty === "f32" ? () => Math.fround(f(a())) : () => f(a());
};

const binary = (node: Extract<Node, { kind: "binary" }>, a: Eval, b: Eval, f32: boolean): Eval => {
  if (!f32 || node.ty !== "f32") {
    if (node.op === "+") return () => a() + b();
    if (node.op === "*") return () => a() * b();
    if (node.op === "<=") return () => (a() <= b() ? 1 : 0);
  }
  // The left operand guards the right one.
  if (node.op === "and") return () => (a() !== 0 && b() !== 0 ? 1 : 0);
  if (node.op === "or") return () => (a() !== 0 || b() !== 0 ? 1 : 0);
  const f = binaryFn(node.op, node.ty);
  return f32 && node.ty === "f32" ? () => Math.fround(f(a(), b())) : () => f(a(), b());
};
