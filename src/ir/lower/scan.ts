/**
 * Ordered scans: the registers of the states, and a cell's step. All new values are made from the old ones before any of these
 * is set. A state's last local axis lies in vec4s as far as it goes; indices along local axes are known while compiling.
 */
import { item } from "../../base/must.ts";
import type { ScanState } from "../derive/plan.ts";
import type { Node, NodeId } from "../graph/graph.ts";
import { isIndexOf, readOperands, timeOf, type Carried, type Scan } from "../graph/scan.ts";
import type { GraphView } from "../graph/view.ts";
import { folded, reach } from "../graph/walk.ts";
import type { Expr, Stmt } from "../tile/tile.ts";
import * as T from "../tile/build.ts";
import { Unsupported } from "../graph/unsupported.ts";
import type { Emitter, Fix, Fixed, Placed } from "./emit.ts";
import { baseName, emit, fixKey, keyOf, lane4, name, pointsOf, withinNode } from "./emit.ts";
import type { Scope } from "./scope.ts";

/** A state at some points of its local axes: what it is called there, and the variable or value it is in. */
type Register = { readonly fixed: Fixed; readonly value: Expr };
/** A state as one pass of one kernel carries it; `rows[r]`: the variables of row r. */
export type State = {
  readonly of: ScanState;
  readonly rows: readonly (readonly Register[])[];
  /** Something reads it one cell before. */
  readonly lagged: boolean;
  /** The first node that reads it: what its step needs is before, what is made of it behind. */
  readonly first: NodeId;
};

/** Declares the registers of the states below the roots of a pass, each with its initial value, as `known[r]` knows it. */
export const declareStates = (
  em: Emitter,
  all: readonly ScanState[],
  roots: readonly NodeId[],
  known: readonly Scope[],
  stmts: Stmt[],
): readonly State[] => {
  const reads = [...em.b.reach(roots)].map((id) => em.b.node(id)).filter((n): n is Scan => n.kind === "scan");
  const states = all.filter((s) => reads.some((n) => n.state === s.state));
  return states.map((of) => {
    const points = pointsOf(
      of.local.map((a) => em.b.axis(a)),
      true,
    );
    return {
      of,
      first: Math.min(...reads.filter((n) => n.state === of.state).map((n) => n.id)),
      lagged: reads.some((n) => n.state === of.state && timeOf(em.b, n) === "before"),
      rows: known.map((s) =>
        points.map((fixed) => {
          const type = T.vtype("f32", isChunked(fixed) ? 4 : 1);
          const init = T.splat(emit(em, of.init, fixed, s).e, type.width);
          const id = withinNode(em, of.node, () => em.fresh(`${of.name}${tagOf(fixed)}`));
          stmts.push(T.varStmt(id, type, init));
          return { fixed, value: T.ref(id, type) };
        }),
      ),
    };
  });
};

const isChunked = (fixed: Fixed): boolean => [...fixed.values()].some((f) => "chunk" in f);
const tagOf = (fixed: Fixed): string =>
  [...fixed.values()]
    .map((f) => ("chunk" in f ? f.chunk : f.at))
    .map((e) => (e.kind === "lit" ? `_${e.value}` : ""))
    .join("");

/**
 * Makes the step of a state in a cell's scope. Below the scope the state has its new value from then on, and that of the cell
 * before where it is read there. `exists`: whether the cell is one of the stream.
 */
export const stepper = (
  em: Emitter,
  states: readonly State[],
  row: number,
  cell: Scope,
  key: Fixed,
  exists: Expr,
  stmts: Stmt[],
): ((state: State) => void) => {
  const before = new Map<number, readonly Register[]>();
  const now = new Map<number, readonly Register[]>();
  em.overrides.set(cell, (id, fixed, at) => {
    const n = em.b.node(id);
    if (n.kind !== "carried" && n.kind !== "scan") return null;
    const state = states.find((s) => s.of.state === n.state);
    if (state === undefined) return null;
    const when = n.kind === "carried" ? "before" : timeOf(em.b, n);
    const registers =
      (when === "now" ? now : before).get(n.state) ?? (n.kind === "carried" ? state.rows[row] : undefined);
    if (when === "elsewhere" || registers === undefined)
      throw new Unsupported(n, `\`${n.name}\` is read at a cell that is not at hand`);
    return resolve(em, state.of, registers, n, fixed, at, cell);
  });
  const step = ({ of, rows, lagged }: State): void => {
    const own = rows[row] ?? [];
    if (own.length > 1) shareOverPoints(em, of, key, cell);
    const fresh = own.map((r): Register => {
      const e = T.splat(emit(em, of.step, new Map([...r.fixed, ...key]), cell).e, r.value.type.width);
      return { ...r, value: named(em, `${of.name}_next${tagOf(r.fixed)}`, e, stmts) };
    });
    if (lagged)
      before.set(
        of.state,
        own.map((r) => ({ ...r, value: named(em, `${of.name}_before${tagOf(r.fixed)}`, r.value, stmts) })),
      );
    own.forEach((r, k) => {
      if (r.value.kind === "ref")
        stmts.push(
          T.set(r.value.name, T.select(T.splat(exists, r.value.type.width), fresh[k]?.value ?? r.value, r.value)),
        );
    });
    now.set(of.state, fresh);
  };
  return (state) => withinNode(em, state.of.node, () => step(state));
};

/** Names what the step asks for at every point of the state alike, so that it is computed once a cell. */
const shareOverPoints = (em: Emitter, of: ScanState, key: Fixed, cell: Scope): void => {
  const isLocal = (n: Node): boolean => n.axes.some((a) => of.local.includes(a));
  // What a reduction binds is not known here.
  const below = (n: Node): readonly NodeId[] => (isLocal(n) && n.kind !== "reduce" ? readOperands(n).toReversed() : []);
  for (const id of reach(em.b, [of.step], below)) {
    const n = em.b.node(id);
    if (isLocal(n)) continue;
    const made = emit(em, id, key, cell);
    if (made.s === cell) cell.memo.set(keyOf(n, key), name(em, cell, em.names.get(id) ?? baseName(n), made.e));
  }
};

/** A value that later settings of variables do not change. */
const named = (em: Emitter, base: string, e: Expr, stmts: Stmt[]): Expr => {
  if (e.kind === "lit") return e;
  const id = em.fresh(base);
  stmts.push(T.letStmt(id, e));
  return T.ref(id, e.type);
};

/** The values of a state in `registers` that a read asks for, one or four. */
const resolve = (
  em: Emitter,
  of: ScanState,
  registers: readonly Register[],
  n: Scan | Carried,
  fixed: Fixed,
  at: Scope,
  s: Scope,
): Placed => {
  const chunked = n.axes.find((a) => "chunk" in (fixed.get(a) ?? {}));
  if (chunked !== undefined) {
    const whole = wholeChunk(em, of, registers, n, fixed, chunked);
    if (whole !== null) return { e: whole, s };
    return {
      e: T.vector([0, 1, 2, 3].map((k) => resolve(em, of, registers, n, lane4(fixed, chunked, k), at, s).e)),
      s,
    };
  }
  const index = of.local.map((axis) => {
    const e = emit(em, item(n.at, 1 + of.dims.indexOf(axis)), fixed, at).e;
    if (e.kind !== "lit")
      throw new Unsupported(
        n,
        `\`${n.name}\` is read at an index of \`${em.b.axis(axis).name}\` that is not known while compiling`,
      );
    return e.value;
  });
  const found = registers.flatMap((r) => {
    const offset = of.local.map((axis, k) => {
      const f = r.fixed.get(axis);
      const first = f === undefined ? null : "chunk" in f ? T.mul(f.chunk, T.i32(4)) : f.at;
      return first?.kind === "lit" ? item(index, k) - first.value : -1;
    });
    // A state of one number has no index.
    const last = offset.at(-1) ?? 0;
    const fits = offset.slice(0, -1).every((o) => o === 0) && last >= 0 && last < r.value.type.width;
    return fits ? [r.value.type.width === 1 ? r.value : T.component(r.value, last)] : [];
  });
  const [e] = found;
  if (e === undefined) throw new Unsupported(n, `\`${n.name}\` is read outside its indices`);
  return { e, s };
};

/** The register of a chunk that is read as it lies: along the last local axis, at its own indices. */
const wholeChunk = (
  em: Emitter,
  of: ScanState,
  registers: readonly Register[],
  n: Scan | Carried,
  fixed: Fixed,
  chunked: number,
): Expr | null => {
  if (chunked !== of.local.at(-1) || !of.local.every((a) => isIndexOf(em.b, n.at[1 + of.dims.indexOf(a)], a)))
    return null;
  const same = (r: Register): boolean => of.local.every((a) => sameFix(r.fixed.get(a), fixed.get(a)));
  return registers.find(same)?.value ?? null;
};

/** Both are not fixed, or at the same place. */
const sameFix = (x: Fix | undefined, y: Fix | undefined): boolean =>
  x === y || (x !== undefined && y !== undefined && fixKey(x) === fixKey(y));

/**
 * Binds the last value of a state, as its registers hold it behind the loop, to the node that stands for it: a sum with one cell, and with none
 * where the axis has none.
 */
export const bindLast = (em: Emitter, state: State, row: number, node: NodeId, at: Scope): void => {
  const outer = em.overrides.get(at);
  em.overrides.set(at, (id, fixed, from) => {
    if (id !== node) return outer?.(id, fixed, from) ?? null;
    const held = resolve(em, state.of, state.rows[row] ?? [], em.b.node(state.of.node) as Scan, fixed, from, at);
    const { size } = em.b.axis(state.of.over);
    if (held === null || (typeof size === "number" && size > 0)) return held;
    const { width } = held.e.type;
    const isThere = T.binary(">", T.sizeToExpr(size), T.i32(0));
    return { ...held, e: T.select(T.splat(isThere, width), held.e, T.zero(held.e.type)) };
  });
};

/** Whether a value reads a state where it stands: in registers, so that no loop variable can index it. */
export const statefulIn = (b: GraphView): ((id: NodeId) => boolean) => {
  return folded<boolean>(b, (n, of) => n.kind === "scan" || n.kind === "carried" || of.includes(true), readOperands);
};
