/** What each reduction means: it skips the cells that do not exist, and always exists itself. */
import type { SReduceOp, SType } from "../check/spec.ts";
import type { Arithmetic } from "./number.ts";

/** Calls `f` with the value and the index along the reduced axis of each cell that exists, in order. */
export type Cells<T> = (f: (value: T, at: number) => void) => void;

const LEAST_INT = -(2 ** 31);
const GREATEST_INT = 2 ** 31 - 1;

/** `max` and `kth_largest` of nothing. */
const lowest = (type: SType): number => (type === "int" ? LEAST_INT : -Infinity);
const highest = (type: SType): number => (type === "int" ? GREATEST_INT : Infinity);

/** The reduction of cells; `type` is the argument's, `k` the rank of `kth_largest`. (`cumsum` is the sum of the cells up to its own.) */
export const reducer = <T>(
  ar: Arithmetic<T>,
  op: Exclude<SReduceOp, "cumsum">,
  type: SType,
  k: number,
): ((cells: Cells<T>) => T) => {
  const fold =
    (start: number, step: (x: T, y: T) => T) =>
    (cells: Cells<T>): T => {
      let all = ar.of(start, type);
      cells((x) => (all = step(all, x)));
      return all;
    };
  const number = (cells: Cells<T>): number => {
    let n = 0;
    cells(() => n++);
    return n;
  };
  const holds = (cells: Cells<T>): number => {
    let n = 0;
    cells((x) => (n += ar.value(x)));
    return n;
  };
  const sum = fold(0, ar.binary("+", type));
  const [minus, times, over] = [ar.binary("-", type), ar.binary("*", type), ar.binary("/", type)];
  const mean = (cells: Cells<T>): T => {
    const n = number(cells);
    return n === 0 ? ar.of(0, type) : over(sum(cells), ar.of(n, "float"));
  };
  /** The index of the first cell than which none is better. */
  const first =
    (better: (x: T, y: T) => T) =>
    (cells: Cells<T>): T => {
      let best: { readonly x: T; readonly at: number } | null = null;
      cells((x, at) => {
        if (best === null || ar.value(better(x, best.x)) !== 0) best = { x, at };
      });
      return ar.of((best as { readonly at: number } | null)?.at ?? 0, "int");
    };
  switch (op) {
    case "sum":
      return sum;
    case "prod":
      return fold(1, times);
    case "max":
      return fold(lowest(type), ar.binary("max", type));
    case "min":
      return fold(highest(type), ar.binary("min", type));
    case "mean":
      return mean;
    case "var":
      return (cells) => {
        const m = mean(cells);
        const square = (x: T): T => times(minus(x, m), minus(x, m));
        return mean((f) => cells((x, at) => f(square(x), at)));
      };
    case "any":
      return (cells) => ar.of(holds(cells) > 0 ? 1 : 0, "bool");
    case "all":
      return (cells) => ar.of(holds(cells) === number(cells) ? 1 : 0, "bool");
    case "count":
      return (cells) => ar.of(holds(cells), "int");
    case "argmax":
      return first(ar.binary(">", type));
    case "argmin":
      return first(ar.binary("<", type));
    case "kth_largest":
      return (cells) => {
        const values: T[] = [];
        cells((x) => values.push(x));
        // Where NaN stands in the order is up to the device: the answer is as little known as NaN.
        const unordered = values.find((x) => Number.isNaN(ar.value(x)));
        if (unordered !== undefined) return unordered;
        values.sort((x, y) => ar.value(y) - ar.value(x));
        return values[Math.min(k, values.length) - 1] ?? ar.of(lowest(type), type);
      };
  }
};
