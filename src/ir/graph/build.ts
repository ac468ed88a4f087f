/**
 * The builder of the graph IR: hash-consing, so that equal expressions are one node, with the local simplifications of
 * `simplify.ts` applied on the way. Nodes are only ever appended, so ids stay valid and the array stays in dependency order.
 */
import { NO_SPAN, type Span } from "../../base/span.ts";
import { binaryTy, isCommutative, unaryTy } from "./arith.ts";
import type { SizeExpr } from "../../base/size.ts";
import {
  operands,
  type Axis,
  type AxisId,
  type Node,
  type NodeId,
  type Op,
  type ReduceOp,
  type ScanDef,
  type Ty,
} from "./graph.ts";
import type { BinaryOp, UnaryOp } from "../../base/operators.ts";
import { REDUCTIONS } from "./reduction.ts";
import { replaceNodes, substitute } from "./rewrite.ts";
import { simplifyBinary, simplifySelect, simplifyUnary } from "./simplify.ts";
import { renameState } from "./scan.ts";
import { nodeAt, reach, unionAxes } from "./walk.ts";

/** Makes nodes. The optional `span` of each maker is kept only by the first node of its structure. */
export type GraphBuilder = {
  /** The axes given at the start and those made by `freshAxis`. */
  readonly axes: readonly Axis[];
  readonly nodes: readonly Node[];
  /** The node with this id; throws when there is none. */
  readonly node: (id: NodeId) => Node;
  /** The axis with this id; throws when there is none. */
  readonly axis: (id: AxisId) => Axis;
  /** A new axis of the same size and a new name. */
  readonly freshAxis: (of: AxisId) => AxisId;
  /** A new axis of this size, called `name` or, where that is taken, `name_2` and so on. */
  readonly newAxis: (name: string, size: SizeExpr, span?: Span) => AxisId;
  readonly konst: (value: number, ty: Ty, span?: Span) => NodeId;
  readonly index: (axis: AxisId, span?: Span) => NodeId;
  /** An i32 node for a size: constants, `size` (or i32 `scalar`) nodes and arithmetic. */
  readonly sizeOf: (size: SizeExpr, span?: Span) => NodeId;
  readonly scalar: (name: string, ty: Ty, span?: Span) => NodeId;
  readonly load: (tensor: string, at: readonly NodeId[], ty: Ty, span?: Span) => NodeId;
  /** Throws when the operation does not take the operand's type. */
  readonly unary: (op: UnaryOp, a: NodeId, span?: Span) => NodeId;
  /** Throws when the operands' types differ or the operation does not take them. */
  readonly binary: (op: BinaryOp, a: NodeId, b: NodeId, span?: Span) => NodeId;
  readonly select: (cond: NodeId, a: NodeId, b: NodeId, span?: Span) => NodeId;
  /** `where` null or constantly true: everywhere. `k` (only `kth`) is 0 when not given. */
  readonly reduce: (
    op: ReduceOp,
    over: readonly AxisId[],
    body: NodeId,
    where?: NodeId | null,
    k?: number,
    span?: Span,
  ) => NodeId;
  /** A number for a scan that is about to be defined. */
  readonly freshState: () => number;
  /** What the scan `state` carried from the cell before; `at`: the scanned index, then one for each of its dims. */
  readonly carried: (state: number, name: string, at: readonly NodeId[], span?: Span) => NodeId;
  /** The state of a scan; `at` left out: at its own indices. An equal definition that was made before takes its place. */
  readonly scan: (def: ScanDef, at?: readonly NodeId[], span?: Span) => NodeId;
  /** The conjunction of conditions; null stands for true. Gives null when nothing is left to ask. */
  readonly and: (...conditions: readonly (NodeId | null)[]) => NodeId | null;
  /** The node again over other operands (in the order of `operands`). */
  readonly rebuild: (node: Node, over: readonly NodeId[]) => NodeId;
  /** See `rewrite.ts`. */
  readonly substitute: (root: NodeId, map: ReadonlyMap<AxisId, NodeId>) => NodeId;
  readonly replaceNodes: (root: NodeId, map: ReadonlyMap<NodeId, NodeId>) => NodeId;
  readonly reach: (roots: Iterable<NodeId>) => Set<NodeId>;
};

/** `nodes`: of a graph to go on from; they keep their ids. `scalars`: names that are scalar parameters, for `sizeOf`. */
export type BuilderOptions = { readonly nodes?: readonly Node[]; readonly scalars?: Iterable<string> };

const text = (value: number): string => (Object.is(value, -0) ? "-0" : String(value));

/** The structural identity of an operation. */
const keyOf = (op: Op, ty: Ty): string => {
  switch (op.kind) {
    case "const":
      return `c ${ty} ${text(op.value)}`;
    case "index":
      return `i ${op.axis}`;
    case "size":
      return `z ${op.name}`;
    case "scalar":
      return `p ${op.name}`;
    case "load":
      return `l ${op.tensor} ${op.at.join(",")}`;
    case "unary":
      return `u ${op.op} ${ty} ${op.a}`;
    case "binary": {
      const swap = isCommutative(op.op) && op.a > op.b;
      return swap ? `b ${op.op} ${op.b} ${op.a}` : `b ${op.op} ${op.a} ${op.b}`;
    }
    case "select":
      return `s ${op.cond} ${op.a} ${op.b}`;
    case "reduce":
      return `r ${op.op} ${op.over.join(",")} ${op.body} ${op.where} ${op.k}`;
    case "carried":
      return `k ${op.state} ${op.at.join(",")}`;
    case "scan":
      return `n ${op.state} ${op.at.join(",")}`;
  }
};

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

/** A builder over these axes. */
export const graphBuilder = (axes: readonly Axis[], options: BuilderOptions = {}): GraphBuilder => {
  const nodes: Node[] = [...(options.nodes ?? [])];
  const ids = new Map<string, NodeId>();
  for (const n of nodes) if (!ids.has(keyOf(n, n.ty))) ids.set(keyOf(n, n.ty), n.id);
  const allAxes: Axis[] = [...axes];
  const axisById = new Map(axes.map((a) => [a.id, a]));
  const scalars = new Set(options.scalars ?? []);

  const node = (id: NodeId): Node => nodeAt({ nodes }, id);
  const axis = (id: AxisId): Axis => {
    const found = axisById.get(id);
    if (found === undefined) throw new Error(`no axis ${id}`);
    return found;
  };
  const add = (op: Op, ty: Ty, span: Span | undefined): NodeId => {
    const key = keyOf(op, ty);
    const known = ids.get(key);
    if (known !== undefined) return known;
    const id = nodes.length;
    nodes.push({ ...op, id, ty, axes: freeAxes(op, node), span: span ?? NO_SPAN });
    ids.set(key, id);
    return id;
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
    const id = allAxes.reduce((max, a) => Math.max(max, a.id), -1) + 1;
    const fresh = { ...like, id, name };
    allAxes.push(fresh);
    axisById.set(id, fresh);
    return id;
  };
  const sizeOf = (size: SizeExpr, span?: Span): NodeId => {
    if (typeof size === "number") return b.konst(size, "i32", span);
    if (typeof size === "string") {
      return scalars.has(size) ? b.scalar(size, "i32", span) : add({ kind: "size", name: size }, "i32", span);
    }
    const [op, x, y] = [size[0], sizeOf(size[1], span), sizeOf(size[2], span)];
    if (op !== "ceil/") return b.binary(op, x, y, span);
    return b.binary("/", b.binary("+", x, b.binary("-", y, b.konst(1, "i32"))), y, span);
  };
  const reduce: GraphBuilder["reduce"] = (op, over, body, where = null, k = 0, span) => {
    const holds = where === null ? null : node(where);
    const always = holds?.kind === "const" && holds.value !== 0;
    const ty = REDUCTIONS[op].gives === "place" ? "i32" : node(body).ty;
    return add({ kind: "reduce", op, over: [...over], body, where: always ? null : where, k }, ty, span);
  };
  /** Scans by their definition, with the carried state of all written as that of scan -1. */
  const scans = new Map<string, ScanDef>();
  const defKey = (def: ScanDef): string =>
    `${def.over} ${def.dims.join(",")} ${def.init} ${renameState(b, def.step, def.state, -1)}`;
  let states = 0;
  for (const n of nodes) {
    if (n.kind === "carried" || n.kind === "scan") states = Math.max(states, n.state + 1);
  }
  const scan: GraphBuilder["scan"] = (given, at, span) => {
    const key = defKey(given);
    const def = scans.get(key) ?? given;
    scans.set(key, def);
    const { state, name, over, dims, init, step } = def;
    const own = at ?? [over, ...dims].map((a) => b.index(a));
    return add({ kind: "scan", state, name, over, dims, init, step, at: [...own] }, "f32", span);
  };
  const rebuild = (n: Node, over: readonly NodeId[]): NodeId => {
    const [x = -1, y = -1, z = -1] = over;
    switch (n.kind) {
      case "const":
      case "index":
      case "size":
      case "scalar":
        return add(n, n.ty, n.span);
      case "load":
        return b.load(n.tensor, over, n.ty, n.span);
      case "unary":
        return b.unary(n.op, x, n.span);
      case "binary":
        return b.binary(n.op, x, y, n.span);
      case "select":
        return b.select(x, y, z, n.span);
      case "reduce":
        return b.reduce(n.op, n.over, x, n.where === null ? null : y, n.k, n.span);
      case "carried":
        return b.carried(n.state, n.name, over, n.span);
      case "scan": {
        const [at, [init = -1, step = -1]] = [over.slice(0, n.at.length), over.slice(n.at.length)];
        if (init === n.init && step === n.step) return b.scan(n, at, n.span);
        // Another definition: its carried state is its own.
        const state = b.freshState();
        return b.scan({ ...n, state, init, step: renameState(b, step, n.state, state) }, at, n.span);
      }
    }
  };

  const b: GraphBuilder = {
    axes: allAxes,
    nodes,
    node,
    axis,
    freshAxis,
    newAxis,
    konst: (value, ty, span) => add({ kind: "const", value: ty === "f32" ? value : value + 0 }, ty, span),
    index: (id, span) => add({ kind: "index", axis: id }, "i32", span),
    sizeOf,
    scalar: (name, ty, span) => add({ kind: "scalar", name }, ty, span),
    load: (tensor, at, ty, span) => add({ kind: "load", tensor, at: [...at] }, ty, span),
    unary: (op, a, span) => {
      const ty = unaryTy(op, node(a).ty);
      if (ty === null) throw typeError(op, node(a).ty);
      return simplifyUnary(b, op, a) ?? add({ kind: "unary", op, a }, ty, span);
    },
    binary: (op, x, y, span) => {
      const ty = node(x).ty === node(y).ty ? binaryTy(op, node(x).ty) : null;
      if (ty === null) throw typeError(op, node(x).ty, node(y).ty);
      return simplifyBinary(b, op, x, y) ?? add({ kind: "binary", op, a: x, b: y }, ty, span);
    },
    select: (cond, x, y, span) => {
      const ty = node(x).ty;
      if (node(cond).ty !== "bool" || node(y).ty !== ty) throw typeError("select", node(cond).ty, ty, node(y).ty);
      return simplifySelect(b, cond, x, y) ?? add({ kind: "select", cond, a: x, b: y }, ty, span);
    },
    reduce,
    freshState: () => states++,
    carried: (state, name, at, span) => add({ kind: "carried", state, name, at: [...at] }, "f32", span),
    scan,
    and: (...conditions) => {
      const asked = conditions.filter((c) => c !== null);
      const all = asked.reduce((acc, c) => b.binary("and", acc, c), b.konst(1, "bool"));
      const n = node(all);
      return n.kind === "const" && n.value !== 0 ? null : all;
    },
    rebuild,
    substitute: (root, map) => substitute(b, root, map),
    replaceNodes: (root, map) => replaceNodes(b, root, map),
    reach: (roots) => reach(b, roots),
  };
  return b;
};
