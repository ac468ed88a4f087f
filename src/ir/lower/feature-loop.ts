/**
 * Contractions of a block that are asked for at many points (`sum[d](q * k)` for each of eight heads): in a loop over these points,
 * the products of one point written out in it, the sums in an array that is read at known indices. Written out for all points they are
 * code that drivers take minutes for, and ask for more registers than there are.
 */
import { CODE } from "../../base/costs.ts";
import type { Axis, AxisId, Node, NodeId } from "../graph/graph.ts";
import type { GraphView } from "../graph/view.ts";
import type { Expr, Stmt } from "../tile/tile.ts";
import { F32, I32 } from "../tile/tile.ts";
import * as T from "../tile/build.ts";
import type { Emitter, Fix, Fixed } from "./emit.ts";
import { bind, knownSize, pointsOf } from "./emit.ts";
import { dotTerm } from "./reduce.ts";
import { scope } from "./scope.ts";
import type { Scope } from "./scope.ts";

type Reduce = Node & { kind: "reduce" };

/** A cell of a row, and the scopes that a loop within the block opens anew below. */
export type LoopCell = { readonly scope: Scope; readonly row: Scope; readonly key: Scope; readonly fixed: Fixed };

/**
 * The points of a sum that is written out: its axes that are neither rows nor the stream. Null where a loop over them is not worth it, or
 * cannot be: what is in registers has no index at run time, and a vec4 no element at one.
 */
export const loopAxesOf = (em: Emitter, n: Reduce, outside: readonly AxisId[]): readonly Axis[] | null => {
  const local = n.axes.filter((a) => !outside.includes(a)).map((a) => em.b.axis(a));
  const points = pointsIn(local);
  const terms = Math.ceil(pointsIn(n.over.map((a) => em.b.axis(a))) / 4);
  if (local.length === 0 || !Number.isFinite(points * terms) || points * terms <= CODE.productsOfCell) return null;
  const bound = new Set([...local.map((a) => a.id), ...n.over]);
  const below = [...em.b.reach([n.body])].map((id) => em.b.node(id));
  const inRegisters = (m: Node): boolean =>
    em.accumulators.has(m.id) || m.kind === "reduce" || m.kind === "scan" || m.kind === "carried";
  const bad = below.some(
    (m) => (inRegisters(m) && m.axes.some((a) => bound.has(a))) || (m.kind === "load" && lastMentions(em.b, m, local)),
  );
  return bad ? null : local;
};

const pointsIn = (axes: readonly Axis[]): number =>
  axes.reduce((n, a) => n * (typeof a.size === "number" ? a.size : Infinity), 1);

const lastMentions = (b: GraphView, m: Node & { kind: "load" }, axes: readonly Axis[]): boolean => {
  const last = m.at.at(-1);
  return last !== undefined && axes.some((a) => b.node(last).axes.includes(a.id));
};

/**
 * Appends the loop over `axes` for a sum at all cells, and binds its value at every point in the cells' scopes. `inLoop` tells how what the
 * cells share is obtained inside (broadcasts), and gives the function that takes it back.
 */
export const contractInLoop = (
  em: Emitter,
  n: Reduce,
  axes: readonly Axis[],
  block: Scope,
  cells: readonly LoopCell[],
  inLoop: (block: Scope, keys: ReadonlyMap<Scope, Scope>, body: Stmt[]) => () => void,
  stmts: Stmt[],
): void => {
  const base = em.names.get(n.id) ?? "dot";
  const count = axes.reduce((k, a) => k * knownSize(a), 1);
  const arrays = cells.map(() => {
    const id = em.fresh(`${base}_all`);
    stmts.push(T.arrayStmt(id, F32, count));
    return id;
  });
  const body: Stmt[] = [];
  const inside = scope("loop", [block], body);
  const at = new Map<AxisId, Fix>();
  const loops: { readonly name: string; readonly size: number }[] = [];
  let flat: Expr = T.i32(0);
  for (const a of axes) {
    const id = em.fresh(a.name);
    em.natural.add(id);
    const v = T.ref(id, I32);
    inside.axes.set(a.id, v);
    at.set(a.id, { at: v });
    loops.push({ name: id, size: knownSize(a) });
    flat = T.add(T.mul(flat, T.i32(knownSize(a))), v);
  }
  const below = (s: Scope, made: Map<Scope, Scope>, ...more: readonly Scope[]): Scope => {
    const found = made.get(s) ?? scope(`${s.name} in loop`, [inside, s, ...more], body);
    made.set(s, found);
    return found;
  };
  const [keys, rows] = [new Map<Scope, Scope>(), new Map<Scope, Scope>()];
  const within = cells.map((c) => scope("cell in loop", [below(c.row, rows), below(c.key, keys), c.scope], body));
  const done = inLoop(inside, keys, body);
  const sums = cells.map(() => {
    const id = em.fresh(base);
    body.push(T.varStmt(id, F32, T.f32(0)));
    return id;
  });
  for (const point of pointsOf(
    n.over.map((a) => em.b.axis(a)),
    true,
  ))
    cells.forEach((c, k) => {
      const [sum, s] = [sums[k], within[k]];
      if (sum === undefined || s === undefined) return;
      const term = dotTerm(em, em.b.node(n.body), new Map([...point, ...at, ...c.fixed]), s).e;
      body.push(T.set(sum, T.add(T.ref(sum, F32), term)));
    });
  arrays.forEach((id, k) => body.push(T.setElement(id, flat, T.ref(sums[k] ?? "", F32))));
  done();
  stmts.push(
    ...loops.reduceRight<Stmt[]>((inner, l) => [T.forStmt(l.name, T.i32(0), T.i32(l.size), T.i32(1), inner)], body),
  );
  pointsOf(axes, false).forEach((point, nth) =>
    cells.forEach((c, k) => {
      bind(em, c.scope, n.id, new Map([...point, ...c.fixed]), T.element(arrays[k] ?? "", F32, T.i32(nth)));
    }),
  );
};

/** The sums in place below some values, in the order in which they need each other. */
export const sumsBelow = (b: GraphView, roots: readonly NodeId[]): readonly Reduce[] =>
  [...b.reach(roots)]
    .sort((x, y) => x - y)
    .map((id) => b.node(id))
    .filter((n): n is Reduce => n.kind === "reduce" && n.op === "sum" && n.ty === "f32" && n.where === null);
