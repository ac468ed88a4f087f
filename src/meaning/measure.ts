/**
 * Numbers in f64 that know their *scale*: what an error is to be compared with. Of a sum it is the sum of the absolute values of
 * the terms, of a product the product of the scales; elsewhere an error is carried through by the derivative. Arithmetic with a
 * rounding unit u, in any order of the operations, is right to a small multiple of u times the scale. Scale 0: exact in f32, an
 * input, an integer, or a choice among them.
 *
 * A result below the least normal number of f32 may be flushed to zero (WGSL): an error of its own.
 *
 * Decisions (comparisons, rounding, signs, the edge of the domain of a root or logarithm) have a *margin*: how far the operands are
 * from deciding otherwise, relative to their scale. With a margin of about u or less the other decision would be as right.
 */
import type { SBinaryOp, SType, SUnaryOp } from "../check/spec.ts";
import type { Arithmetic, Cell } from "./number.ts";
import { binaryMeaning, unaryMeaning } from "./scalar.ts";

export type Measured = { readonly v: number; readonly s: number };

/** Measured numbers, and the smallest margin of the decisions since it was last taken. */
export type Measuring = Arithmetic<Measured> & { readonly takeMargin: () => number };

const EXACT = 0;
/** The least normal number of f32, and the scale of which it is the rounding unit. */
const LEAST_NORMAL = 2 ** -126;
const FLUSHED = LEAST_NORMAL * 2 ** 24;
/** The scale with what flushing to zero adds. */
const flushed = (v: number, s: number): number => (v !== 0 && Math.abs(v) < LEAST_NORMAL ? s + FLUSHED : s);
/** The magnitude of an operand: its scale, or its absolute value where that is larger. */
const size = (x: Measured): number => Math.max(Math.abs(x.v), x.s);
/** An error through a derivative; an exact operand has none, however steep the function is. */
const through = (slope: number, s: number): number => (s === 0 ? 0 : Math.abs(slope) * s);

/** The scale of a unary operation on floats with value `f`. */
const unaryScale = (op: SUnaryOp, x: Measured, f: number): number => {
  const a = Math.abs(x.v);
  switch (op) {
    case "neg":
    case "abs":
    case "not":
    case "float":
      return x.s;
    case "sign":
    case "floor":
    case "ceil":
    case "round":
    case "int":
      return EXACT;
    case "exp":
    case "exp2":
      return Math.abs(f) * (1 + size(x));
    case "log":
    case "log2":
      return Math.max(1, Math.abs(f)) + through(1 / a, x.s);
    case "sqrt":
    case "rsqrt":
      return Math.abs(f) + through(f / a, x.s);
    case "tanh":
    case "erf":
      return 1 + x.s;
    case "sin":
    case "cos":
      return 1 + size(x);
  }
};

/** The distance to the next place where the operation jumps, or ends to be defined; Infinity: nowhere. */
const distanceToEdge = (op: SUnaryOp, x: number): number => {
  switch (op) {
    case "sign":
    case "log":
    case "log2":
    case "sqrt":
    case "rsqrt":
      return Math.abs(x);
    case "floor":
    case "ceil":
      return Math.abs(x - Math.round(x));
    case "int":
      return Math.round(x) === 0 ? Infinity : Math.abs(x - Math.round(x));
    case "round":
      return Math.abs(x - Math.floor(x) - 0.5);
    case "neg":
    case "not":
    case "abs":
    case "exp":
    case "exp2":
    case "tanh":
    case "sin":
    case "cos":
    case "erf":
    case "float":
      return Infinity;
  }
};

/** The scale of a binary operation on floats with value `f`. */
const binaryScale = (op: SBinaryOp, x: Measured, y: Measured, f: number): number => {
  switch (op) {
    case "+":
    case "-":
      return size(x) + size(y);
    case "*":
      return size(x) * size(y);
    case "/":
      return (size(x) / Math.abs(y.v)) * Math.max(1, size(y) / Math.abs(y.v));
    case "%":
      return size(x) + Math.abs(x.v / y.v) * size(y);
    case "**": {
      const log = x.v === 0 ? 0 : Math.abs(Math.log(Math.abs(x.v)));
      return Math.abs(f) * (1 + size(y) * (log + through(1 / x.v, x.s)));
    }
    case "min":
    case "max":
      return x.s === 0 && y.s === 0 ? EXACT : Math.max(x.s, y.s, Math.abs(f));
    case "==":
    case "!=":
    case "<":
    case "<=":
    case ">":
    case ">=":
    case "and":
    case "or":
      return EXACT;
  }
};

/** How far two operands are from deciding otherwise, and what that is relative to; null: nothing is decided. */
const decision = (
  op: SBinaryOp,
  x: Measured,
  y: Measured,
): { readonly distance: number; readonly s: number } | null => {
  switch (op) {
    case "==":
    case "!=":
    case "<":
    case "<=":
    case ">":
    case ">=":
      return { distance: Math.abs(x.v - y.v), s: x.s + y.s };
    case "/":
      return { distance: Math.abs(y.v), s: y.s };
    case "%":
      return {
        distance: Math.abs(x.v / y.v - Math.round(x.v / y.v)) * Math.abs(y.v),
        s: size(x) + Math.abs(x.v / y.v) * size(y),
      };
    case "**":
      return { distance: Math.abs(x.v), s: x.s };
    case "+":
    case "-":
    case "*":
    case "min":
    case "max":
    case "and":
    case "or":
      return null;
  }
};

/** The margin of what leaves the range of f32 though its operands are within: f32 arithmetic may give anything there. */
const OUT_OF_RANGE = 1e-9;
const isInRange = (v: number): boolean => Number.isFinite(Math.fround(v));

export const measuring = (): Measuring => {
  let margin = Infinity;
  const decide = (distance: number, s: number): void => {
    if (s > 0 && !(distance / s >= margin)) margin = distance / s;
  };
  const of = (v: number, type: SType): Measured => ({
    v,
    s: type !== "float" || Math.fround(v) === v ? EXACT : Math.abs(v),
  });
  return {
    of,
    value: (x) => x.v,
    unary: (op: SUnaryOp, type: SType) => {
      const f = unaryMeaning(op);
      // What does not fit into an int is no int either.
      if (type !== "float")
        return (x) => {
          const v = f(x.v);
          if (!(Math.abs(v) < 2 ** 31)) decide(0, 1);
          return { v, s: op === "float" ? of(x.v, "float").s : EXACT };
        };
      return (x) => {
        decide(distanceToEdge(op, x.v), x.s);
        // So large that its neighbours lie turns away: WGSL leaves it open what comes out.
        if (op === "sin" || op === "cos") decide(Math.PI, size(x));
        const v = f(x.v);
        if (!isInRange(v) && isInRange(x.v)) decide(OUT_OF_RANGE, 1);
        return { v, s: flushed(v, unaryScale(op, x, v)) };
      };
    },
    binary: (op: SBinaryOp, type: SType) => {
      const f = binaryMeaning(op, type);
      // An int divided by zero is no int, and nothing says what it is instead.
      if (type !== "float")
        return (x, y) => {
          if ((op === "/" || op === "%") && y.v === 0) decide(0, 1);
          return { v: f(x.v, y.v), s: EXACT };
        };
      return (x, y) => {
        const d = decision(op, x, y);
        // How NaN compares is up to the device; equal infinities are equal everywhere.
        if (d !== null && !Number.isNaN(d.distance)) decide(d.distance, d.s);
        else if (d !== null && (Number.isNaN(x.v) || Number.isNaN(y.v))) decide(0, 1);
        const v = f(x.v, y.v);
        if (!isInRange(v) && isInRange(x.v) && isInRange(y.v)) decide(OUT_OF_RANGE, 1);
        return { v, s: flushed(v, binaryScale(op, x, y, v)) };
      };
    },
    table: (cells) => {
      const values: Cell<Measured>[] = Array.from({ length: cells }, () => null);
      const margins = new Float64Array(cells);
      // A margin may be NaN: whether a cell is made is told apart.
      const made = new Uint8Array(cells);
      return {
        has: (cell) => made[cell] === 1,
        get: (cell, compute) => {
          if (made[cell] !== 1) {
            const outer = margin;
            margin = Infinity;
            values[cell] = compute();
            margins[cell] = margin;
            made[cell] = 1;
            margin = outer;
          }
          margin = Math.min(margin, margins[cell] ?? Infinity);
          return values[cell] ?? null;
        },
      };
    },
    takeMargin: () => {
      const taken = margin;
      margin = Infinity;
      return taken;
    },
  };
};
