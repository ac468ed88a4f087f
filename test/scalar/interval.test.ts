/** Intervals hold every value an operation can give, and no end that none does; three-valued logic says what all completions say. */
import { describe, expect, test } from "vitest";
import {
  absI,
  addI,
  ALL,
  andT,
  divI,
  equal,
  floorDivI,
  floorModI,
  hull,
  interval,
  lessEqual,
  magnitude,
  maxI,
  meet,
  minI,
  mulI,
  negI,
  notT,
  orT,
  point,
  rising,
  squareI,
  subI,
  type Interval,
  type Truth,
} from "../../src/ir/scalar/interval.ts";

const ENDS = [-3, -2, -1, 0, 1, 2, 3];
const FINITE: readonly Interval[] = ENDS.flatMap((lo) => ENDS.filter((hi) => hi >= lo).map((hi) => interval(lo, hi)));
/** The integers of an interval: enough for operations that are extreme at whole numbers. */
const whole = ({ lo, hi }: Interval): number[] => Array.from({ length: hi - lo + 1 }, (_, k) => lo + k);
const holds = ({ lo, hi }: Interval, x: number): boolean => x >= lo && x <= hi;
const hullOf = (xs: readonly number[]): Interval => ({ lo: Math.min(...xs) + 0, hi: Math.max(...xs) + 0 });
const plain = ({ lo, hi }: Interval): Interval => ({ lo: lo + 0, hi: hi + 0 });

test.each<readonly [string, (a: Interval, b: Interval) => Interval, (x: number, y: number) => number]>([
  ["+", addI, (x, y) => x + y],
  ["-", subI, (x, y) => x - y],
  ["*", mulI, (x, y) => x * y],
  ["min", minI, Math.min],
  ["max", maxI, Math.max],
])("%s is tight", (_, of, f) => {
  for (const a of FINITE)
    for (const b of FINITE)
      expect(plain(of(a, b)), JSON.stringify([a, b])).toEqual(
        hullOf(whole(a).flatMap((x) => whole(b).map((y) => f(x, y)))),
      );
});

test.each<readonly [string, (a: Interval) => Interval, (x: number) => number]>([
  ["negation", negI, (x) => -x],
  ["absolute value", absI, Math.abs],
  ["square", squareI, (x) => x * x],
  ["a rising function", (a) => rising(Math.atan, a), Math.atan],
])("%s is tight", (_, of, f) => {
  for (const a of FINITE) expect(plain(of(a))).toEqual(hullOf(whole(a).map(f)));
});

describe("division", () => {
  test("is tight where the divisor keeps off zero", () => {
    for (const a of FINITE)
      for (const b of FINITE.filter((x) => x.lo > 0 || x.hi < 0))
        expect(plain(divI(a, b)), JSON.stringify([a, b])).toEqual(
          hullOf(whole(a).flatMap((x) => whole(b).map((y) => x / y))),
        );
  });
  test("by what may be zero", () => {
    expect(divI(interval(1, 2), interval(-1, 1))).toEqual(ALL);
    expect(divI(interval(1, 2), interval(0, 4))).toEqual({ lo: 0.25, hi: Infinity });
    expect(divI(interval(1, 2), interval(-4, 0))).toEqual({ lo: -Infinity, hi: -0.25 });
    expect(divI(interval(-2, -1), interval(-4, 0))).toEqual({ lo: 0.25, hi: Infinity });
    expect(divI(interval(1, 2), interval(0, 0))).toEqual(ALL);
    expect(plain(divI(interval(0, 1), interval(2, Infinity)))).toEqual({ lo: 0, hi: 0.5 });
  });
  test("of integers", () => {
    for (const a of FINITE)
      for (const b of FINITE) {
        const [q, r] = [floorDivI(a, b), floorModI(a, b)];
        if (b.lo < 1) {
          expect([q, r]).toEqual([ALL, ALL]);
          continue;
        }
        expect(plain(q)).toEqual(hullOf(whole(a).flatMap((x) => whole(b).map((y) => Math.floor(x / y)))));
        for (const x of whole(a))
          for (const y of whole(b)) expect(holds(r, x - y * Math.floor(x / y)), JSON.stringify([a, b])).toBe(true);
      }
    expect(plain(floorModI(interval(5, 6), point(4)))).toEqual({ lo: 1, hi: 2 });
    expect(plain(floorModI(interval(-3, -2), point(4)))).toEqual({ lo: 1, hi: 2 });
    expect(plain(floorModI(interval(3, 4), point(4)))).toEqual({ lo: 0, hi: 3 });
    expect(floorModI(interval(0, 2), interval(3, 9))).toEqual({ lo: 0, hi: 2 });
    expect(floorModI(interval(0, 3), interval(3, 9))).toEqual({ lo: 0, hi: 8 });
    expect(floorModI(interval(-1, 2), interval(3, 9))).toEqual({ lo: 0, hi: 8 });
    expect(floorModI(interval(0, 2), interval(3, Infinity))).toEqual({ lo: 0, hi: 2 });
    expect(floorModI(interval(0, 2), point(Infinity))).toEqual({ lo: 0, hi: 2 });
  });
});

test("infinite ends", () => {
  const [up, down] = [interval(1, Infinity), interval(-Infinity, -1)];
  expect(addI(up, down)).toEqual(ALL);
  expect(addI(up, up)).toEqual({ lo: 2, hi: Infinity });
  expect(addI(interval(-Infinity, 2), interval(Infinity, Infinity))).toEqual({ lo: -Infinity, hi: Infinity });
  expect(mulI(point(0), ALL)).toEqual({ lo: 0, hi: 0 });
  expect(mulI(interval(0, 2), up)).toEqual({ lo: 0, hi: Infinity });
  expect(mulI(interval(-1, 0), up)).toEqual({ lo: -Infinity, hi: 0 });
  expect(mulI(up, down)).toEqual({ lo: -Infinity, hi: -1 });
  expect(mulI(point(NaN), up)).toEqual(ALL);
  expect(absI(ALL)).toEqual({ lo: 0, hi: Infinity });
});

test("hull, meet, magnitude", () => {
  expect(hull(interval(-1, 2), interval(4, 5))).toEqual({ lo: -1, hi: 5 });
  expect(hull(interval(4, 5), interval(-1, 2))).toEqual({ lo: -1, hi: 5 });
  expect(meet(interval(-1, 4), interval(2, 9))).toEqual({ lo: 2, hi: 4 });
  expect([magnitude(interval(-3, 2)), magnitude(interval(-1, 2))]).toEqual([3, 2]);
});

describe("truth", () => {
  const ALL_TRUTHS: readonly Truth[] = [0, 1, "?"];
  const completions = (t: Truth): readonly (0 | 1)[] => (t === "?" ? [0, 1] : [t]);
  const agreed = (xs: readonly boolean[]): Truth => (xs.every((x) => x) ? 1 : xs.some((x) => x) ? "?" : 0);

  test("says what all completions say", () => {
    for (const a of ALL_TRUTHS) {
      expect(notT(a)).toBe(agreed(completions(a).map((x) => x === 0)));
      for (const b of ALL_TRUTHS) {
        const both = completions(a).flatMap((x) => completions(b).map((y) => [x, y] as const));
        expect(andT(a, b)).toBe(agreed(both.map(([x, y]) => x === 1 && y === 1)));
        expect(orT(a, b)).toBe(agreed(both.map(([x, y]) => x === 1 || y === 1)));
      }
    }
  });

  test("of comparisons: what all pairs say", () => {
    for (const a of FINITE)
      for (const b of FINITE) {
        const each = whole(a).flatMap((x) => whole(b).map((y) => [x, y] as const));
        expect(lessEqual(a, b)).toBe(agreed(each.map(([x, y]) => x <= y)));
        // Two intervals may share no whole number and still meet: here all ends are whole.
        expect(equal(a, b)).toBe(agreed(each.map(([x, y]) => x === y)));
      }
  });
});
