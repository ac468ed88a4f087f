/** Expressions of literals only: a WGSL front end computes them itself and refuses what leaves its type, so the code must not. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { BASELINE } from "../../src/base/target.ts";
import * as t from "../../src/ir/tile/build.ts";
import { F32, I32, type Expr } from "../../src/ir/tile/tile.ts";
import { compileFor } from "../gpu/stacks.ts";
import { NOWHERE, kernel, storage, type Fixture } from "../tile/fixtures.ts";
import { artifactOf } from "../tile/run.ts";

const lit = (value: number, type = F32): Expr => ({ kind: "lit", value, type });
const [y, n] = [storage("y", F32, "read_write"), storage("n", I32, "read_write")];

/** Written out: the builder would fold. */
const trees = fc.letrec<{ f: Expr; i: Expr }>((tie) => {
  const options = { maxDepth: 3, depthSize: "small" } as const;
  return {
    f: fc.oneof(
      options,
      fc.constantFrom(0, -0, 1, -1, 0.5, 3.5e38, -1e400, 1e30, 1e-45, NaN, 100, 2 ** 31).map((v) => lit(v)),
      fc
        .tuple(
          fc.constantFrom(
            "neg",
            "abs",
            "exp",
            "exp2",
            "log",
            "log2",
            "sqrt",
            "rsqrt",
            "floor",
            "tanh",
            "sign",
            "sin",
            "erf",
          ),
          tie("f"),
        )
        .map(([op, a]): Expr => ({ kind: "unary", op: op as "neg", a, type: F32 })),
      fc
        .tuple(fc.constantFrom("+", "-", "*", "/", "min", "max", "pow"), tie("f"), tie("f"))
        .map(([op, a, b]): Expr => ({ kind: "binary", op: op as "+", a, b, type: F32 })),
      tie("i").map((a): Expr => ({ kind: "cast", a, type: F32 })),
    ),
    i: fc.oneof(
      options,
      fc.constantFrom(0, 1, -1, 7, 2 ** 31 - 1, -(2 ** 31), 2 ** 31, 2 ** 32, 65536).map((v) => lit(v, I32)),
      fc
        .tuple(fc.constantFrom("+", "-", "*", "min", "max", "floordiv", "floormod"), tie("i"), tie("i"))
        .map(([op, a, b]): Expr => ({ kind: "binary", op: op as "+", a, b, type: I32 })),
      tie("f").map((a): Expr => ({ kind: "cast", a, type: I32 })),
    ),
  };
});

const program = (f: Expr, i: Expr): Fixture => ({
  program: {
    name: "p",
    doc: "",
    storage: [y, n],
    uniforms: [],
    ...NOWHERE,
    kernels: [kernel({ name: "p", body: [t.store(y, t.lane, f), t.store(n, t.lane, i)] })],
  },
  target: BASELINE,
  sizes: {},
  uniforms: {},
  lengths: { y: 64, n: 64 },
  data: {},
});

test("any expression of literals is valid", async () => {
  await fc.assert(
    fc.asyncProperty(trees.f, trees.i, async (f, i) => {
      expect(await compileFor(BASELINE, artifactOf(program(f, i)))).toEqual([]);
    }),
    { numRuns: 150 },
  );
});
