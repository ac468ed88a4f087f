import { describe, expect, it } from "vitest";
import { graphBuilder, type GraphBuilder } from "../../src/ir/graph/build.ts";
import { evaluateGraph } from "../../src/ir/graph/eval.ts";
import type { NodeId } from "../../src/ir/graph/graph.ts";
import type { BinaryOp } from "../../src/base/operators.ts";
import { boundOverBox } from "../../src/ir/scalar/box-ends.ts";
import { streamBounds } from "../../src/ir/scalar/bounds.ts";
import { classifier, classify, intRange, type DomainEnv, type TileClass } from "../../src/ir/scalar/domain.ts";
import { countTiles, maskMap, tileClasses } from "../../src/ir/scalar/tiles.ts";
import { axes, graphOf, random, scalar, tensor } from "./helpers.ts";
import { data, kit, MASKS, N, W } from "./masks.ts";

/** Loads answer with the exact least and greatest value over the positions, as a table of tiles would. */
const env: DomainEnv = {
  size: () => null,
  scalar: () => null,
  load: (name, [at]) => {
    const part = at === undefined ? [] : (data[name] ?? []).slice(at.lo, at.hi + 1);
    return part.length === 0 ? null : { lo: Math.min(...part), hi: Math.max(...part) };
  },
};

const trueClass = (
  holds: (i: number, j: number) => boolean,
  i0: number,
  j0: number,
  bi: number,
  bj: number,
): TileClass => {
  let [some, every] = [false, true];
  for (let i = i0; i < i0 + bi; i++) {
    for (let j = j0; j < j0 + bj; j++) {
      if (holds(i, j)) some = true;
      else every = false;
    }
  }
  return !some ? "empty" : every ? "full" : "partial";
};

describe("masks against brute force", () => {
  for (const [bi, bj] of [
    [32, 32],
    [64, 32],
  ] as const) {
    it.each(MASKS)(`$name, tiles ${bi} x ${bj}`, ({ sym, holds }) => {
      const k = kit();
      const got = tileClasses(k.b, sym(k), { rows: 0, columns: 1, tile: [bi, bj], size: [N, N] }, env);
      const want = got.map((row, r) => row.map((_, c) => trueClass(holds, r * bi, c * bj, bi, bj)));
      // Not only sound: every empty and every full tile of these masks is found.
      expect(got).toEqual(want);
    });
  }
  it("the conditions mean what the predicates say", () => {
    for (const { name, sym, holds } of MASKS) {
      const k = kit();
      const tensors = [
        ...Object.keys(data).map((t) => tensor(t, [0], "input", "i32")),
        tensor("o", [0, 1], "output", "bool"),
      ];
      const { o } = evaluateGraph(graphOf(k.b, tensors, { o: sym(k) }), { sizes: {}, tensors: data, scalars: {} });
      const wrong = o?.findIndex((v, c) => (v !== 0) !== holds(Math.floor(c / N), c % N));
      expect(wrong, name).toBe(-1);
    }
  });
});

describe("classification", () => {
  it("uses sizes and scalars when they are known", () => {
    const b = graphBuilder(axes({ i: "N", j: "M" }));
    const where = b.binary("<=", b.index(1), b.binary("-", b.binary("+", b.index(0), b.sizeOf("M")), b.sizeOf("N")));
    const near = b.binary("<", b.binary("-", b.index(0), b.index(1)), b.scalar("w", "i32"));
    const box = new Map([
      [0, { lo: 0, hi: 7 }],
      [1, { lo: 8, hi: 15 }],
    ]);
    const known: DomainEnv = { size: (s) => (s === "N" ? 16 : 24), scalar: () => 4 };
    expect(classify(b, where, box, known)).toBe("partial");
    expect(classify(b, where, box, { ...known, size: () => 16 })).toBe("empty");
    expect(classify(b, where, box, { ...known, size: (s) => (s === "N" ? 16 : 64) })).toBe("full");
    expect(classify(b, where, box, env)).toBe("partial");
    expect(classify(b, near, box, known)).toBe("full");
    expect(classify(b, near, box, env)).toBe("partial");
    // An axis outside the box runs over its whole size.
    expect(intRange(b, b.index(1), new Map(), known)).toEqual({ lo: 0, hi: 23 });
    expect(classify(b, null, box, env)).toBe("full");
  });
  it("floats and stored masks", () => {
    const b = graphBuilder(axes({ i: 16, j: 16 }));
    const far = b.binary(">", b.unary("float", b.binary("-", b.index(0), b.index(1))), b.konst(4.5, "f32"));
    const box = (lo: number): Map<number, { lo: number; hi: number }> =>
      new Map([
        [0, { lo: 8, hi: 15 }],
        [1, { lo, hi: lo + 3 }],
      ]);
    expect([0, 4, 12].map((lo) => classify(b, far, box(lo), env))).toEqual(["full", "partial", "empty"]);
    const stored = b.load("m", [b.index(0), b.index(1)], "bool");
    expect(classify(b, stored, box(0), env)).toBe("partial");
    expect(classify(b, stored, box(0), { ...env, load: () => ({ lo: 1, hi: 1 }) })).toBe("full");
  });
  it("is sound on random conditions", () => {
    const next = random(11);
    const pick = (n: number): number => Math.floor(((next() + 1) / 2) * n);
    let settled = 0;
    for (let round = 0; round < 250; round++) {
      const b = graphBuilder(axes({ i: 12, j: 12 }));
      const int = (depth: number): NodeId => {
        if (depth === 0)
          return [b.index(0), b.index(1), b.konst(pick(9) - 4, "i32"), b.load("t", [b.index(pick(2))], "i32")][
            pick(4)
          ] as NodeId;
        if (pick(6) === 0) return b.unary("abs", int(depth - 1));
        const op = (["+", "-", "*", "min", "max", "/", "%"] as const)[pick(7)] ?? "+";
        return b.binary(op, int(depth - 1), op === "/" || op === "%" ? b.konst(1 + pick(5), "i32") : int(depth - 1));
      };
      const bool = (depth: number): NodeId => {
        if (depth === 0) return b.binary((["<", "<=", ">", ">=", "==", "!="] as const)[pick(6)] ?? "<", int(2), int(1));
        if (pick(4) === 0) return b.unary("not", bool(depth - 1));
        return b.binary(pick(2) ? "and" : "or", bool(depth - 1), bool(depth - 1));
      };
      const where = bool(2);
      const t = Array.from({ length: 12 }, () => pick(10) - 5);
      const graph = graphOf(b, [tensor("t", [0], "input", "i32"), tensor("o", [0, 1], "output", "bool")], { o: where });
      const { o } = evaluateGraph(graph, { sizes: {}, tensors: { t }, scalars: {} });
      const of = classifier(b, where, {
        ...env,
        load: (_, [at]) => {
          const part = t.slice(Math.max(0, at?.lo ?? 0), (at?.hi ?? 11) + 1);
          return { lo: Math.min(...part), hi: Math.max(...part) };
        },
      });
      for (let i = 0; i < 12; i += 3) {
        for (let j = 0; j < 12; j += 4) {
          const got = of(
            new Map([
              [0, { lo: i, hi: i + 2 }],
              [1, { lo: j, hi: j + 3 }],
            ]),
          );
          if (got === "partial") continue;
          settled++;
          expect(trueClass((p, q) => o?.[p * 12 + q] !== 0, i, j, 3, 4)).toBe(got);
        }
      }
    }
    expect(settled).toBeGreaterThan(800);
  });
});

describe("maskMap and countTiles", () => {
  const causal = (k: ReturnType<typeof kit>): NodeId =>
    k.op("and", k.op(">=", k.i, k.j), k.op("<=", k.op("-", k.i, k.j), k.int(W)));
  it("draws the tiles, with a short last one", () => {
    const k = kit();
    const grid = { rows: 0, columns: 1, tile: [32, 32] as const, size: [150, 150] as const };
    expect(maskMap(k.b, causal(k), grid, env)).toBe(["/....", "#/...", "/#/..", "./#/.", "../#/"].join("\n"));
    expect(countTiles(k.b, causal(k), grid, env)).toEqual({ empty: 13, partial: 8, full: 4 });
    expect(maskMap(k.b, null, { ...grid, size: [64, 64] }, env)).toBe("##\n##");
  });
});

/** Streams j = 0..n-1 for each i: where the bounds and the rest hold must be where the condition holds. */
const checkBounds = (
  b: GraphBuilder,
  where: NodeId,
  n: number,
  values: {
    sizes?: Record<string, number>;
    scalars?: Record<string, number>;
    tensors?: Record<string, readonly number[]>;
  } = {},
): { lower: number; upper: number; exact: boolean; rest: number } => {
  const bounds = streamBounds(b, where, 1);
  const inside =
    b.and(
      ...bounds.lower.map((l) => b.binary(">=", b.index(1), l.node)),
      ...bounds.upper.map((u) => b.binary("<=", b.index(1), u.node)),
    ) ?? b.konst(1, "bool");
  const both = b.and(inside, ...bounds.rest) ?? b.konst(1, "bool");
  for (const x of [...bounds.lower, ...bounds.upper]) expect(b.node(x.node).axes).not.toContain(1);
  const { sizes = {}, scalars = {}, tensors = {} } = values;
  const graph = graphOf(
    b,
    [
      ...Object.keys(tensors).map((t) => tensor(t, [0], "input", "i32")),
      ...["want", "got"].map((t) => tensor(t, [0, 1], "output", "bool")),
    ],
    { want: where, got: both },
    { sizes: Object.keys(sizes), scalars: Object.keys(scalars).map((s) => scalar(s, "i32")) },
  );
  const out = evaluateGraph(graph, { sizes, scalars, tensors });
  expect(out["want"]?.length).toBe(n * n);
  expect(out["want"]?.findIndex((v, c) => v !== out["got"]?.[c])).toBe(-1);
  return { lower: bounds.lower.length, upper: bounds.upper.length, exact: bounds.exact, rest: bounds.rest.length };
};

describe("streamBounds", () => {
  const exact = { exact: true, rest: 0 };
  const want: Record<string, { lower: number; upper: number; exact: boolean; rest: number }> = {
    causal: { lower: 0, upper: 1, ...exact },
    "causal + window": { lower: 1, upper: 1, ...exact },
    "bidirectional window": { lower: 1, upper: 1, ...exact },
    "prefix-LM": { lower: 0, upper: 1, ...exact },
    "sink 4 + window": { lower: 0, upper: 1, exact: false, rest: 1 },
    "block-causal 48": { lower: 0, upper: 1, ...exact },
    "chunked local 64": { lower: 1, upper: 2, ...exact },
    "dilated window": { lower: 1, upper: 1, exact: false, rest: 1 },
    "document by start": { lower: 1, upper: 1, ...exact },
    "document causal": { lower: 0, upper: 1, exact: false, rest: 1 },
    "right-aligned causal": { lower: 0, upper: 1, ...exact },
    "3i - 2j - i >= 0": { lower: 0, upper: 1, ...exact },
    "not causal or window": { lower: 1, upper: 1, ...exact },
    contradiction: { lower: 1, upper: 1, ...exact },
    axial: { lower: 0, upper: 0, exact: false, rest: 1 },
  };
  it.each(MASKS)("$name", ({ name, sym }) => {
    const k = kit();
    const got = checkBounds(k.b, sym(k), N, { tensors: data });
    if (want[name] !== undefined) expect(got).toEqual(want[name]);
  });
  it("coefficients, both signs, with sizes and scalars", () => {
    for (const c of [-3, -2, -1, 1, 2, 3]) {
      for (const op of ["<", "<=", ">", ">=", "==", "!="] as BinaryOp[]) {
        for (const negate of [false, true]) {
          const b = graphBuilder(axes({ i: "N", j: "N" }));
          const left = b.binary("*", b.index(1), b.konst(c, "i32"));
          const right = b.binary("+", b.binary("-", b.index(0), b.scalar("w", "i32")), b.sizeOf("N"));
          const plain = b.binary(op, left, right);
          const got = checkBounds(b, negate ? b.unary("not", plain) : plain, 9, { sizes: { N: 9 }, scalars: { w: 5 } });
          const equality = op === "==" || op === "!=";
          expect(got.exact).toBe(!equality || (op === "==") !== negate);
          expect(got.lower + got.upper).toBe(!equality ? 1 : got.exact ? 2 : 0);
        }
      }
    }
  });
  it("a conjunct that does not mention the stream stays in the rest", () => {
    const k = kit(8);
    const where = k.op("and", k.op("<", k.i, k.int(5)), k.op("<=", k.j, k.i));
    expect(checkBounds(k.b, where, 8)).toEqual({ lower: 0, upper: 1, exact: false, rest: 1 });
    expect(streamBounds(k.b, null, 1)).toEqual({ lower: [], upper: [], exact: true, rest: [] });
  });
  it("minima, maxima and quotients of the stream", () => {
    const k = kit(24);
    const q = k.op("/", k.j, k.int(4));
    const clipped = k.op("max", k.op("min", q, k.int(4)), k.int(1));
    const cases = [
      k.op(">=", k.op("min", k.j, k.op("+", k.j, k.i)), k.int(3)),
      k.op("<=", k.op("max", k.op("*", k.j, k.int(2)), k.op("-", k.j, k.i)), k.int(11)),
      k.op("==", q, k.op("/", k.i, k.int(3))),
      k.op("<", k.op("/", k.op("+", k.op("*", q, k.int(3)), k.i), k.int(2)), k.int(7)),
    ];
    for (const where of cases) expect(checkBounds(k.b, where, 24).exact).toBe(true);
    expect(checkBounds(k.b, k.op("==", clipped, k.op("/", k.i, k.int(6))), 24).exact).toBe(false);
  });
  it("alternatives: the hull bounds all of them", () => {
    const k = kit(16);
    const band = (from: number, to: number): NodeId =>
      k.op("and", k.op(">=", k.j, k.op("+", k.i, k.int(from))), k.op("<=", k.j, k.op("+", k.i, k.int(to))));
    expect(checkBounds(k.b, k.op("or", band(-5, -3), band(1, 2)), 16)).toEqual({
      lower: 1,
      upper: 1,
      exact: false,
      rest: 1,
    });
    expect(checkBounds(k.b, k.op("or", k.op(">", k.j, k.i), k.op(">=", k.j, k.int(9))), 16)).toEqual({
      lower: 1,
      upper: 0,
      exact: true,
      rest: 0,
    });
  });
});

describe("boundOverBox", () => {
  it("gives the least and greatest bound of a tile, against brute force", () => {
    const next = random(5);
    const pick = (n: number): number => Math.floor(((next() + 1) / 2) * n);
    for (let round = 0; round < 200; round++) {
      const b = graphBuilder(axes({ i: 12, j: 12 }));
      const [from, to] = [b.scalar("from", "i32"), b.scalar("to", "i32")];
      // Each index once: then the ends are attained.
      const grow = (x: NodeId, depth: number): NodeId => {
        if (depth === 0) return x;
        const c = b.konst(pick(7) - 3, "i32");
        const made = [
          (): NodeId => b.binary("+", x, c),
          () => b.binary("-", c, x),
          () => b.binary("*", x, c),
          () => b.binary("/", x, b.konst(1 + pick(4), "i32")),
          () => b.binary("min", x, c),
          () => b.binary("max", x, c),
          () => b.unary("neg", x),
          () => b.unary("abs", x),
          () => b.select(b.binary(">", b.scalar("w", "i32"), b.konst(0, "i32")), x, b.binary("+", x, c)),
        ][pick(9)];
        return grow(made === undefined ? x : made(), depth - 1);
      };
      const bound = grow(b.index(0), 4);
      const box = new Map([[0, { lo: from, hi: to }]]);
      const [min, max] = [boundOverBox(b, bound, box, "min"), boundOverBox(b, bound, box, "max")];
      expect(min).not.toBe(null);
      expect(b.node(min as NodeId).axes).toEqual([]);
      const scalars = { from: pick(6), to: 6 + pick(6), w: pick(3) - 1 };
      const graph = graphOf(
        b,
        [tensor("v", [0], "output", "i32"), tensor("lo", [], "output", "i32"), tensor("hi", [], "output", "i32")],
        { v: bound, lo: min as NodeId, hi: max as NodeId },
        { scalars: Object.keys(scalars).map((s) => scalar(s, "i32")) },
      );
      const out = evaluateGraph(graph, { sizes: {}, tensors: {}, scalars });
      const tile = [...(out["v"] ?? [])].slice(scalars.from, scalars.to + 1);
      expect([out["lo"]?.[0], out["hi"]?.[0]]).toEqual([Math.min(...tile), Math.max(...tile)]);
    }
  });
  it("needs no data for loads outside the box, and gives up on those inside", () => {
    const b = graphBuilder(axes({ b: "B", i: "N" }));
    const length = b.load("length", [b.index(0)], "i32");
    const start = b.load("start", [b.index(1)], "i32");
    const box = new Map([[1, { lo: b.konst(0, "i32"), hi: b.konst(31, "i32") }]]);
    const bound = b.binary("min", b.binary("-", length, b.konst(1, "i32")), b.index(1));
    expect(boundOverBox(b, bound, box, "max")).toBe(
      b.binary("min", b.binary("-", length, b.konst(1, "i32")), b.konst(31, "i32")),
    );
    expect(boundOverBox(b, length, box, "min")).toBe(length);
    expect(boundOverBox(b, b.binary("+", start, b.index(1)), box, "min")).toBe(null);
  });
});
