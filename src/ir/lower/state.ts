/** The variables that carry accumulators: how they start, take a cell, and end. */
import type { Accumulator } from "../derive/plan.ts";
import type { Expr, Stmt, VType } from "../tile/tile.ts";
import * as T from "../tile/build.ts";
import type { Emitter, Fixed } from "./emit.ts";
import { startingValue } from "../graph/identity.ts";
import { pointsOf } from "./emit.ts";
import { Unsupported } from "../unsupported.ts";

/** One accumulator at one point of its local axes: its registers. */
export type Slot = {
  readonly acc: Accumulator;
  readonly fixed: Fixed;
  readonly type: VType;
  /** sum, max…: the value. var: mean, m2, count. argmax: best, at. kth: the list, largest first. */
  readonly vars: readonly Expr[];
  /** Of what is compared or added; the place that `argmax` finds is an i32 whatever it is. */
  readonly ty: "f32" | "i32";
};

/** What the registers of an accumulator start with. */
const initials = (
  acc: Accumulator,
  ty: "f32" | "i32",
): readonly { readonly suffix: string; readonly value: number; readonly int: boolean }[] => {
  const int = ty === "i32";
  switch (acc.op) {
    case "sum":
    case "prod":
    case "max":
    case "min":
    case "cumsum":
      return [{ suffix: "", value: startingValue(acc.op, ty), int }];
    case "var":
      return [
        { suffix: "_mean", value: 0, int: false },
        { suffix: "_m2", value: 0, int: false },
        { suffix: "_n", value: 0, int: false },
      ];
    // No cell yet: -1, whatever the values are.
    case "argmax":
    case "argmin":
      return [
        { suffix: "_best", value: 0, int },
        { suffix: "", value: -1, int: true },
      ];
    case "kth":
      return Array.from({ length: acc.k }, (_, n) => ({ suffix: `_${n}`, value: startingValue("max", ty), int }));
  }
};

/** Declares the registers of an accumulator, at every point of its local axes; `wide`: four partial values each. */
export const declare = (em: Emitter, acc: Accumulator, wide: boolean, stmts: Stmt[]): readonly Slot[] => {
  const node = em.b.node(acc.node);
  const ty = em.b.node(acc.body).ty === "i32" ? "i32" : "f32";
  // A condition that varies along the local axes is asked point by point.
  const masked = acc.where !== null && em.b.node(acc.where).axes.some((a) => acc.local.includes(a));
  const vectorPoints = acc.op === "sum" && ty === "f32" && !masked;
  const axes = acc.local.map((a) => em.b.axis(a));
  return pointsOf(axes, vectorPoints).map((fixed) => {
    const chunked = [...fixed.values()].some((f) => "chunk" in f);
    const width = wide || chunked ? 4 : 1;
    const tag = [...fixed.values()]
      .map((f) => ("chunk" in f ? f.chunk : f.at))
      .map((e) => (e.kind === "lit" ? `_${e.value}` : ""))
      .join("");
    const vars = initials(acc, ty).map((v) => {
      const id = em.fresh(`${acc.name}${tag}${v.suffix}`);
      const type = T.vtype(v.int ? "i32" : "f32", width);
      stmts.push(T.varStmt(id, type, T.lit(v.value, type)));
      return T.ref(id, type);
    });
    return { acc, fixed, type: T.vtype(ty, width), vars, ty };
  });
};

const assign = (target: Expr, value: Expr): Stmt => {
  if (target.kind !== "ref") throw new Error("only a variable can be set");
  return T.set(target.name, value);
};

/** Statements that put the cells into an accumulator. `correction`: factor for what is there already. */
export const accumulate = (
  em: Emitter,
  slot: Slot,
  cells: readonly { readonly value: Expr; readonly visible: Expr; readonly index: Expr }[],
  correction: Expr | null,
): readonly Stmt[] => {
  const [v0, v1, v2] = slot.vars;
  if (v0 === undefined) throw new Error("an accumulator without registers");
  const { op } = slot.acc;
  const shaped = (e: Expr): Expr => T.splat(e, slot.type.width);
  const masked = (c: { readonly value: Expr; readonly visible: Expr }, other: number): Expr =>
    T.select(shaped(c.visible), shaped(c.value), T.lit(other, slot.type));
  const start = (): number => initials(slot.acc, slot.ty)[0]?.value ?? 0;
  switch (op) {
    case "sum": {
      const from = correction === null ? v0 : T.mul(v0, shaped(correction));
      return [
        assign(
          v0,
          cells.reduce((sum, c) => T.add(sum, masked(c, 0)), from),
        ),
      ];
    }
    case "prod":
      return [
        assign(
          v0,
          cells.reduce((p, c) => T.mul(p, masked(c, 1)), v0),
        ),
      ];
    case "max":
      return [
        assign(
          v0,
          cells.reduce((m, c) => T.max(m, masked(c, start())), v0),
        ),
      ];
    case "min":
      return [
        assign(
          v0,
          cells.reduce((m, c) => T.min(m, masked(c, start())), v0),
        ),
      ];
    case "var": {
      if (v1 === undefined || v2 === undefined) throw new Error("var carries three registers");
      // Welford: exact for rows whose mean is far above their deviation.
      return cells.flatMap((c) => {
        const x = T.ref(em.fresh("x"), slot.type);
        const d = T.ref(em.fresh("delta"), slot.type);
        const see = shaped(c.visible);
        const when = (yes: Expr, no: Expr): Expr => T.select(see, yes, no);
        return [
          T.letStmt(refName(x), shaped(c.value)),
          assign(v2, T.add(v2, when(T.lit(1, slot.type), T.lit(0, slot.type)))),
          T.letStmt(refName(d), T.sub(x, v0)),
          assign(v0, when(T.add(v0, T.div(d, v2)), v0)),
          assign(v1, when(T.add(v1, T.mul(d, T.sub(x, v0))), v1)),
        ];
      });
    }
    case "argmax":
    case "argmin": {
      if (v1 === undefined) throw new Error("argmax carries two registers");
      return cells.flatMap((c) => {
        const better = T.ref(em.fresh("better"), T.vtype("bool"));
        const beyond = op === "argmax" ? T.gt(c.value, v0) : T.lt(c.value, v0);
        const test = T.and(c.visible, T.or(T.lt(v1, T.i32(0)), beyond));
        return [
          T.letStmt(refName(better), test),
          assign(v0, T.select(better, c.value, v0)),
          assign(v1, T.select(better, c.index, v1)),
        ];
      });
    }
    case "kth":
      return cells.flatMap((c) => {
        const stmts: Stmt[] = [];
        let x: Expr = T.ref(em.fresh("x"), slot.type);
        stmts.push(T.letStmt(refName(x), masked(c, startingValue("max", slot.ty))));
        for (const v of slot.vars) {
          const rest = T.ref(em.fresh("rest"), slot.type);
          stmts.push(T.letStmt(refName(rest), T.min(v, x)), assign(v, T.max(v, x)));
          x = rest;
        }
        return stmts;
      });
    case "cumsum":
      throw new Unsupported(em.b.node(slot.acc.node), "`cumsum` as a carried value");
  }
};

const refName = (e: Expr): string => {
  if (e.kind !== "ref") throw new Error("not a name");
  return e.name;
};

/** The finished value of an accumulator from its registers. Wide ones add up their four parts. */
export const finished = (slot: Slot, wide: boolean, stmts: Stmt[], em: Emitter): Expr => {
  const [v0, v1, v2] = slot.vars;
  if (v0 === undefined) throw new Error("an accumulator without registers");
  const parts = (e: Expr): readonly Expr[] => [0, 1, 2, 3].map((k) => T.component(e, k));
  const pairwise = (e: Expr, f: (a: Expr, b: Expr) => Expr): Expr => {
    if (!wide) return e;
    const [a, b, c, d] = parts(e) as [Expr, Expr, Expr, Expr];
    return f(f(a, b), f(c, d));
  };
  switch (slot.acc.op) {
    case "sum":
      return pairwise(v0, T.add);
    case "prod":
      return pairwise(v0, T.mul);
    case "max":
      return pairwise(v0, T.max);
    case "min":
      return pairwise(v0, T.min);
    case "var": {
      if (v1 === undefined || v2 === undefined) throw new Error("var carries three registers");
      const list = wide
        ? [0, 1, 2, 3].map((k) => ({ mean: T.component(v0, k), m2: T.component(v1, k), n: T.component(v2, k) }))
        : [{ mean: v0, m2: v1, n: v2 }];
      const all = list.reduce((p, q) => mergeMoments(em, p, q, stmts));
      return T.div(all.m2, T.max(all.n, T.f32(1)));
    }
    case "argmax":
    case "argmin":
      return T.max(v1 ?? v0, T.i32(0));
    case "kth":
      // Fewer than k cells: the smallest one.
      return slot.vars
        .slice(1)
        .reduce((value, v) => T.select(T.gt(v, T.lit(startingValue("max", slot.ty), v.type)), v, value), v0);
    case "cumsum":
      return v0;
  }
};

export type Moments = { readonly mean: Expr; readonly m2: Expr; readonly n: Expr };

/** Chan, Golub and LeVeque 1979: the moments of two sets from those of each. */
export const mergeMoments = (em: Emitter, p: Moments, q: Moments, stmts: Stmt[]): Moments => {
  const name = (base: string, e: Expr): Expr => {
    const id = em.fresh(base);
    stmts.push(T.letStmt(id, e));
    return T.ref(id, e.type);
  };
  const n = name("n", T.add(p.n, q.n));
  const delta = name("delta", T.sub(q.mean, p.mean));
  const share = name("share", T.div(q.n, T.max(n, T.f32(1))));
  return {
    n,
    mean: name("mean", T.add(p.mean, T.mul(delta, share))),
    m2: name("m2", T.add(T.add(p.m2, q.m2), T.mul(T.mul(delta, delta), T.mul(p.n, share)))),
  };
};
