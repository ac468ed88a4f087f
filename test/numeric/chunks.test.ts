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
import { measure, type Inputs } from "../../src/meaning/interpret.ts";
import { parseProgram } from "../../src/parser/parse.ts";
import { compare64 } from "../campaign/compare.ts";
import { evaluatePlan } from "../plan/tiny.ts";
import { randomFrom, resolveImport } from "./harness.ts";

const head = (more: string, gate: string): string =>
  `kernel k(q: f32[b: B, t: N, d: D], k: f32[b, t, d], v: f32[b, t, e: E], ${gate}${more}, s0: f32[b, d, e])`;

/** Each with the words of why it is not taken in chunks, or null. */
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

describe.each(Object.entries(PROGRAMS))("%s", (_, source) => {
  const spec = specOf(source);
  test.each<readonly [number, number, readonly string[]]>([
    [0, 4, ["D", "E"]],
    [1, 4, ["D"]],
    [3, 4, ["D", "E"]],
    [4, 4, ["D", "E", "N"]],
    [13, 4, ["D", "E"]],
    [16, 8, ["D"]],
    [21, 8, ["D", "E", "N"]],
  ])("%i cells in chunks of %i, %j known", (N, chunk, known) => {
    const sizes = { B: 2, N, D: 3, E: 5 };
    const inputs = dataOf(spec, sizes);
    const means = measure(spec, inputs);
    const on = TARGET_NAMES[(N + source.length) % TARGET_NAMES.length]!;
    const compiled = compiledFor(spec, sizes, known, on, chunk);
    expect(noteOf(compiled)).toContain(`in chunks of ${chunk}`);
    const found = {
      graph: evaluateGraph(compiled.chunked.graph, inputs),
      plan: evaluatePlan(compiled, inputs),
      tile: onTile(compiled, on, inputs),
    };
    for (const [level, values] of Object.entries(found))
      for (const r of spec.results)
        expect([on, level, compare64(r.name, values[r.name], means[r.name]!)]).toEqual([on, level, null]);
  });
});
