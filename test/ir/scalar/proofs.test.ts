/** The prover of `form >= 0` and bounds over boxes, at their edges: what is proved is tight, and what does not hold is never proved. */
import { describe, expect, test } from "vitest";
import { graphBuilder } from "../../../src/ir/graph/build.ts";
import { evaluateGraph } from "../../../src/ir/graph/eval.ts";
import type { NodeId } from "../../../src/ir/graph/graph.ts";
import {
  linAdd,
  linConst,
  linearOf,
  linearOfSize,
  linScale,
  provablyNonNegative,
} from "../../../src/ir/scalar/affine.ts";
import { boundOverBox } from "../../../src/ir/scalar/box-ends.ts";
import { streamBounds } from "../../../src/ir/scalar/bounds.ts";
import { follows } from "../../../src/ir/scalar/defined.ts";
import { settled } from "../../../src/ir/scalar/settle.ts";
import type { SizeExpr } from "../../../src/base/size.ts";
import { axes, graphOf, scalar, tensor } from "../../graph/helpers.ts";

/** Fresh for each question: what was found once is remembered. */
const make = () => {
  const b = graphBuilder(
    axes({
      q: ["*", "N", 4],
      t: ["*", "N", 3],
      h: ["*", "G", "R"],
      x: ["+", "N", "P"],
      i: "N",
      d: 6,
      y: ["*", ["-", "N", 1], "R"],
      o: ["+", ["+", "N", "P"], "G"],
    }),
  );
  const [q = 0, t = 0, h = 0, x = 0, i = 0, d = 0, y = 0, o = 0] = [0, 1, 2, 3, 4, 5, 6, 7].map((a) => b.index(a));
  const int = (v: number): NodeId => b.konst(v, "i32");
  const bi =
    (op: "+" | "-" | "*" | "/" | "%" | "min" | "max") =>
    (p: NodeId, r: NodeId): NodeId =>
      b.binary(op, p, r);
  const [add, sub, mul, div, mod, min, max] = (["+", "-", "*", "/", "%", "min", "max"] as const).map(bi) as [
    F,
    F,
    F,
    F,
    F,
    F,
    F,
  ];
  type F = ReturnType<typeof bi>;
  return {
    b,
    q,
    t,
    h,
    x,
    i,
    d,
    y,
    o,
    int,
    add,
    sub,
    mul,
    div,
    mod,
    min,
    max,
    n: (s: SizeExpr) => b.sizeOf(s),
    w: b.scalar("w", "i32"),
  };
};
type Kit = ReturnType<typeof make>;

/** Whether the value, and whether the value less one, is proved to be at least zero. */
const proved = (of: (k: Kit) => NodeId): readonly [boolean, boolean] =>
  [0, 1].map((less) => {
    const k = make();
    return provablyNonNegative(k.b, linAdd(linearOf(k.b, of(k)), linConst(-less)));
  }) as unknown as readonly [boolean, boolean];

describe("tight", () => {
  test.each<readonly [string, (k: Kit) => NodeId]>([
    ["a quotient of a multiple", (k) => k.sub(k.sub(k.n("N"), k.int(1)), k.div(k.q, k.int(4)))],
    ["twice that", (k) => k.sub(k.sub(k.mul(k.n("N"), k.int(2)), k.int(1)), k.div(k.q, k.int(2)))],
    ["a quotient of more", (k) => k.sub(k.n("N"), k.div(k.add(k.q, k.int(1)), k.int(4)))],
    ["a quotient of a sum", (k) => k.sub(k.n("N"), k.div(k.add(k.q, k.int(4)), k.int(4)))],
    ["at least zero", (k) => k.div(k.q, k.int(4))],
    ["at least minus one", (k) => k.add(k.div(k.sub(k.q, k.int(1)), k.int(4)), k.int(1))],
    ["of a known size", (k) => k.sub(k.int(1), k.div(k.d, k.int(3)))],
    ["a product by its second factor", (k) => k.sub(k.sub(k.n("G"), k.int(1)), k.div(k.h, k.n("R")))],
    ["and one more", (k) => k.sub(k.n("G"), k.div(k.add(k.h, k.int(1)), k.n("R")))],
    ["a factor that is a difference", (k) => k.sub(k.sub(k.n("N"), k.int(2)), k.div(k.y, k.n("R")))],
    ["a size at hand is one at least", (k) => k.sub(k.add(k.n("N"), k.i), k.int(1))],
    ["a factor of a size at hand too", (k) => k.sub(k.add(k.n("R"), k.h), k.int(1))],
    ["a sum of sizes at hand", (k) => k.sub(k.add(k.add(k.n("N"), k.n("P")), k.x), k.int(1))],
    ["a sum of three", (k) => k.sub(k.add(k.add(k.add(k.n("N"), k.n("P")), k.n("G")), k.o), k.int(1))],
    ["the last of a sum", (k) => k.sub(k.sub(k.add(k.n("N"), k.n("P")), k.int(1)), k.x)],
    ["a rest", (k) => k.mod(k.q, k.int(4))],
    ["below its divisor", (k) => k.sub(k.int(3), k.mod(k.q, k.int(4)))],
    ["a rest by a size", (k) => k.sub(k.sub(k.n("G"), k.int(1)), k.mod(k.q, k.n("G")))],
    ["a rest by a sum of sizes", (k) => k.sub(k.sub(k.n(["+", "N", "P"]), k.int(1)), k.mod(k.q, k.n(["+", "N", "P"])))],
    ["the lesser, the first known", (k) => k.sub(k.sub(k.n("N"), k.int(1)), k.min(k.i, k.w))],
    ["the lesser, the second known", (k) => k.sub(k.sub(k.n("N"), k.int(1)), k.min(k.w, k.i))],
    ["the greater, the first known", (k) => k.max(k.i, k.w)],
    ["the greater, the second known", (k) => k.max(k.w, k.i)],
    ["minus the lesser of negatives", (k) => k.sub(k.int(0), k.min(k.sub(k.int(0), k.i), k.w))],
    ["a rest in a quotient", (k) => k.sub(k.int(1), k.div(k.mod(k.w, k.int(6)), k.int(3)))],
  ])("%s", (_, of) => expect(proved(of)).toEqual([true, false]));
});

describe("not proved", () => {
  test.each<readonly [string, (k: Kit) => NodeId]>([
    [
      "a quotient that is not whole",
      (k) => k.sub(k.sub(k.mul(k.n("N"), k.int(3)), k.int(2)), k.mul(k.int(2), k.div(k.t, k.int(2)))),
    ],
    ["a quotient by the other factor", (k) => k.sub(k.sub(k.n("R"), k.int(1)), k.div(k.h, k.n("R")))],
    ["by more than a factor", (k) => k.sub(k.sub(k.n("G"), k.int(2)), k.div(k.h, k.n("R")))],
    [
      "a quotient of a product and one, as one more",
      (k) => k.sub(k.div(k.add(k.n(["*", "G", "R"]), k.int(1)), k.n("R")), k.add(k.n("G"), k.int(1))),
    ],
    [
      "a quotient of a product less two, as two less",
      (k) => k.sub(k.sub(k.n("G"), k.int(2)), k.div(k.sub(k.n(["*", "G", "R"]), k.int(2)), k.n("R"))),
    ],
    ["a quotient by what may be negative", (k) => k.div(k.q, k.w)],
    ["a quotient by a negative number", (k) => k.div(k.q, k.int(-2))],
    ["a rest by what may be negative", (k) => k.mod(k.q, k.w)],
    ["below what may be negative", (k) => k.sub(k.sub(k.w, k.int(1)), k.mod(k.q, k.w))],
    ["a rest by a negative number", (k) => k.sub(k.int(-4), k.mod(k.q, k.int(-3)))],
    ["a rest by a difference of sizes", (k) => k.mod(k.q, k.n(["-", "N", "P"]))],
    ["a size that is not at hand", (k) => k.sub(k.n("G"), k.int(1))],
    ["a size beside one that is", (k) => k.sub(k.add(k.n("P"), k.i), k.int(1))],
    ["one of a sum at hand", (k) => k.sub(k.add(k.n("N"), k.x), k.int(1))],
    ["an index below another size", (k) => k.sub(k.n("P"), k.i)],
    ["minus an index", (k) => k.sub(k.int(0), k.i)],
    ["a scalar", (k) => k.w],
    ["the greater of a scalar and -1", (k) => k.max(k.w, k.int(-1))],
    ["the lesser of a scalar and an index", (k) => k.min(k.w, k.i)],
    ["a magnitude less one", (k) => k.sub(k.b.unary("abs", k.i), k.int(1))],
    ["a product of an index and a scalar", (k) => k.mul(k.i, k.w)],
  ])("%s", (_, of) => expect(proved(of)[0]).toBe(false));

  test("a size of none", () => {
    const { b, n } = make();
    expect(provablyNonNegative(b, linAdd(linearOf(b, n("G")), linConst(-1)))).toBe(false);
    expect(provablyNonNegative(b, linAdd(linearOf(b, n("G")), linConst(-1)), [], ["G"])).toBe(true);
    expect(provablyNonNegative(b, linAdd(linearOf(b, n("G")), linConst(-1)), [], [["*", "G", "R"]])).toBe(true);
    expect(provablyNonNegative(b, linAdd(linearOf(b, n("G")), linConst(-1)), [], [["+", "G", "R"]])).toBe(false);
    expect(provablyNonNegative(b, linAdd(linearOf(b, n("G")), linConst(-1)), [], [3])).toBe(false);
  });

  test("facts, one and two", () => {
    const { b, i, w, n } = make();
    const of = linAdd(linearOf(b, w), linearOf(b, i), -1);
    const [atLeastI, alsoN] = [of, linAdd(linearOf(b, n("N")), linearOf(b, w), -1)];
    expect(provablyNonNegative(b, of)).toBe(false);
    expect(provablyNonNegative(b, of, [atLeastI])).toBe(true);
    expect(provablyNonNegative(b, linAdd(of, linConst(-1)), [atLeastI])).toBe(false);
    expect(provablyNonNegative(b, linearOf(b, w), [atLeastI])).toBe(true);
    // w >= i and N >= w give N >= i, but not N > i.
    const both = linAdd(linearOf(b, n("G")), linearOf(b, i), -1);
    const [up, down] = [linAdd(linearOf(b, n("G")), linearOf(b, w), -1), atLeastI];
    expect(provablyNonNegative(b, both, [up])).toBe(false);
    expect(provablyNonNegative(b, both, [up, down])).toBe(true);
    expect(provablyNonNegative(b, both, [alsoN, up, down])).toBe(true);
    expect(provablyNonNegative(b, linAdd(both, linConst(-1)), [up, down])).toBe(false);
  });
});

test("comparisons that are settled", () => {
  const { b, i, d, n, int } = make();
  const of = (op: "<" | "<=" | ">" | ">=" | "==" | "!=", x: NodeId, y: NodeId): 0 | 1 | null =>
    settled(b, b.binary(op, x, y));
  expect([of("<", i, n("N")), of("<=", n("N"), i), of(">=", i, int(0)), of(">", int(0), i)]).toEqual([1, 0, 1, 0]);
  expect([of("<", d, int(6)), of("<", d, int(5)), of(">", d, int(5)), of(">", d, int(4))]).toEqual([1, null, 0, null]);
  expect([of("==", d, int(6)), of("==", d, int(5)), of("==", d, int(-1)), of("!=", d, int(6))]).toEqual([
    0,
    null,
    0,
    null,
  ]);
  expect(settled(b, b.binary("<", b.unary("float", i), b.konst(3, "f32")))).toBe(null);
  expect(settled(b, b.load("p", [i], "bool"))).toBe(null);
});

test("a form of a size", () => {
  const { b, n } = make();
  for (const s of ["N", ["+", "N", 3], ["-", ["*", 2, "N"], "P"], 7] as SizeExpr[])
    expect(linAdd(linearOfSize(s)!, linScale(linearOf(b, n(s)), -1))).toEqual(linConst(0));
});

describe("over a box", () => {
  const values = (of: (k: Kit) => NodeId, w: number): readonly [number | null, number | null, number, number] => {
    const k = make();
    const id = of(k);
    const box = new Map([[5, { lo: k.int(1), hi: k.int(4) }]]);
    const ends = (["min", "max"] as const).map((which) => boundOverBox(k.b, id, box, which));
    const all = [id, ...ends.filter((x) => x !== null)];
    const graph = graphOf(
      k.b,
      all.map((x, m) => tensor(`t${m}`, k.b.node(x).axes, "output", "i32")),
      Object.fromEntries(all.map((x, m) => [`t${m}`, x])),
      { scalars: [scalar("w", "i32")] },
    );
    const out = evaluateGraph(graph, { sizes: { N: 9, P: 2, G: 3, R: 2 }, tensors: {}, scalars: { w } });
    const cells = k.b.node(id).axes.length === 0 ? [out["t0"]![0]!] : [...out["t0"]!].slice(1, 5);
    const found = ends.map((x) => (x === null ? null : (out[`t${all.indexOf(x)}`]?.[0] ?? null)));
    return [found[0] ?? null, found[1] ?? null, Math.min(...cells), Math.max(...cells)];
  };
  test.each<readonly [string, (k: Kit) => NodeId]>([
    ["an index", (k) => k.d],
    ["a sum", (k) => k.add(k.d, k.w)],
    ["a difference", (k) => k.sub(k.w, k.d)],
    ["times 3", (k) => k.mul(k.d, k.int(3))],
    ["times -3", (k) => k.mul(k.d, k.int(-3))],
    ["times a size", (k) => k.mul(k.d, k.n("N"))],
    ["by 3", (k) => k.div(k.d, k.int(3))],
    ["by a size", (k) => k.div(k.mul(k.d, k.int(5)), k.n("N"))],
    ["of another", (k) => k.min(k.w, k.int(3))],
    ["the lesser", (k) => k.min(k.d, k.w)],
    ["the greater", (k) => k.max(k.sub(k.int(3), k.d), k.w)],
    ["minus", (k) => k.b.unary("neg", k.d)],
    ["a magnitude", (k) => k.b.unary("abs", k.sub(k.d, k.int(2)))],
    ["a magnitude, all above", (k) => k.b.unary("abs", k.add(k.d, k.int(2)))],
    ["a magnitude, all below", (k) => k.b.unary("abs", k.sub(k.d, k.int(20)))],
    ["a choice by another", (k) => k.b.select(k.b.binary(">", k.w, k.int(0)), k.d, k.sub(k.int(0), k.d))],
  ])("attained: %s", (_, of) => {
    for (const w of [-2, 0, 1, 3, 9]) {
      const [lo, hi, least, most] = values(of, w);
      expect([lo, hi]).toEqual([least, most]);
    }
  });
  test.each<readonly [string, (k: Kit) => NodeId, number, number]>([
    ["a rest", (k) => k.mod(k.d, k.int(3)), 0, 2],
    ["a rest by a size", (k) => k.mod(k.d, k.n("N")), 0, 8],
    ["a choice by the index", (k) => k.b.select(k.b.binary(">", k.d, k.int(2)), k.d, k.int(9)), 1, 9],
    ["a sum of the same", (k) => k.add(k.d, k.b.unary("neg", k.mul(k.d, k.int(2)))), -7, 2],
  ])("bounded: %s", (_, of, lo, hi) => expect(values(of, 1).slice(0, 2)).toEqual([lo, hi]));
  test.each<readonly [string, (k: Kit) => NodeId]>([
    ["times a scalar", (k) => k.mul(k.d, k.w)],
    ["by a scalar", (k) => k.div(k.d, k.w)],
    ["by less than 1", (k) => k.div(k.d, k.int(-1))],
    ["a rest by a scalar", (k) => k.mod(k.d, k.w)],
    ["a rest by less than 1", (k) => k.mod(k.d, k.int(-2))],
    ["data", (k) => k.b.load("a", [k.d], "i32")],
    ["a sum with data", (k) => k.add(k.d, k.b.load("a", [k.d], "i32"))],
    ["data and a sum", (k) => k.add(k.b.load("a", [k.d], "i32"), k.d)],
    ["a choice of data", (k) => k.b.select(k.b.binary(">", k.w, k.int(0)), k.b.load("a", [k.d], "i32"), k.d)],
    ["a sign", (k) => k.b.unary("sign", k.d)],
  ])("not known: %s", (_, of) => {
    const k = make();
    const box = new Map([[5, { lo: k.int(1), hi: k.int(4) }]]);
    expect(boundOverBox(k.b, of(k), box, "min")).toBe(null);
    expect(boundOverBox(k.b, of(k), box, "max")).toBe(null);
  });
});

describe("along a stream", () => {
  const kit = () => {
    const b = graphBuilder(axes({ i: 9, j: 20 }));
    const [i, j] = [b.index(0), b.index(1)];
    const on = (name: string): NodeId => b.load(name, [j], "bool");
    return {
      b,
      i,
      j,
      on,
      int: (v: number) => b.konst(v, "i32"),
      f: (v: number) => b.konst(v, "f32"),
      p: b.scalar("p", "f32"),
    };
  };
  test("a condition that stands twice is asked once", () => {
    const { b, on } = kit();
    const [p, q, r] = [on("p"), on("q"), on("r")];
    const neither = (x: NodeId, y: NodeId): NodeId => b.unary("not", b.binary("or", x, y));
    expect(streamBounds(b, b.binary("and", neither(p, q), neither(p, r)), 1).rest).toEqual(
      [p, q, r].map((x) => b.unary("not", x)),
    );
  });
  test("bounds that are said twice are there once", () => {
    const { b, i, j } = kit();
    const [le, not] = [b.binary("<=", j, i), b.unary("not", b.binary(">", j, i))];
    const found = streamBounds(b, b.binary("and", le, not), 1);
    expect([found.lower.length, found.upper.length, found.exact]).toEqual([0, 1, true]);
  });
  test("constants that hold are not asked", () => {
    const { b, i, j, int } = kit();
    const always = b.binary("or", b.binary("<=", j, i), b.binary("<", int(1), int(2)));
    expect(streamBounds(b, always, 1)).toEqual({ lower: [], upper: [], exact: true, rest: [] });
  });

  /** Bounds by trying all cells: where they are exact they hold just where the condition does. */
  const holds = (where: (k: ReturnType<typeof kit>) => NodeId): readonly [number, number, boolean] => {
    const k = kit();
    const id = where(k);
    const { lower, upper, exact, rest } = streamBounds(k.b, id, 1);
    const inside = k.b.and(
      ...lower.map((x) => k.b.binary(">=", k.j, x.node)),
      ...upper.map((x) => k.b.binary("<=", k.j, x.node)),
      ...rest,
    );
    const got = k.b.binary("or", inside ?? k.b.konst(1, "bool"), k.b.load("none", [k.i, k.j], "bool"));
    const want = k.b.binary("or", id, k.b.load("none", [k.i, k.j], "bool"));
    const none = new Array<number>(180).fill(0);
    for (const p of [-3.5, 0, 0.5, 2, 7.25]) {
      const graph = graphOf(
        k.b,
        [
          tensor("none", [0, 1], "input", "bool"),
          tensor("want", [0, 1], "output", "bool"),
          tensor("got", [0, 1], "output", "bool"),
        ],
        { want, got },
        { scalars: [scalar("p", "f32")] },
      );
      const out = evaluateGraph(graph, { sizes: {}, tensors: { none }, scalars: { p } });
      expect(out["got"]).toEqual(out["want"]);
    }
    return [lower.length, upper.length, exact];
  };
  test.each<readonly [string, (k: ReturnType<typeof kit>) => NodeId, number, number, boolean]>([
    ["j < p", (k) => k.b.binary("<", k.b.unary("float", k.j), k.p), 0, 1, true],
    ["j <= p", (k) => k.b.binary("<=", k.b.unary("float", k.j), k.p), 0, 1, true],
    ["j > p", (k) => k.b.binary(">", k.b.unary("float", k.j), k.p), 1, 0, true],
    ["j >= p", (k) => k.b.binary(">=", k.b.unary("float", k.j), k.p), 1, 0, true],
    ["p < j", (k) => k.b.binary("<", k.p, k.b.unary("float", k.j)), 1, 0, true],
    ["p <= j", (k) => k.b.binary("<=", k.p, k.b.unary("float", k.j)), 1, 0, true],
    ["p > j", (k) => k.b.binary(">", k.p, k.b.unary("float", k.j)), 0, 1, true],
    ["p >= j", (k) => k.b.binary(">=", k.p, k.b.unary("float", k.j)), 0, 1, true],
    ["not (j < p)", (k) => k.b.unary("not", k.b.binary("<", k.b.unary("float", k.j), k.p)), 1, 0, true],
    ["j == p", (k) => k.b.binary("==", k.b.unary("float", k.j), k.p), 0, 0, false],
    ["sqrt(j) < p", (k) => k.b.binary("<", k.b.unary("sqrt", k.b.unary("float", k.j)), k.p), 0, 0, false],
    [
      "float of a quotient",
      (k) => k.b.binary("<", k.b.unary("float", k.b.binary("/", k.j, k.int(3))), k.p),
      0,
      1,
      true,
    ],
    ["j / 3 >= i", (k) => k.b.binary(">=", k.b.binary("/", k.j, k.int(3)), k.i), 1, 0, true],
    ["j / 3 <= i", (k) => k.b.binary("<=", k.b.binary("/", k.j, k.int(3)), k.i), 0, 1, true],
    ["j / 1 <= i", (k) => k.b.binary("<=", k.b.binary("/", k.b.binary("+", k.j, k.int(1)), k.int(1)), k.i), 0, 1, true],
    ["j % 3 <= i", (k) => k.b.binary("<=", k.b.binary("%", k.j, k.int(3)), k.i), 0, 0, false],
    ["|j - i| <= 3", (k) => k.b.binary("<=", k.b.unary("abs", k.b.binary("-", k.j, k.i)), k.int(3)), 1, 1, true],
    ["|j - i| >= 3", (k) => k.b.binary(">=", k.b.unary("abs", k.b.binary("-", k.j, k.i)), k.int(3)), 0, 0, false],
    ["max(j, i) <= 5", (k) => k.b.binary("<=", k.b.binary("max", k.j, k.i), k.int(5)), 0, 1, false],
    ["min(j, 3) <= i", (k) => k.b.binary("<=", k.b.binary("min", k.j, k.int(3)), k.i), 0, 0, false],
    ["i j <= 20", (k) => k.b.binary("<=", k.b.binary("*", k.i, k.j), k.int(20)), 0, 0, false],
    [
      "j <= i or j >= 12",
      (k) => k.b.binary("or", k.b.binary("<=", k.j, k.i), k.b.binary(">=", k.j, k.int(12))),
      0,
      0,
      false,
    ],
    ["j < i or j < 3", (k) => k.b.binary("or", k.b.binary("<", k.j, k.i), k.b.binary("<", k.j, k.int(3))), 0, 1, true],
    ["two bands", (k) => k.b.binary("or", k.b.binary("==", k.j, k.i), k.b.binary("==", k.j, k.int(3))), 1, 1, false],
  ])("%s", (_, where, lower, upper, exact) => expect(holds(where)).toEqual([lower, upper, exact]));
});

test("conditions that follow from others", () => {
  const { b, i } = make();
  const [p, q, r] = ["p", "q", "r"].map((n) => b.load(n, [i], "bool")) as [NodeId, NodeId, NodeId];
  const and = (x: NodeId, y: NodeId): NodeId => b.binary("and", x, y);
  expect([follows(b, null, null), follows(b, null, p), follows(b, p, p), follows(b, p, null)]).toEqual([
    true,
    true,
    true,
    false,
  ]);
  expect([
    follows(b, p, and(p, q)),
    follows(b, and(q, p), and(and(p, r), q)),
    follows(b, and(p, q), p),
    follows(b, r, and(p, q)),
  ]).toEqual([true, true, false, false]);
});
