/**
 * The pen of the graph IR: hash-consing, so that equal expressions are one node, with the local simplifications of `simplify.ts`
 * applied on the way. A graph is finished data; a pass that writes starts a pen over it (`edit`), which keeps its ids and only
 * appends, and ends with `finish`, which gives the next graph. What a finished pen is asked to write is refused.
 */
import type { SizeExpr } from "../../base/size.ts";
import { NO_ORIGIN, NO_SPAN, type Origin, type Span, originAt } from "../../base/span.ts";
import { binaryTy, unaryTy } from "./arith.ts";
import {
  type Axis,
  type AxisId,
  type Graph,
  type Node,
  type NodeId,
  type Op,
  type ScanDef,
  type Ty,
  operands,
} from "./graph.ts";
import type { GraphBuilder } from "./pen.ts";
import { REDUCTIONS, identity } from "./reduction.ts";
import { replaceNodes, substitute } from "./rewrite.ts";
import { renameState } from "./scan.ts";
import { simplifyBinary, simplifySelect, simplifyUnary } from "./simplify.ts";
import { handOver, keyOf, type Table, tableOf } from "./table.ts";
import { extentsOf, inputsOf } from "./view.ts";
import { nodeAt, reach, unionAxes } from "./walk.ts";

export type { GraphBuilder, GraphParts } from "./pen.ts";

/** `scalars`: names that are scalar parameters, for `sizeOf`. */
export type BuilderOptions = { readonly scalars?: Iterable<string> };

/** Most expressions that a node remembers. */
const MAX_ORIGINS = 4;

const typeError = (what: string, ...tys: readonly Ty[]): Error =>
  new Error(`\`${what}\` does not take ${tys.join(" and ")}`);

/** The free axes of an operation, ascending. */
export const freeAxes = (op: Op, node: (id: NodeId) => Node): readonly AxisId[] => {
  if (op.kind === "index") return [op.axis];
  const below = (op.kind === "scan" ? op.at : operands(op)).reduce<readonly AxisId[]>(
    (acc, id) => unionAxes(acc, node(id).axes),
    [],
  );
  if (op.kind !== "reduce") return below;
  return REDUCTIONS[op.op].runs ? unionAxes(below, op.over) : below.filter((a) => !op.over.includes(a));
};

/** A pen for a new graph over these axes. */
export const graphBuilder = (axes: readonly Axis[], options: BuilderOptions = {}): GraphBuilder =>
  pen(null, axes, options.scalars ?? []);

/** A pen that goes on from a finished graph, whose nodes and axes keep their ids. */
export const edit = (graph: Graph): GraphBuilder =>
  pen(
    graph,
    graph.axes,
    graph.scalars.map((s) => s.name),
  );

const pen = (base: Graph | null, axes: readonly Axis[], scalarNames: Iterable<string>): GraphBuilder => {
  const nodes: Node[] = base === null ? [] : base.nodes.slice();
  const origins: Origin[] = base === null ? [] : base.origins.slice();
  /** Of what is being written, where that is said. */
  let current: Origin = NO_ORIGIN;
  const allAxes: Axis[] = axes.slice();
  const axisById = new Map(axes.map((a) => [a.id, a]));
  const scalars = new Set(scalarNames);
  let finished = false;
  let table: Table | null = null;
  const writing = (): Table => {
    if (finished) throw new Error("this graph is finished: its pen writes nothing more");
    table ??= tableOf(base);
    return table;
  };

  const node = (id: NodeId): Node => nodeAt({ nodes }, id);
  const axis = (id: AxisId): Axis => {
    const found = axisById.get(id);
    if (found === undefined) throw new Error(`no axis ${id}`);
    return found;
  };
  const add = (op: Op, ty: Ty): NodeId => {
    const key = keyOf(op, ty);
    const { ids } = writing();
    const known = ids.get(key);
    if (known !== undefined) return known;
    const id = nodes.length;
    nodes.push({ ...op, id, ty, axes: freeAxes(op, node) });
    origins.push(originOf(op));
    ids.set(key, id);
    return id;
  };
  const originOf = (op: Op): Origin => {
    if (op.kind === "const" || op.kind === "size") return NO_ORIGIN;
    if (op.kind === "index") return originAt(axis(op.axis).span);
    if (current.length > 0) return current;
    const below = operands(op);
    const known = below.filter((id) => (origins[id] ?? NO_ORIGIN).length > 0);
    const chosen = known.find((id) => node(id).kind !== "index") ?? known[0];
    return chosen === undefined ? NO_ORIGIN : (origins[chosen] ?? NO_ORIGIN);
  };
  const from: GraphBuilder["from"] = (origin, make) => {
    const before = current;
    const next = typeof origin === "number" ? (origins[origin] ?? NO_ORIGIN) : origin;
    if (next.length > 0) current = next;
    try {
      return make();
    } finally {
      current = before;
    }
  };
  const note: GraphBuilder["note"] = (id, span) => {
    const { kind } = node(id);
    if (span.file === "" || id < (base?.nodes.length ?? 0) || kind === "const" || kind === "size" || kind === "index")
      return;
    const known = origins[id] ?? NO_ORIGIN;
    const same = (s: Span): boolean => s.start === span.start && s.end === span.end && s.file === span.file;
    if (known.length < MAX_ORIGINS && !known.some(same)) origins[id] = [...known, span];
  };
  const freshAxis = (of: AxisId): AxisId => {
    const old = axis(of);
    return addAxis(old, freeName(old.name));
  };
  const newAxis: GraphBuilder["newAxis"] = (name, size, span = NO_SPAN) =>
    addAxis({ size, parts: null, span }, allAxes.some((a) => a.name === name) ? freeName(name) : name);
  const freeName = (base: string): string => {
    const taken = new Set(allAxes.map((a) => a.name));
    let n = 2;
    while (taken.has(`${base}_${n}`)) n++;
    return `${base}_${n}`;
  };
  const addAxis = (like: Omit<Axis, "id" | "name">, name: string): AxisId => {
    writing();
    const id = allAxes.reduce((max, a) => Math.max(max, a.id), -1) + 1;
    const fresh = { ...like, id, name };
    allAxes.push(fresh);
    axisById.set(id, fresh);
    return id;
  };
  const sizeOf = (size: SizeExpr): NodeId => {
    if (typeof size === "number") return b.konst(size, "i32");
    if (typeof size === "string") {
      return scalars.has(size) ? b.scalar(size, "i32") : add({ kind: "size", name: size }, "i32");
    }
    const [op, x, y] = [size[0], sizeOf(size[1]), sizeOf(size[2])];
    if (op !== "ceil/") return b.binary(op, x, y);
    return b.binary("/", b.binary("+", x, b.binary("-", y, b.konst(1, "i32"))), y);
  };
  const reduce: GraphBuilder["reduce"] = (op, over, body, where = null, k = 0) => {
    const holds = where === null ? null : node(where);
    const always = holds?.kind === "const" && holds.value !== 0;
    const ty = REDUCTIONS[op].gives === "place" ? "i32" : node(body).ty;
    // Nothing is read where no cell counts.
    if (holds?.kind === "const" && !always && REDUCTIONS[op].combine !== null) return b.konst(identity(op, ty), ty);
    return add({ kind: "reduce", op, over: [...over], body, where: always ? null : where, k }, ty);
  };
  const defKey = (def: ScanDef): string =>
    `${def.over} ${def.dims.join(",")} ${def.init} ${renameState(b, def.step, def.state, -1)}`;
  let states: number | null = null;
  const freshState = (): number => {
    states ??= nodes.reduce((n, x) => (x.kind === "carried" || x.kind === "scan" ? Math.max(n, x.state + 1) : n), 0);
    return states++;
  };
  const knownScans = (): Map<string, ScanDef> => {
    const own = writing();
    if (own.scans === null) {
      own.scans = new Map();
      for (const n of base?.nodes ?? []) if (n.kind === "scan") own.scans.set(defKey(n), n);
    }
    return own.scans;
  };
  const scan: GraphBuilder["scan"] = (given, at) => {
    const scans = knownScans();
    const key = defKey(given);
    const def = scans.get(key) ?? given;
    scans.set(key, def);
    const { state, name, over, dims, init, step } = def;
    const own = at ?? [over, ...dims].map((a) => b.index(a));
    return add({ kind: "scan", state, name, over, dims, init, step, at: [...own] }, "f32");
  };
  const rebuild = (n: Node, over: readonly NodeId[]): NodeId =>
    nodes[n.id] === n ? from(n.id, () => again(n, over)) : again(n, over);
  const again = (n: Node, over: readonly NodeId[]): NodeId => {
    const [x = -1, y = -1, z = -1] = over;
    switch (n.kind) {
      case "const":
      case "index":
      case "size":
      case "scalar":
        return add(n, n.ty);
      case "load":
        return b.load(n.tensor, over, n.ty);
      case "unary":
        return b.unary(n.op, x);
      case "binary":
        return b.binary(n.op, x, y);
      case "select":
        return b.select(x, y, z);
      case "reduce":
        return b.reduce(n.op, n.over, x, n.where === null ? null : y, n.k);
      case "carried":
        return b.carried(n.state, n.name, over);
      case "scan": {
        const [at, [init = -1, step = -1]] = [over.slice(0, n.at.length), over.slice(n.at.length)];
        if (init === n.init && step === n.step) return b.scan(n, at);
        // Another definition: its carried state is its own.
        const state = b.freshState();
        return b.scan({ ...n, state, init, step: renameState(b, step, n.state, state) }, at);
      }
    }
  };

  const b: GraphBuilder = {
    axes: allAxes,
    nodes,
    origins,
    from,
    note,
    node,
    axis,
    freshAxis,
    newAxis,
    konst: (value, ty) => add({ kind: "const", value: ty === "f32" ? value : value + 0 }, ty),
    index: (id) => add({ kind: "index", axis: id }, "i32"),
    sizeOf,
    scalar: (name, ty) => add({ kind: "scalar", name }, ty),
    load: (tensor, at, ty) => add({ kind: "load", tensor, at: [...at] }, ty),
    unary: (op, a) => {
      const ty = unaryTy(op, node(a).ty);
      if (ty === null) throw typeError(op, node(a).ty);
      return simplifyUnary(b, op, a) ?? add({ kind: "unary", op, a }, ty);
    },
    binary: (op, x, y) => {
      const ty = node(x).ty === node(y).ty ? binaryTy(op, node(x).ty) : null;
      if (ty === null) throw typeError(op, node(x).ty, node(y).ty);
      return simplifyBinary(b, op, x, y) ?? add({ kind: "binary", op, a: x, b: y }, ty);
    },
    select: (cond, x, y) => {
      const ty = node(x).ty;
      if (node(cond).ty !== "bool" || node(y).ty !== ty) throw typeError("select", node(cond).ty, ty, node(y).ty);
      return simplifySelect(b, cond, x, y) ?? add({ kind: "select", cond, a: x, b: y }, ty);
    },
    reduce,
    freshState,
    carried: (state, name, at) => add({ kind: "carried", state, name, at: [...at] }, "f32"),
    scan,
    and: (...conditions) => {
      const asked = conditions.filter((c) => c !== null);
      const all = asked.reduce((acc, c) => b.binary("and", acc, c), b.konst(1, "bool"));
      const n = node(all);
      return n.kind === "const" && n.value !== 0 ? null : all;
    },
    rebuild,
    isInput: base === null ? () => true : inputsOf(base),
    extents: base === null ? () => null : extentsOf(base),
    substitute: (root, map) => substitute(b, root, map),
    replaceNodes: (root, map) => replaceNodes(b, root, map),
    reach: (roots) => reach(b, roots),
    finish: (parts) => {
      if (finished) throw new Error("this graph is finished already");
      finished = true;
      const same = base !== null && nodes.length === base.nodes.length && allAxes.length === base.axes.length;
      const graph: Graph =
        same && base === parts
          ? base
          : same
            ? { ...parts, axes: base.axes, nodes: base.nodes, origins: base.origins }
            : { ...parts, axes: allAxes, nodes, origins };
      handOver(base, table, graph);
      return graph;
    },
  };
  return b;
};
