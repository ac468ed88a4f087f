/** What a reduction without a cell gives, and the number that a register starts from. */
import type { ReduceOp, Ty } from "./graph.ts";

/** The least f32: stands for -inf while streaming, below every score; exp of a difference to it is 0. */
export const LOWEST = -3.4028234663852886e38;
const LEAST_INT = -2147483648;
const GREATEST_INT = 2147483647;

/** The value of a reduction over no cell: sum 0, prod 1, max and kth -inf, min +inf (of i32 its least and greatest value). */
export const identity = (op: ReduceOp, ty: Ty): number => {
  switch (op) {
    case "max":
    case "kth":
      return ty === "i32" ? LEAST_INT : -Infinity;
    case "min":
      return ty === "i32" ? GREATEST_INT : Infinity;
    case "prod":
      return 1;
    case "sum":
    case "var":
    case "argmax":
    case "argmin":
    case "cumsum":
      return 0;
  }
};

/** The same as a finite number. */
export const startingValue = (op: ReduceOp, ty: Ty): number => {
  const value = identity(op, ty);
  return Number.isFinite(value) ? value : -Math.sign(value) * LOWEST;
};
