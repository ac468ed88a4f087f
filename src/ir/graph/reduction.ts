/**
 * The reduction operators, a record each: what planning, schedules and lowering ask of one. How registers take a cell, merge and end is
 * code of the lowering (`lower/operators.ts`), one record for each operator too.
 */
import type { ReduceOp, Ty } from "./graph.ts";

/** The least f32: stands for -inf while streaming, below every score; exp of a difference to it is 0. */
export const LOWEST = -3.4028234663852886e38;
const LEAST_INT = -2147483648;
const GREATEST_INT = 2147483647;

export type Reduction = {
  /** The value over no cell. */
  readonly identity: { readonly f32: number; readonly i32: number };
  /** Of a commutative monoid, whose state is the value itself: how two values become one. Partial values merge, in registers or stored. */
  readonly combine: "+" | "*" | "max" | "min" | null;
  /** The value is one of the cells, or the place of one: the cell that is this of all others. */
  readonly best: ">" | "<" | null;
  /** What it gives: a value like its cells, or an index. */
  readonly gives: "value" | "place";
  /** A factor that is the same for all cells may be taken out: what is carried can be corrected by one (a gauge). */
  readonly rescales: boolean;
  /** Two states of parts of the cells become the state of both, in whatever order (`lower/operators.ts` has the code). */
  readonly merges: boolean;
  /** Its axis stays free and its cells come in order. */
  readonly runs: boolean;
  /** It is taken over one axis. */
  readonly oneAxis: boolean;
  /** 32-bit registers of one point. `k`: the rank of a `kth`. */
  readonly registers: (k: number) => number;
};

const ZERO = { f32: 0, i32: 0 };
const ONE: Reduction["registers"] = () => 1;
const PLAIN = { best: null, gives: "value", rescales: false, merges: true, runs: false, oneAxis: false } as const;

/** The place of the best cell: the best cell so far, and where it is. */
const place = (best: ">" | "<"): Reduction => ({
  ...PLAIN,
  identity: ZERO,
  combine: null,
  best,
  gives: "place",
  merges: false,
  oneAxis: true,
  registers: () => 2,
});

/** What each operator is. The rank of `kth` counts repeats: the smallest cell where there are fewer. */
export const REDUCTIONS: Readonly<Record<ReduceOp, Reduction>> = {
  sum: { ...PLAIN, identity: ZERO, combine: "+", rescales: true, registers: ONE },
  prod: { ...PLAIN, identity: { f32: 1, i32: 1 }, combine: "*", registers: ONE },
  max: { ...PLAIN, identity: { f32: -Infinity, i32: LEAST_INT }, combine: "max", best: ">", registers: ONE },
  min: { ...PLAIN, identity: { f32: Infinity, i32: GREATEST_INT }, combine: "min", best: "<", registers: ONE },
  // Mean, sum of squared distances to it, number of cells.
  var: { ...PLAIN, identity: ZERO, combine: null, registers: () => 3 },
  argmax: place(">"),
  argmin: place("<"),
  kth: {
    ...PLAIN,
    identity: { f32: -Infinity, i32: LEAST_INT },
    combine: null,
    merges: false,
    registers: (k) => k,
  },
  cumsum: { ...PLAIN, identity: ZERO, combine: null, merges: false, runs: true, oneAxis: true, registers: ONE },
};

/** The value of a reduction over no cell: sum 0, prod 1, max and kth -inf, min +inf (of i32 its least and greatest value). */
export const identity = (op: ReduceOp, ty: Ty): number => REDUCTIONS[op].identity[ty === "i32" ? "i32" : "f32"];

/** The same as a finite number: what a register starts from. */
export const startingValue = (op: ReduceOp, ty: Ty): number => {
  const value = identity(op, ty);
  return Number.isFinite(value) ? value : -Math.sign(value) * LOWEST;
};

/** A maximum or a minimum: its value is one of its cells, and a bound of all of them. */
export const isExtremum = (op: ReduceOp): boolean => REDUCTIONS[op].combine !== null && REDUCTIONS[op].best !== null;
