/** Arithmetic on closed intervals of f64, infinities included. Sound: the result holds every value the operation can give. */

/** All values from `lo` to `hi`; `lo <= hi`. */
export type Interval = { readonly lo: number; readonly hi: number };

export const ALL: Interval = { lo: -Infinity, hi: Infinity };

export const interval = (lo: number, hi: number): Interval => ({ lo, hi });

export const point = (x: number): Interval => ({ lo: x, hi: x });

/** Zero times anything is zero: an infinite end stands for values as large as you like, not for infinity itself. */
const times = (a: number, b: number): number => (a === 0 || b === 0 ? 0 : a * b);

const span = (xs: readonly number[]): Interval =>
  xs.some(Number.isNaN) ? ALL : { lo: Math.min(...xs), hi: Math.max(...xs) };

export const addI = (a: Interval, b: Interval): Interval => {
  const [lo, hi] = [a.lo + b.lo, a.hi + b.hi];
  return { lo: Number.isNaN(lo) ? -Infinity : lo, hi: Number.isNaN(hi) ? Infinity : hi };
};

export const negI = (a: Interval): Interval => ({ lo: -a.hi, hi: -a.lo });

export const subI = (a: Interval, b: Interval): Interval => addI(a, negI(b));

export const mulI = (a: Interval, b: Interval): Interval =>
  span([times(a.lo, b.lo), times(a.lo, b.hi), times(a.hi, b.lo), times(a.hi, b.hi)]);

export const squareI = (a: Interval): Interval => {
  const m = absI(a);
  return { lo: m.lo * m.lo, hi: m.hi * m.hi };
};

/** Real division; everything when the divisor can be zero inside. */
export const divI = (a: Interval, b: Interval): Interval => {
  if (b.lo < 0 && b.hi > 0) return ALL;
  if (b.hi <= 0) return b.lo === 0 ? ALL : divI(negI(a), negI(b));
  const over = (x: number, y: number): number => (y === Infinity || x === 0 ? 0 : x / (y + 0)); // -0 is where a negated divisor begins
  return span([over(a.lo, b.lo), over(a.lo, b.hi), over(a.hi, b.lo), over(a.hi, b.hi)]);
};

export const absI = (a: Interval): Interval =>
  a.lo >= 0 ? a : a.hi <= 0 ? negI(a) : { lo: 0, hi: Math.max(-a.lo, a.hi) };

export const minI = (a: Interval, b: Interval): Interval => ({ lo: Math.min(a.lo, b.lo), hi: Math.min(a.hi, b.hi) });

export const maxI = (a: Interval, b: Interval): Interval => ({ lo: Math.max(a.lo, b.lo), hi: Math.max(a.hi, b.hi) });

/** The smallest interval that holds both. */
export const hull = (a: Interval, b: Interval): Interval => ({ lo: Math.min(a.lo, b.lo), hi: Math.max(a.hi, b.hi) });

/** What both hold; they must not be disjoint. */
export const meet = (a: Interval, b: Interval): Interval => ({ lo: Math.max(a.lo, b.lo), hi: Math.min(a.hi, b.hi) });

/** A function that never decreases. */
export const rising = (f: (x: number) => number, a: Interval): Interval => ({ lo: f(a.lo), hi: f(a.hi) });

/** Integer floor division by a divisor that is at least 1; everything otherwise. */
export const floorDivI = (a: Interval, b: Interval): Interval => (b.lo < 1 ? ALL : rising(Math.floor, divI(a, b)));

/** Integer remainder (sign of the divisor), exact when the quotient is the same throughout; divisor at least 1. */
export const floorModI = (a: Interval, b: Interval): Interval => {
  if (b.lo < 1) return ALL;
  if (b.lo === b.hi && Number.isFinite(b.lo) && Math.floor(a.lo / b.lo) === Math.floor(a.hi / b.lo)) {
    const turns = b.lo * Math.floor(a.lo / b.lo);
    return { lo: a.lo - turns, hi: a.hi - turns };
  }
  if (a.lo >= 0 && a.hi < b.lo) return a;
  return { lo: 0, hi: b.hi - 1 };
};

/** The largest magnitude. */
export const magnitude = (a: Interval): number => Math.max(Math.abs(a.lo), Math.abs(a.hi));

/** A truth value known to hold (1), known not to (0), or not known. */
export type Truth = 0 | 1 | "?";

export const lessEqual = (a: Interval, b: Interval): Truth => (a.hi <= b.lo ? 1 : a.lo > b.hi ? 0 : "?");

export const equal = (a: Interval, b: Interval): Truth =>
  a.lo === a.hi && b.lo === b.hi && a.lo === b.lo ? 1 : a.hi < b.lo || b.hi < a.lo ? 0 : "?";

export const notT = (a: Truth): Truth => (a === "?" ? "?" : a === 1 ? 0 : 1);

export const andT = (a: Truth, b: Truth): Truth => (a === 0 || b === 0 ? 0 : a === 1 && b === 1 ? 1 : "?");

export const orT = (a: Truth, b: Truth): Truth => notT(andT(notT(a), notT(b)));
