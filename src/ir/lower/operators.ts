/**
 * The code of the reduction operators, a record each: what registers start with, how they take cells, how two states become one, and the
 * value they end with. What an operator is otherwise says `graph/reduction.ts`.
 */
import type { ReduceOp } from "../graph/graph.ts";
import { REDUCTIONS, startingValue } from "../graph/reduction.ts";
import type { Expr, Stmt, VType } from "../tile/tile.ts";
import * as T from "../tile/build.ts";

/** The registers of one accumulator at one point, in the order of `start`. */
export type Registers = readonly Expr[];

/** What a register is called behind its accumulator, and what it starts with. */
export type Start = { readonly suffix: string; readonly value: number; readonly elem: "f32" | "i32" };

/** A cell of the stream: its value, whether it exists for the reduction, and where it stands. */
export type Cell = { readonly value: Expr; readonly visible: Expr; readonly index: Expr };

/** Where code goes: new names, and the statements that are being written. */
export type Into = { readonly fresh: (base: string) => string; readonly stmts: Stmt[] };

/** What is taken in: numbers of this kind, one or four at once (`type`); `k`: the rank of `kth`. */
export type Taken = { readonly elem: "f32" | "i32"; readonly type: VType; readonly k: number };

export type Operator = {
  readonly start: (elem: "f32" | "i32", k: number) => readonly Start[];
  /** Appends what puts the cells into the registers. `factor`: by what the state is corrected first, of operators that rescale. */
  readonly step: (registers: Registers, cells: readonly Cell[], of: Taken, into: Into, factor: Expr | null) => void;
  /** The state of both; null where two states cannot be brought together. */
  readonly merge: ((p: Registers, q: Registers, into: Into) => Registers) | null;
  readonly finish: (registers: Registers, of: Taken) => Expr;
};

const at = (registers: Registers, n: number): Expr => {
  const e = registers[n];
  if (e === undefined) throw new Error(`an accumulator without its register ${n}`);
  return e;
};

/** Appends the assignment of a register. */
const assign = ({ stmts }: Into, target: Expr, value: Expr): void => {
  if (target.kind !== "ref") throw new Error("only a variable can be set");
  stmts.push(T.set(target.name, value));
};

/** Names a value. */
const named = ({ fresh, stmts }: Into, base: string, e: Expr): Expr => {
  const id = fresh(base);
  stmts.push(T.letStmt(id, e));
  return T.ref(id, e.type);
};

/** The cell where it exists, else a value that changes nothing. */
const masked = (c: Cell, other: number, type: VType): Expr =>
  T.select(T.splat(c.visible, type.width), T.splat(c.value, type.width), T.lit(other, type));

/** Two values as one, of the operators whose state is a value. */
export const combine = (op: ReduceOp, p: Expr, q: Expr): Expr => {
  const how = REDUCTIONS[op].combine;
  if (how === null) throw new Error(`two values of ${op} are not one`);
  return T.binary(how, p, q);
};

/** The state is the value. */
const monoid = (op: ReduceOp): Operator => ({
  start: (elem) => [{ suffix: "", value: startingValue(op, elem), elem }],
  step: (registers, cells, { elem, type }, into, factor) => {
    const state = at(registers, 0);
    const from = factor === null ? state : T.mul(state, T.splat(factor, type.width));
    assign(
      into,
      state,
      cells.reduce((x, c) => combine(op, x, masked(c, startingValue(op, elem), type)), from),
    );
  },
  merge: (p, q) => [combine(op, at(p, 0), at(q, 0))],
  finish: (registers) => at(registers, 0),
});

/** Mean, sum of squared distances to it, number of cells. Welford 1962: exact for rows whose mean is far above their deviation. */
const variance: Operator = {
  start: () => ["_mean", "_m2", "_n"].map((suffix) => ({ suffix, value: 0, elem: "f32" })),
  step: ([mean, m2, n], cells, { type }, into) => {
    if (mean === undefined || m2 === undefined || n === undefined) throw new Error("var carries three registers");
    for (const c of cells) {
      const see = T.splat(c.visible, type.width);
      const x = named(into, "x", T.splat(c.value, type.width));
      assign(into, n, T.add(n, T.select(see, T.lit(1, type), T.lit(0, type))));
      const d = named(into, "delta", T.sub(x, mean));
      assign(into, mean, T.select(see, T.add(mean, T.div(d, n)), mean));
      assign(into, m2, T.select(see, T.add(m2, T.mul(d, T.sub(x, mean))), m2));
    }
  },
  // Chan, Golub and LeVeque 1979: the moments of two sets from those of each.
  merge: (p, q, into) => {
    const [[pMean, pM2, pN], [qMean, qM2, qN]] = [three(p), three(q)];
    const n = named(into, "n", T.add(pN, qN));
    const delta = named(into, "delta", T.sub(qMean, pMean));
    const share = named(into, "share", T.div(qN, T.max(n, T.f32(1))));
    const mean = named(into, "mean", T.add(pMean, T.mul(delta, share)));
    const m2 = named(into, "m2", T.add(T.add(pM2, qM2), T.mul(T.mul(delta, delta), T.mul(pN, share))));
    return [mean, m2, n];
  },
  finish: (registers) => {
    const [, m2, n] = three(registers);
    return T.div(m2, T.max(n, T.f32(1)));
  },
};

const three = (r: Registers): readonly [Expr, Expr, Expr] => [at(r, 0), at(r, 1), at(r, 2)];

/** The best cell and its place; no cell yet: -1, whatever the values are. */
const place = (op: "argmax" | "argmin"): Operator => ({
  start: (elem) => [
    { suffix: "_best", value: 0, elem },
    { suffix: "", value: -1, elem: "i32" },
  ],
  step: ([best, where], cells, _, into) => {
    if (best === undefined || where === undefined) throw new Error(`${op} carries two registers`);
    for (const c of cells) {
      const beyond = T.binary(REDUCTIONS[op].best ?? ">", c.value, best);
      const better = named(into, "better", T.and(c.visible, T.or(T.lt(where, T.i32(0)), beyond)));
      assign(into, best, T.select(better, c.value, best));
      assign(into, where, T.select(better, c.index, where));
    }
  },
  merge: null,
  finish: (registers) => T.max(at(registers, 1), T.i32(0)),
});

/** A list of cells, largest first. */
const ranked: Operator = {
  start: (elem, k) =>
    Array.from({ length: k }, (_, n) => ({ suffix: `_${n}`, value: startingValue("kth", elem), elem })),
  step: (registers, cells, { elem, type }, into) => {
    for (const c of cells) {
      let x: Expr = named(into, "x", masked(c, startingValue("kth", elem), type));
      for (const v of registers) {
        const rest = named(into, "rest", T.min(v, x));
        assign(into, v, T.max(v, x));
        x = rest;
      }
    }
  },
  merge: null,
  // Fewer than k cells: the smallest one.
  finish: (registers, { elem }) =>
    registers
      .slice(1)
      .reduce((value, v) => T.select(T.gt(v, T.lit(startingValue("kth", elem), v.type)), v, value), at(registers, 0)),
};

const OPERATORS: Readonly<Record<Exclude<ReduceOp, "cumsum">, Operator>> = {
  sum: monoid("sum"),
  prod: monoid("prod"),
  max: monoid("max"),
  min: monoid("min"),
  var: variance,
  argmax: place("argmax"),
  argmin: place("argmin"),
  kth: ranked,
};

/** The code of an operator that is carried along a stream. A running sum has a value at every cell instead (`block.ts`). */
export const operatorOf = (op: ReduceOp): Operator => {
  if (op === "cumsum") throw new Error("a running sum is no accumulator");
  return OPERATORS[op];
};

/** Partial states as one. Values in calls are put together as a tree (parsers have a limit of depth), statements in turn. */
export const mergeAll = (op: ReduceOp, states: readonly Registers[], into: Into): Registers => {
  const { merge } = operatorOf(op);
  const [first] = states;
  if (merge === null || first === undefined) throw new Error(`partial states of ${op} cannot be merged`);
  if (REDUCTIONS[op].combine === null) return states.reduce((p, q) => merge(p, q, into));
  const tree = (list: readonly Registers[]): Registers => {
    const half = Math.ceil(list.length / 2);
    return list.length < 2 ? (list[0] ?? first) : merge(tree(list.slice(0, half)), tree(list.slice(half)), into);
  };
  return tree(states);
};
