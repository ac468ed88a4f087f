/** The numbers that the interpreter computes with: plain f64, f64 rounded to f32 after every operation of floats, or measured. */
import type { SBinaryOp, SType, SUnaryOp } from "../check/spec.ts";
import { binaryMeaning, unaryMeaning } from "./scalar.ts";

/** The value at a cell; null: the cell does not exist. */
export type Cell<T> = T | null;

export type Arithmetic<T> = {
  /** A literal, an input, an index. */
  readonly of: (value: number, type: SType) => T;
  readonly value: (x: T) => number;
  /** `type`: of the operand. */
  readonly unary: (op: SUnaryOp, type: SType) => (x: T) => T;
  /** `type`: of the operands. */
  readonly binary: (op: SBinaryOp, type: SType) => (x: T, y: T) => T;
  /** A table of cells, empty. */
  readonly table: (cells: number) => Table<T>;
};

/** Remembers the value of each cell; `get` computes it when it is first asked for. */
export type Table<T> = {
  readonly has: (cell: number) => boolean;
  readonly get: (cell: number, compute: () => Cell<T>) => Cell<T>;
};

/** Plain numbers. `f32`: every result of a float operation is rounded. */
export const plain = (f32: boolean): Arithmetic<number> => {
  const rounded = (type: SType): boolean => f32 && type === "float";
  return {
    of: (value, type) => (rounded(type) ? Math.fround(value) : value),
    value: (x) => x,
    unary: (op, type) => {
      const f = unaryMeaning(op);
      return rounded(type) || (f32 && op === "float") ? (x) => Math.fround(f(x)) : f;
    },
    binary: (op, type) => {
      const f = binaryMeaning(op, type);
      return rounded(type) ? (x, y) => Math.fround(f(x, y)) : f;
    },
    table: (cells) => {
      const values = new Float64Array(cells);
      const state = new Uint8Array(cells);
      return {
        has: (cell) => state[cell] !== 0,
        get: (cell, compute) => {
          if (state[cell] === EXISTS) return values[cell] as number;
          if (state[cell] === MISSING) return null;
          const value = compute();
          state[cell] = value === null ? MISSING : EXISTS;
          values[cell] = value ?? 0;
          return value;
        },
      };
    },
  };
};

const EXISTS = 1;
const MISSING = 2;
