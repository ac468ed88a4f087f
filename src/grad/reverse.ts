/** Reverse mode over index notation: from the results to what they are made of, every value once. */
import { withoutAxes } from "../check/sexpr.ts";
import type { AxisId, SExpr, SpecTensor } from "../check/spec.ts";
import { postOrder } from "../check/walk-spec.ts";
import { chosenBy, onDomain, sumOfAll, summed, type Adjoint, type AdjointCx } from "./adjoint.ts";
import { factorsOf, isZero } from "./algebra.ts";
import { index, int, num, op1, type Arena } from "./arena.ts";
import { moved, partIndex } from "./moved.ts";
import { both, conjuncts, EVERYWHERE, inRange, without } from "./domain.ts";
import { shareOf } from "./reductions.ts";
import { backwards, createClosed } from "./recurrence.ts";
import { equation, scatter } from "./scatter.ts";
import { flows } from "./scalars.ts";

export type Wanted = { readonly tensors: ReadonlySet<string>; readonly scalars: ReadonlySet<string> };

export type ReverseCx = AdjointCx & {
  readonly tensors: ReadonlyMap<string, SpecTensor>;
  readonly gauges: ReadonlySet<SExpr>;
  readonly wanted: Wanted;
};

export type Cotangents = {
  readonly tensors: ReadonlyMap<string, Adjoint>;
  readonly scalars: ReadonlyMap<string, Adjoint>;
};

/** The parts through which a value depends on the wanted parameters smoothly. */
const smoothParts = (e: SExpr): readonly SExpr[] => {
  switch (e.kind) {
    case "const":
    case "index":
    case "size":
    case "scalar":
    case "read":
    case "in":
      return [];
    case "at":
      // One that replaces nothing is `stop_gradient`.
      return e.subst.length === 0 ? [] : [e.arg];
    case "where":
    case "reduce":
      return [e.arg];
    case "unary":
      return e.op === "floor" || e.op === "ceil" || e.op === "round" || e.op === "sign" ? [] : [e.arg];
    case "binary":
      return [e.left, e.right];
    case "select":
      return [e.then, e.else];
    case "concat":
      return e.parts;
    case "prev":
      return [e.init];
    case "scan":
      return [e.step];
  }
};

/** The values that a change of a leaf moves. */
const movedBy = (cx: ReverseCx, order: readonly SExpr[], isLeaf: (e: SExpr) => boolean): ReadonlySet<SExpr> => {
  const out = new Set<SExpr>();
  for (const e of order) {
    if (e.type !== "float" || cx.gauges.has(e)) continue;
    if (isLeaf(e) || smoothParts(e).some((p) => out.has(p))) out.add(e);
  }
  return out;
};

const isWanted = (cx: ReverseCx, e: SExpr): boolean =>
  (e.kind === "read" && cx.wanted.tensors.has(e.tensor)) || (e.kind === "scalar" && cx.wanted.scalars.has(e.scalar));

/** The values that a change of a wanted parameter moves, or of a state before among `states`. */
export const activeOf = (
  cx: ReverseCx,
  order: readonly SExpr[],
  states: ReadonlySet<number> = new Set(),
): ReadonlySet<SExpr> => movedBy(cx, order, (e) => isWanted(cx, e) || (e.kind === "prev" && states.has(e.state)));

const isSimple = (e: SExpr): boolean => e.kind === "read" || e.kind === "const" || e.kind === "scalar";

/** A value of the gradient that is not taken apart further, under a name where the kernel has one for its value. */
const keepWhole = (a: Arena, e: SExpr, of: string | null): void => {
  const f = factorsOf(a, e);
  if (of === null || f.below.length > 0) {
    // Its factors are kept: those that do not vary still leave a sum.
    for (const x of [...f.above, ...f.below]) if (!isSimple(x)) a.whole.add(x);
  } else if (!isSimple(e) && !a.forward.has(e)) {
    a.whole.add(e);
    if (!a.names.has(e)) a.names.set(e, `d_${of}`);
  }
};

export type Seeds = readonly (readonly [SExpr, Adjoint])[];

/** The cotangents of all that is wanted, from those of the results. */
export const reverse = (cx: ReverseCx, seeds: Seeds): Cotangents => {
  const scans = new Map<number, SExpr>();
  for (const e of postOrder(seeds.map(([e]) => e))) if (e.kind === "scan") scans.set(e.state, e);
  return pass(cx, seeds, null, createClosed(cx, scans));
};

/** One way back. `state`: what is wanted is the state before, in the middle of a step; found under "". */
const pass = (cx: ReverseCx, seeds: Seeds, state: number | null, closed: (e: SExpr) => SExpr): Cotangents => {
  const { a } = cx;
  const order = postOrder(seeds.map(([e]) => e));
  const isLeaf = (e: SExpr): boolean => (state === null ? isWanted(cx, e) : e.kind === "prev" && e.state === state);
  const active = movedBy(cx, order, isLeaf);
  const found = new Map<SExpr, Adjoint[]>();
  const tensors = new Map<string, Adjoint[]>();
  const scalars = new Map<string, Adjoint[]>();
  const put = <K>(into: Map<K, Adjoint[]>, key: K, adj: Adjoint): void => {
    if (!isZero(adj.expr)) into.set(key, [...(into.get(key) ?? []), adj]);
  };
  /** A cotangent over `cells`; what the value does not vary along is summed. */
  const push = (to: SExpr, adj: Adjoint, cells: readonly AxisId[]): void => {
    if (!active.has(to) || isZero(adj.expr)) return;
    const outside = { expr: closed(adj.expr), dom: new Set([...adj.dom].map(closed)) };
    put(found, to, summed(cx, outside, withoutAxes(cells, to.axes)));
  };
  for (const [e, adj] of seeds) put(found, e, adj);
  for (const e of order.toReversed()) {
    const all = found.get(e);
    if (all === undefined || !active.has(e)) continue;
    const adj = onDomain(sumOfAll(cx, all), new Set([...cx.domainOf(e)].map(closed)));
    const branches = smoothParts(e).filter((p) => active.has(p)).length;
    const name = a.names.get(e) ?? null;
    if (name !== null || branches > 1) keepWhole(a, adj.expr, name);
    visit(e, adj);
  }
  const total = (m: Map<string, Adjoint[]>): ReadonlyMap<string, Adjoint> =>
    new Map([...m].map(([k, all]) => [k, sumOfAll(cx, all)] as const));
  return { tensors: total(tensors), scalars: total(scalars) };

  function visit(e: SExpr, adj: Adjoint): void {
    const only = (conds: readonly SExpr[]): Adjoint => onDomain(adj, new Set(conds.flatMap(conjuncts)));
    switch (e.kind) {
      case "const":
      case "index":
      case "size":
      case "in":
        return;
      case "scalar":
        return put(scalars, e.scalar, adj);
      case "read": {
        const targets = cx.tensors.get(e.tensor)?.dims.flatMap((d) => d.axes) ?? [];
        const given = e.at.map((x, n) => equation(a, x, targets[n] as AxisId));
        const sure = e.at.flatMap((x, n) => inRange(a, x, targets[n] as AxisId));
        const rest = { expr: adj.expr, dom: new Set(without(adj.dom, new Set(sure))) };
        return put(tensors, e.tensor, scatter(cx, rest, e.axes, targets, given));
      }
      case "at": {
        const to = (axis: AxisId): SExpr => e.subst.find((s) => s.axis === axis)?.to ?? index(a, axis);
        const targets = e.arg.axes;
        const sure = e.subst.flatMap((s) => inRange(a, s.to, s.axis));
        const rest = { expr: adj.expr, dom: new Set(without(adj.dom, new Set(sure))) };
        const given = targets.map((t) => equation(a, to(t), t));
        return put(found, e.arg, scatter(cx, rest, e.axes, targets, given));
      }
      case "unary":
      case "binary":
        for (const f of flows(a, e, adj.expr)) push(f.to, { ...only(f.only), expr: f.expr }, e.axes);
        return;
      case "select":
        push(e.then, only([e.cond]), e.axes);
        return push(e.else, only([op1(a, "not", e.cond)]), e.axes);
      case "where":
        return push(e.arg, adj, e.axes);
      case "reduce": {
        const share = active.has(e.arg) ? shareOf(cx, e, adj) : null;
        if (share === null) return;
        const cells = new Set([...share.only]);
        const dom = both(share.adj.dom, cells, cx.domainOf(e.arg));
        return push(e.arg, { expr: share.adj.expr, dom }, e.arg.axes);
      }
      case "concat":
        return e.parts.forEach((p, n) => part(e, p, n, adj));
      case "prev": {
        if (state !== null) return put(scalars, "", adj);
        const first = [{ axis: e.axis, to: int(a, 0) }];
        const dom = [...adj.dom].map((c) => moved(a, c, first));
        const start = { expr: moved(a, adj.expr, first), dom: new Set([...inRange(a, int(a, 0), e.axis), ...dom]) };
        return push(e.init, onDomain(start, cx.domainOf(e.init)), withoutAxes(e.axes, [e.axis]));
      }
      case "scan": {
        const share = (seed: SExpr): Adjoint | null =>
          pass(cx, [[e.step, { expr: seed, dom: EVERYWHERE }]], e.state, closed).scalars.get("") ?? null;
        const back = { expr: backwards(cx, e, adj, share), dom: cx.domainOf(e.step) };
        push(e.step, back, e.axes);
        return passOn(e, back.expr);
      }
    }
  }

  /** The cells of a union axis that are those of its n-th part. */
  function part(e: SExpr & { kind: "concat" }, p: SExpr, n: number, adj: Adjoint): void {
    if (!active.has(p)) return;
    const own = (a.axes[e.axis]?.parts ?? [])[n] as AxisId;
    const subst = [{ axis: e.axis, to: partIndex(a, e.axis, n) }];
    const kept = [...without(adj.dom, cx.domainOf(e))].map((c) => moved(a, c, subst));
    const dom = both(new Set(kept.flatMap(conjuncts)), cx.domainOf(p));
    const cells = [...new Set([...withoutAxes(e.axes, [e.axis]), own])];
    push(p, { expr: moved(a, adj.expr, subst), dom }, cells);
  }

  /** A step that does not exist passes the state on: the first one its start, whose cotangent is that of the state then. */
  function passOn(e: SExpr & { kind: "scan" }, back: SExpr): void {
    const start = order.find((x) => x.kind === "prev" && x.state === e.state);
    const conds = [...cx.domainOf(e.step)].map(closed);
    if (start?.kind !== "prev" || !active.has(start.init) || conds.length === 0) return;
    const first = [{ axis: e.axis, to: int(a, 0) }];
    const kept = chosenBy(cx, conds, num(a, 0), back, EVERYWHERE);
    const dom = both(new Set(inRange(a, int(a, 0), e.axis)), cx.domainOf(start.init));
    push(start.init, { expr: moved(a, kept, first), dom }, e.dims);
  }
};
