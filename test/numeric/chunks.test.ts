/**
 * Recurrences in chunks: the graph, the plan and the tile programs in f64 against the meaning of the source, cell by cell, for lengths
 * around those of chunks, gates that are 0 or greater than 1, and cells that pass the state on.
 */
import { describe, expect, test } from "vitest";
import { TARGETS } from "../../src/base/target.ts";
import { checkProgram } from "../../src/check/check.ts";
import type { Spec } from "../../src/check/spec.ts";
import { compileSpec, type Compiled } from "../../src/compile.ts";
import { evalSize } from "../../src/base/size.ts";
import { evaluateGraph } from "../../src/ir/graph/eval.ts";
import { evaluateTile } from "../../src/ir/tile/eval.ts";
import { verifyTile } from "../../src/ir/tile/verify.ts";
import { interpret, measure, type Inputs } from "../../src/meaning/interpret.ts";
import { parseProgram } from "../../src/parser/parse.ts";
import { compare32, compare64 } from "../campaign/compare.ts";
import { stacks } from "../gpu/stacks.ts";
import { evaluatePlan } from "../plan/tiny.ts";
import { randomFrom, resolveImport } from "./harness.ts";

const head = (more: string, gate: string): string =>
  `kernel k(q: f32[b: B, t: N, d: D], k: f32[b, t, d], v: f32[b, t, e: E], ${gate}${more}, s0: f32[b, d, e])`;

/** Programs that are taken in chunks. */
const PROGRAMS: Readonly<Record<string, string>> = {
  "no gate": `${head("", "g: f32[b, t]")} -> (o: f32[b, t, e], last: f32[b, d, e]) {
  let s[b, t, d, e] = prev[t](s, s0) + k * (v * g)
  o = sum[d](q * s)
  last = if N > 0 then s[t = N - 1] else s0
}`,
  "a gate for all cells": `${head("", "g: f32[b]")} -> (o: f32[b, t, e], last: f32[b, d, e]) {
  let s[b, t, d, e] = g * prev[t](s, s0) + k * v
  o = 0.5 * sum[d](q * s)
  last = if N > 0 then s[t = N - 1] else s0
}`,
  "a gate for each cell": `${head("", "g: f32[b, t]")} -> (o: f32[b, t, e], last: f32[b, d, e]) {
  let s[b, t, d, e] = g * prev[t](s, s0) + k * v
  o = sum[d](q * s)
  last = if N > 0 then s[t = N - 1] else s0
}`,
  "a gate for each feature": `${head("", "g: f32[b, t, d]")} -> (o: f32[b, t, e], last: f32[b, d, e]) {
  let s[b, t, d, e] = g * prev[t](s, s0) + k * v
  o = sum[d](q * s)
  last = if N > 0 then s[t = N - 1] else s0
}`,
  "a gate for each feature, the same for all cells": `${head("", "g: f32[d]")} -> o: f32[b, t, e] {
  let s[b, t, d, e] = g * prev[t](s, s0) + k * v
  o = sum[d](q * s)
}`,
  "cells that pass the state on, and cells that forget it": `${head(", keep: bool[t], new: bool[t]", "g: f32[b, t]")} -> o: f32[b, t, e] {
  let s[b, t, d, e] = (if new then k * v else g * prev[t](s, s0) - 2 * k * v) where keep
  o = sum[d](q * s)
}`,
  "each feature forgets the state or not": `${head(", keep: bool[t, d]", "g: f32[b, t, d]")} -> o: f32[b, t, e] {
  let s[b, t, d, e] = if keep then g * prev[t](s, s0) + k * v else k * v
  let x = q * s where d > 0
  o = sum[d](x)
}`,
  "several products are added, a part of a sum reads no state": `${head("", "g: f32[b, t]")} -> o: f32[b, t, e] {
  let s[b, t, d, e] = (g * (prev[t](s, s0) + k * v) - q * (v + 1)) / (2 + v[e = 0] * v[e = 0])
  o = sum[d]((q + 1) * s + k * v) / (1 + abs(sum[d](k)))
}`,
  "a norm of its own": `${head("", "g: f32[b, t]")} -> o: f32[b, t, e] {
  let s[b, t, d, e] = g * prev[t](s, s0) + k * v
  let z[b, t, d] = g * prev[t](z, 0) + k
  o = sum[d](q * s) / max(abs(sum[d](q * z)), 1)
}`,
  "a state beside it that is no sum": `${head("", "g: f32[b, t]")} -> o: f32[b, t, e] {
  let m[b, t] = max(g + prev[t](m, -10), k[d = 0])
  let keep = if t > 0 then exp(g + m[t = t - 1] - m) else 0
  let s[b, t, d, e] = keep * prev[t](s, 0) + exp(k[d = 0] - m) * k * v
  let z[b, t, d] = keep * prev[t](z, 0) + exp(k[d = 0] - m) * k
  o = sum[d](q * s) / max(abs(sum[d](q * z)), exp(-m))
}`,
  "query heads that share a state": `kernel k(q: f32[t: N, (r: 2, d: D)], k: f32[t, d], v: f32[t, e: E], g: f32[t, d]) -> o: f32[t, r, e] {
  let s[t, d, e] = g * prev[t](s, 0) + k * v
  o = sum[d](q * s)
}`,
};

/** More of them, at other lengths: two readers of one sum of a chunk, a last value of no cell. */
const ODD: Readonly<Record<string, string>> = {
  "two states that add the same, read along other axes": `kernel k(q: f32[t: N, d: D], k: f32[t, d], v: f32[t, e: E], p: f32[t, e], s0: f32[d, e]) -> (y: f32[t, e], z: f32[t, d]) {
  let s[t, d, e] = prev[t](s, 0) + k * v
  let r[t, d, e] = prev[t](r, s0) + k * v
  y = sum[d](q * s)
  z = sum[e](p * r)
}`,
  "the same with a gate": `kernel k(q: f32[t: N, d: D], k: f32[t, d], v: f32[t, e: E], p: f32[t, e], g: f32[t], s0: f32[d, e]) -> (y: f32[t, e], z: f32[t, d]) {
  let s[t, d, e] = g * prev[t](s, 0) + k * v
  let r[t, d, e] = g * prev[t](r, s0) + k * v
  y = sum[d](q * s)
  z = sum[e](p * r)
}`,
  "a sum with the last cell": `kernel k(k: f32[t: N, d: D], v: f32[t, e: E], g: f32[t], q: f32[t, d], s0: f32[d, e]) -> (o: f32[t, e], last: f32[d, e]) {
  let s[t, d, e] = g * prev[t](s, s0) + k * v
  o = sum[d](q * s)
  let w = s where t == N - 1
  last = sum[t](w)
}`,
};

/** 0, negative, greater than 1, and so small that few of them leave nothing. */
const gate = (u: number): number => (u < 0.2 ? 0 : u < 0.3 ? -1.5 : u < 0.4 ? 1e-30 * u : 1.3 * u);

const TARGET_NAMES = ["baseline", "32k", "subgroups", "software"] as const;

const specOf = (source: string): Spec => {
  const parsed = parseProgram(source, "k.tfx");
  const { specs, diagnostics } = checkProgram(parsed.program, "k.tfx", { resolveImport });
  const [spec] = specs;
  const errors = [...parsed.diagnostics, ...diagnostics].filter((d) => d.severity === "error");
  if (spec === undefined || errors.length > 0) throw new Error(`${source}: ${errors.map((d) => d.message).join("; ")}`);
  return spec;
};

const dataOf = (spec: Spec, sizes: Readonly<Record<string, number>>): Inputs => {
  const random = randomFrom(5);
  const tensors = spec.tensors.map((t) => {
    const count = t.dims
      .flatMap((d) => d.axes)
      .reduce((n, a) => n * evalSize(spec.axes[a]!.size, (s) => sizes[s] ?? NaN), 1);
    const one = (): number =>
      t.dtype === "bool" ? Number(random() < 0.6) : Math.fround(t.name === "g" ? gate(random()) : 2 * random() - 1);
    return [t.name, Array.from({ length: count }, one)] as const;
  });
  return { sizes, scalars: {}, statics: {}, tensors: Object.fromEntries(tensors) };
};

const compiledFor = (
  spec: Spec,
  sizes: Readonly<Record<string, number>>,
  known: readonly string[],
  on: string,
  chunk: number,
): Compiled => {
  const dims = Object.fromEntries(known.map((n) => [n, sizes[n] ?? 0]));
  const made = compileSpec(spec, { file: "k.tfx", target: TARGETS[on]!, resolveImport, dims, chunk, verify: true });
  if ("code" in made) throw new Error(`${made.code} ${made.message}`);
  return made;
};

const onTile = (compiled: Compiled, on: string, inputs: Inputs): Readonly<Record<string, ArrayLike<number>>> => {
  expect(verifyTile(compiled.tile, TARGETS[on]!)).toEqual([]);
  const buffers = Object.fromEntries(
    compiled.artifact.tensors.map((t) => {
      const count = t.dims.reduce((n, d) => n * evalSize(d.extent, (s) => inputs.sizes[s] ?? 0), 1);
      return [t.name, inputs.tensors[t.name] ?? new Float64Array(count).fill(NaN)];
    }),
  );
  const { sizes } = inputs;
  return evaluateTile(compiled.tile, { sizes, uniforms: sizes, buffers, precision: "f64", subgroupSize: 4 }).buffers;
};

const noteOf = (c: Compiled): string =>
  c.chunked.notes
    .filter((n) => n.kind === "chunk")
    .map((n) => n.text)
    .join("\n");

/** All levels of a program in chunks. */
const checkLevels = (
  source: string,
  N: number,
  chunk: number,
  known: readonly string[],
  D: number,
  says = `in chunks of ${chunk}`,
): void => {
  const spec = specOf(source);
  const sizes = { B: D > 3 ? 1 : 2, N, D, E: 5 };
  const inputs = dataOf(spec, sizes);
  const means = measure(spec, inputs);
  const on = TARGET_NAMES[(N + source.length) % TARGET_NAMES.length]!;
  const compiled = compiledFor(spec, sizes, known, on, chunk);
  if (chunk > 1) expect(noteOf(compiled)).toContain(says);
  const found = {
    graph: evaluateGraph(compiled.chunked.graph, inputs),
    plan: evaluatePlan(compiled, inputs),
    tile: onTile(compiled, on, inputs),
  };
  for (const [level, values] of Object.entries(found))
    for (const r of spec.results)
      expect([on, level, compare64(r.name, values[r.name], means[r.name]!)]).toEqual([on, level, null]);
};

describe.each(Object.entries(PROGRAMS))("%s", (_, source) => {
  test.each<readonly [number, number, readonly string[]]>([
    [0, 4, ["D", "E"]],
    [1, 4, ["D"]],
    [4, 4, ["D", "E", "N"]],
    [13, 4, ["D", "E"]],
    [17, 8, ["D"]],
  ])("%i cells in chunks of %i, %j known", (N, chunk, known) => checkLevels(source, N, chunk, known, 3));
});

describe.each(Object.entries(ODD))("%s", (_, source) => {
  test.each<readonly [number, readonly string[], number]>([
    [0, ["D", "E"], 3],
    [9, ["D", "E"], 5],
    [10, ["D", "E", "N"], 3],
  ])("%i cells in chunks of 4, %j known, %i features", (N, known, D) => checkLevels(source, N, 4, known, D));
});

test.each([0, 9])("a state whose sum another one is read with is walked, %i cells", (N) =>
  checkLevels(
    `kernel k(q: f32[t: N, d: D], k: f32[t, d], v: f32[t, e: E], h: f32[t, a: 3], g: f32[t]) -> y: f32[t, e] {
  let r[t, a] = g * prev[t](r, 0) + h
  let s[t, d, e] = g * prev[t](s, 0) + k * v
  y = sum[d](q * sum[a](h * r) * s)
}`,
    N,
    4,
    ["D", "E"],
    3,
    "what is read of `s` is made of it",
  ),
);

test("a gate for each feature of one sum that another sum keeps is refused", () => {
  const spec =
    specOf(`kernel k(q: f32[t: N, d: D], k: f32[t, d], v: f32[t, e: E], g: f32[t, d], w: f32[t, d, e]) -> (y: f32[t, e], z: f32[t, d]) {
  let s[t, d, e] = g * prev[t](s, 0) + k * v
  y = sum[d](q * s)
  z = sum[e](w * s)
}`);
  const made = compiledFor(spec, { N: 9, D: 4, E: 4 }, ["D", "E"], "baseline", 4);
  expect(noteOf(made)).toContain("not along `e` of another");
});

test("without chunks: a sum with the last cell is 0 where there is none", () =>
  checkLevels(ODD["a sum with the last cell"]!, 0, 1, ["D", "E"], 3));

test.each(["a gate for each cell", "a norm of its own", "query heads that share a state"])(
  "features for which scores are computed in tiles: %s",
  (name) => checkLevels(PROGRAMS[name]!, 11, 4, ["D", "E"], 32),
);

describe("by cost", () => {
  const taken = (body: string, sizes: Readonly<Record<string, number>>): string => {
    const spec = specOf(
      `kernel k(q: f32[b: B, t: N, d: D], k: f32[b, t, d], v: f32[b, t, e: E], g: f32[b, t], m: f32[b, t, d]) -> o: f32[b, t, e] {\n${body}\n}`,
    );
    const target = { ...TARGETS["baseline"]!, tuning: { ...TARGETS["baseline"]!.tuning, chunks: true } };
    const made = compileSpec(spec, { file: "k.tfx", target, resolveImport, dims: sizes, verify: true });
    if ("code" in made) throw new Error(`${made.code} ${made.message}`);
    expect(made.chunked.kept.length > 0).toBe(noteOf(made).includes("in chunks of"));
    return noteOf(made);
  };
  const SCALAR = "let s[b, t, d, e] = g * prev[t](s, 0) + k * v\no = sum[d](q * s)";
  const OF_FEATURES = "let s[b, t, d, e] = m * prev[t](s, 0) + k * v\no = sum[d](q * s)";
  test.each<readonly [string, string, Readonly<Record<string, number>>, string]>([
    ["long rows of usual heads", SCALAR, { D: 64, E: 64 }, "in chunks of 64 cells"],
    ["a gate for each feature", OF_FEATURES, { D: 64, E: 64 }, "in chunks of 32 cells"],
    ["shorter chunks where a state is small", SCALAR, { D: 4, E: 4 }, "in chunks of 16 cells"],
    ["a state that is no longer than the sums are", SCALAR, { D: 2, E: 2 }, "would cost more than the walk"],
    ["few cells", SCALAR, { D: 64, E: 64, N: 63 }, "`t` has 63 cells"],
    ["rows enough", SCALAR, { D: 64, E: 64, B: 128 }, "8192 rows keep `baseline` busy"],
  ])("%s", (_, body, sizes, says) => expect(taken(body, sizes)).toContain(says));
});

/** Ragged ends, one chunk, no cell. What takes tiles is for the evaluator: software adapters take long to compile it. */
const ON_GPU: readonly (readonly [string, Readonly<Record<string, number>>, number])[] = [
  ["a gate for each cell", { B: 2, N: 37, D: 8, E: 12 }, 16],
  ["a gate for each feature", { B: 2, N: 21, D: 8, E: 4 }, 16],
  ["a gate for all cells", { B: 1, N: 0, D: 4, E: 4 }, 8],
  ["a state beside it that is no sum", { B: 1, N: 40, D: 8, E: 4 }, 16],
];

const opened = await stacks(["swiftshader", "lavapipe"]);
for (const stack of opened) if (!stack.available) console.log(`${stack.name} is left out: ${stack.reason}`);

describe.each(opened.filter((s) => s.available).map((s) => [s.name, s] as const))("%s", (_, stack) => {
  test.each(ON_GPU)("%s, %o in chunks of %i", async (name, sizes, chunk) => {
    const spec = specOf(PROGRAMS[name]!);
    const inputs = dataOf(spec, sizes);
    const means = measure(spec, inputs);
    const naive = interpret(spec, inputs, "f32");
    const { artifact } = compiledFor(spec, sizes, ["D", "E"], "baseline", chunk);
    const given = Object.fromEntries(
      spec.tensors.map((t) => [
        t.name,
        t.dtype === "bool" ? Uint8Array.from(inputs.tensors[t.name]!) : Float32Array.from(inputs.tensors[t.name]!),
      ]),
    );
    const found = await stack.run(artifact, given, sizes, {});
    for (const r of spec.results)
      expect(compare32(r.name, "f32", found[r.name] as Float32Array, naive[r.name]!, means[r.name]!)).toBeNull();
  });
});
