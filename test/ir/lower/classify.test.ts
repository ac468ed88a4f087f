/**
 * What is asked of a tile at run time, against looking at each of its cells: "may" is said wherever some cell exists, "must" only where
 * all do; and both are exact for conditions that mention each index once.
 */
import { describe, expect, test } from "vitest";
import { graphBuilder } from "../../../src/ir/graph/build.ts";
import { evaluateGraph } from "../../../src/ir/graph/eval.ts";
import type { NodeId } from "../../../src/ir/graph/graph.ts";
import { classOf, type Atoms } from "../../../src/ir/lower/classify.ts";
import { randomFrom } from "../../numeric/harness.ts";
import { axes, graphOf, scalar, tensor } from "../../graph/helpers.ts";

const SIZE = 24;
const b = graphBuilder(axes({ i: SIZE, j: SIZE }));
const [i, j] = [b.index(0), b.index(1)];
const int = (x: number): NodeId => b.konst(x, "i32");
const [a, c] = [b.load("a", [i], "i32"), b.load("c", [j], "i32")];
const [on, off] = [b.load("on", [j], "bool"), b.scalar("off", "bool")];
const w = b.scalar("w", "i32");
const bi =
  (op: Parameters<typeof b.binary>[0]) =>
  (x: NodeId, y: NodeId): NodeId =>
    b.binary(op, x, y);
const [add, sub, mul, div, mod, min, max] = (["+", "-", "*", "/", "%", "min", "max"] as const).map(bi) as ReturnType<
  typeof bi
>[] as [F, F, F, F, F, F, F];
const [lt, le, gt, ge, eq, ne, and, or] = (["<", "<=", ">", ">=", "==", "!=", "and", "or"] as const).map(bi) as [
  F,
  F,
  F,
  F,
  F,
  F,
  F,
  F,
];
type F = ReturnType<typeof bi>;
const not = (x: NodeId): NodeId => b.unary("not", x);
const neg = (x: NodeId): NodeId => b.unary("neg", x);
const abs = (x: NodeId): NodeId => b.unary("abs", x);

const names = ["i0", "i1", "j0", "j1", "a0", "a1", "c0", "c1", "w"] as const;
const end = (name: string): NodeId => b.scalar(name, "i32");
const atoms: Atoms = {
  b,
  box: new Map([
    [0, { lo: end("i0"), hi: end("i1") }],
    [1, { lo: end("j0"), hi: end("j1") }],
  ]),
  loaded: (n) =>
    n.tensor === "a" ? { lo: end("a0"), hi: end("a1") } : n.tensor === "c" ? { lo: end("c0"), hi: end("c1") } : null,
  live: (id) => id === live,
  block: () => ({ may: null, must: null }),
};
const live = b.binary(">", b.load("s", [i], "f32"), b.konst(0, "f32"));

const random = randomFrom(11);
const below = (n: number): number => Math.floor(random() * n);
const DATA = {
  a: Array.from({ length: SIZE }, () => below(7) - 3),
  c: Array.from({ length: SIZE }, () => below(7) - 3),
};
const ON = Array.from({ length: SIZE }, () => below(2));
const S = Array.from({ length: SIZE }, () => random() - 0.5);

type Tile = Readonly<Record<(typeof names)[number], number>>;
const tileAt = (): Tile => {
  const [i0, j0] = [below(SIZE), below(SIZE)];
  const [i1, j1] = [Math.min(SIZE - 1, i0 + below(5)), Math.min(SIZE - 1, j0 + below(9))];
  const within = (list: readonly number[], from: number, to: number): readonly [number, number] => {
    const part = list.slice(from, to + 1);
    return [Math.min(...part), Math.max(...part)];
  };
  const [[a0, a1], [c0, c1]] = [within(DATA.a, i0, i1), within(DATA.c, j0, j1)];
  return { i0, i1, j0, j1, a0, a1, c0, c1, w: below(9) - 2 };
};
const TILES = Array.from({ length: 40 }, tileAt);

const inputs = [
  tensor("a", [0], "input", "i32"),
  tensor("c", [1], "input", "i32"),
  tensor("on", [1], "input", "bool"),
  tensor("s", [0]),
];
const scalars = [...names.map((s) => scalar(s, "i32")), scalar("off", "bool")];

/** The value of a node for each tile (or, with axes, all its cells). */
const values = (id: NodeId, at: Tile): readonly number[] => {
  const out = tensor("out", b.node(id).axes, "output", "bool");
  const graph = graphOf(b, [...inputs, out], { out: id }, { scalars });
  const made = evaluateGraph(graph, { sizes: {}, scalars: { ...at, off: 0 }, tensors: { ...DATA, on: ON, s: S } })[
    "out"
  ]!;
  return [...made];
};

/** Some and all of the cells of a tile. */
const truth = (id: NodeId, at: Tile): readonly [boolean, boolean] => {
  const all = values(id, at);
  const dims = b.node(id).axes;
  const cells: boolean[] = [];
  for (let y = at.i0; y <= at.i1; y++)
    for (let x = at.j0; x <= at.j1; x++) cells.push(all[dims.reduce((n, d) => n * SIZE + (d === 0 ? y : x), 0)] === 1);
  return [cells.some((v) => v), cells.every((v) => v)];
};

/** null counts as not known: may be, need not be. */
const asked = (id: NodeId, at: Tile): readonly [boolean, boolean] => {
  const { may, must } = classOf(atoms, id);
  return [may === null || values(may, at)[0] === 1, must !== null && values(must, at)[0] === 1];
};

const EXACT: readonly (readonly [string, NodeId])[] = [
  ["j < i", lt(j, i)],
  ["j <= i", le(j, i)],
  ["j > i + 2", gt(j, add(i, int(2)))],
  ["j >= i - w", ge(j, sub(i, w))],
  ["2 j <= 3 i", le(mul(int(2), j), mul(i, int(3)))],
  ["-2 j > i - 30", gt(mul(j, int(-2)), sub(i, int(30)))],
  ["-3 i < j - 20", lt(mul(int(-3), i), sub(j, int(20)))],
  ["-j < i - 20", lt(neg(j), sub(i, int(20)))],
  ["j / 4 > i / 3", gt(div(j, int(4)), div(i, int(3)))],
  ["min(i, 9) < j", lt(min(i, int(9)), j)],
  ["max(i, 9) < j", lt(max(i, int(9)), j)],
  ["a < c", lt(a, c)],
  ["a <= c", le(a, c)],
  ["a > c + 1", gt(a, add(c, int(1)))],
  ["a >= -c", ge(a, neg(c))],
  ["|a| > 1", gt(abs(a), int(1))],
  ["i != j", ne(i, j)],
  ["j != 5", ne(j, int(5))],
  ["j == 5", eq(j, int(5))],
  ["i == j", eq(i, j)],
  ["not (j < i)", not(lt(j, i))],
  ["not (i != j)", not(ne(i, j))],
  ["w < 3", lt(w, int(3))],
  ["off", off],
  ["off or j < i", or(off, lt(j, i))],
  ["w < 3 and j < i", and(lt(w, int(3)), lt(j, i))],
  ["j < i - 3 and off", and(lt(j, sub(i, int(3))), off)],
];

const SOUND: readonly (readonly [string, NodeId])[] = [
  ["a == c", eq(a, c)],
  ["a != c", ne(a, c)],
  ["not (a != c)", not(ne(a, c))],
  ["i - j < w and i >= j", and(lt(sub(i, j), w), ge(i, j))],
  ["j % 5 < 3", lt(mod(j, int(5)), int(3))],
  ["j % 5 == i % 3", eq(mod(j, int(5)), mod(i, int(3)))],
  ["j % 8 > w", gt(mod(j, int(8)), w)],
  ["|i - j| < 3", lt(abs(sub(i, j)), int(3))],
  ["|j - 12| >= 4", ge(abs(sub(j, int(12))), int(4))],
  ["a choice", lt(b.select(on, i, c), int(4))],
  ["a choice of both", gt(b.select(lt(j, i), a, c), int(0))],
  ["i j > 40", gt(mul(i, j), int(40))],
  ["i / w", lt(div(i, max(w, int(1))), j)],
  ["i % w", lt(mod(i, max(w, int(1))), int(2))],
  ["on", on],
  ["on and j < i", and(on, lt(j, i))],
  ["j < i and on", and(lt(j, i), on)],
  ["on or j < i", or(on, lt(j, i))],
  ["j < i or on", or(lt(j, i), on)],
  ["not on", not(on)],
  ["not (on and j < i)", not(and(on, lt(j, i)))],
  ["of this pass", live],
  ["of this pass and j < i", and(live, lt(j, i))],
  ["j < i or of this pass", or(lt(j, i), live)],
  ["floats", lt(b.unary("float", j), b.konst(7, "f32"))],
];

describe("exact", () => {
  test.each(EXACT)("%s", (_, id) => {
    for (const at of TILES) expect(asked(id, at), JSON.stringify(at)).toEqual(truth(id, at));
  });
});

describe("never wrong", () => {
  test.each(SOUND)("%s", (_, id) => {
    for (const at of TILES) {
      const [[may, must], [some, all]] = [asked(id, at), truth(id, at)];
      expect({ at, wrong: (some && !may) || (must && !all) }).toEqual({ at, wrong: false });
    }
  });

  const known = (id: NodeId): readonly [boolean, boolean] => {
    const { may, must } = classOf(atoms, id);
    return [may !== null, must !== null];
  };
  test.each<readonly [string, NodeId, boolean, boolean]>([
    ["equal data", eq(a, c), true, true],
    ["a rest", lt(mod(j, int(5)), int(3)), true, true],
    ["a choice of data", gt(b.select(lt(j, i), a, c), int(0)), true, true],
    ["a product of indices", gt(mul(i, j), int(40)), false, false],
    ["a quotient by what is not known", lt(div(i, w), j), false, false],
    ["a quotient by less than 1", lt(div(i, int(-2)), j), false, false],
    ["a rest by what is not known", lt(mod(i, w), j), false, false],
    ["data of both", lt(b.load("d", [i, j], "i32"), int(1)), false, false],
    ["on", on, false, false],
    ["on and a comparison", and(on, lt(j, i)), true, false],
    ["a comparison and on", and(lt(j, i), on), true, false],
    ["on or a comparison", or(on, lt(j, i)), false, true],
    ["a comparison or on", or(lt(j, i), on), false, true],
    ["not on and a comparison", not(and(on, lt(j, i))), false, true],
    ["of this pass", live, false, false],
    ["a square of the sign", lt(b.unary("sign", i), j), false, false],
  ])("known: %s", (_, id, may, must) => expect(known(id)).toEqual([may, must]));

  test("a rest stays within one turn of its divisor", () => {
    // 8..11 of 16: the rest by 8 is 0..3, not 0..7.
    const at = { ...TILES[0]!, j0: 8, j1: 11 };
    expect(asked(lt(mod(j, int(8)), int(4)), at)).toEqual([true, true]);
    expect(asked(lt(mod(j, int(8)), int(3)), at)).toEqual([true, false]);
    expect(asked(ge(mod(j, int(8)), int(4)), at)).toEqual([false, false]);
    const turned = { ...at, j0: 6, j1: 9 };
    expect(asked(lt(mod(j, int(8)), int(8)), turned)).toEqual([true, true]);
    expect(asked(lt(mod(j, int(8)), int(7)), turned)).toEqual([true, false]);
    expect(asked(lt(mod(j, int(8)), int(1)), turned)).toEqual([true, false]);
  });
});

describe("tables of blocks", () => {
  const table = (index: NodeId): NodeId => b.load("t", [index], "bool");
  const asking: (readonly [NodeId, NodeId])[] = [];
  const blocks: Atoms = {
    ...atoms,
    block: (_, at) => {
      asking.push(...at.map((e) => [e.lo, e.hi] as const));
      return { may: int(1), must: int(0) };
    },
  };
  test("are asked for the blocks that a tile meets", () => {
    const id = table(div(j, int(16)));
    expect(classOf(blocks, id)).toEqual({ may: int(1), must: int(0) });
    expect(asking).toEqual([[div(end("j0"), int(16)), div(end("j1"), int(16))]]);
  });
  test("not where each cell may ask another entry", () => {
    expect(classOf({ ...blocks }, table(j))).toEqual({ may: null, must: null });
    expect(classOf({ ...blocks }, table(div(j, int(2))))).toEqual({ may: null, must: null });
    expect(classOf({ ...blocks }, table(mul(j, int(16))))).toEqual({ may: null, must: null });
  });
  test("nor where nothing of the tile is asked", () => {
    const id = table(w);
    expect(classOf({ ...blocks }, id)).toEqual({ may: id, must: id });
  });
});
