/** The variables that carry accumulators: how they are declared, take cells, and end. */
import type { Accumulator } from "../derive/plan.ts";
import { REDUCTIONS } from "../graph/reduction.ts";
import type { Expr, Stmt, VType } from "../tile/tile.ts";
import * as T from "../tile/build.ts";
import type { Emitter, Fixed } from "./emit.ts";
import { pointsOf } from "./emit.ts";
import type { Cell, Into, Registers } from "./operators.ts";
import { mergeAll, operatorOf } from "./operators.ts";

/** One accumulator at one point of its local axes: its registers. */
export type Slot = {
  readonly acc: Accumulator;
  readonly fixed: Fixed;
  readonly type: VType;
  /** What the operator carries (`operators.ts`), a variable each. */
  readonly vars: Registers;
  /** Of what is compared or added; the place that `argmax` finds is an i32 whatever it is. */
  readonly ty: "f32" | "i32";
};

/** Declares the registers of an accumulator, at every point of its local axes; `wide`: four partial values each. */
export const declare = (em: Emitter, acc: Accumulator, wide: boolean, stmts: Stmt[]): readonly Slot[] => {
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
    const vars = operatorOf(acc.op)
      .start(ty, acc.k)
      .map((v) => {
        const id = em.fresh(`${acc.name}${tag}${v.suffix}`);
        const type = T.vtype(v.elem, width);
        stmts.push(T.varStmt(id, type, T.lit(v.value, type)));
        return T.ref(id, type);
      });
    return { acc, fixed, type: T.vtype(ty, width), vars, ty };
  });
};

/** Statements that put the cells into an accumulator. `correction`: factor for what is there already. */
export const accumulate = (
  em: Emitter,
  slot: Slot,
  cells: readonly Cell[],
  correction: Expr | null,
): readonly Stmt[] => {
  const { op, k } = slot.acc;
  if (correction !== null && !REDUCTIONS[op].rescales) throw new Error(`a factor cannot be taken out of ${op}`);
  const stmts: Stmt[] = [];
  operatorOf(op).step(slot.vars, cells, { elem: slot.ty, type: slot.type, k }, { fresh: em.fresh, stmts }, correction);
  return stmts;
};

/** The registers of a slot as one state: of wide ones, the four partial states merged. */
export const stateOf = (slot: Slot, wide: boolean, into: Into): Registers =>
  wide
    ? mergeAll(
        slot.acc.op,
        [0, 1, 2, 3].map((n) => slot.vars.map((v) => T.component(v, n))),
        into,
      )
    : slot.vars;

/** The finished value of an accumulator from its registers. Wide ones add up their four parts. */
export const finished = (slot: Slot, wide: boolean, stmts: Stmt[], em: Emitter): Expr =>
  finish(slot, stateOf(slot, wide, { fresh: em.fresh, stmts }));

/** The value that a state of the slot's accumulator stands for. */
export const finish = ({ acc, ty, type }: Slot, state: Registers): Expr =>
  operatorOf(acc.op).finish(state, { elem: ty, type, k: acc.k });
