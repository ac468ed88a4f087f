/** Work that a table of blocks leaves out is not done: counted in the tile program (FlashAttention, proposition 4). */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { createSources } from "../../src/cli/sources.ts";
import { TARGETS, type Target } from "../../src/base/target.ts";
import { compile } from "../../src/compile.ts";
import { evaluateGraph } from "../../src/ir/graph/eval.ts";
import { evaluateTile } from "../../src/ir/tile/eval.ts";

const FILE = new URL("../../stdlib/attention/block_sparse.tfx", import.meta.url);
const P = 16;
const N = 128;
const D = 4;

const random = (count: number): Float64Array =>
  Float64Array.from({ length: count }, (_, n) => Math.fround(Math.sin(n * 12.9898) % 1));

/** Runs the kernel on blocks where `keep` holds; multiplications done, and the largest error of the result. */
const runBlocks = (target: Target, keep: (x: number, y: number) => boolean): { multiplies: number; error: number } => {
  const {
    compiled: [one],
    diagnostics,
  } = compile(readFileSync(FILE, "utf8"), {
    file: "block_sparse.tfx",
    kernel: "block_sparse",
    dims: { D, E: D },
    statics: { P },
    types: { T: "f32" },
    target,
    resolveImport: createSources().resolveImport,
  });
  if (one === undefined) throw new Error(diagnostics.map((d) => d.message).join());
  const side = N / P;
  const sizes = { B: 1, H: 1, N, M: N, D, E: D, X: side, Y: side };
  const blocks = Float64Array.from({ length: side * side }, (_, n) => Number(keep(Math.floor(n / side), n % side)));
  const tensors = { q: random(N * D), k: random(N * D).reverse(), v: random(N * D), blocks };
  const { buffers, counts } = evaluateTile(one.tile, {
    sizes,
    uniforms: sizes,
    count: true,
    buffers: { ...tensors, o: new Float32Array(N * D), lse: new Float32Array(N) },
  });
  const naive = evaluateGraph(one.graph, { sizes, scalars: {}, tensors });
  const error = [...(naive["o"] ?? [])].reduce(
    (worst: number, x, n) => Math.max(worst, Math.abs(x - (buffers["o"]?.[n] ?? NaN))),
    0,
  );
  return { multiplies: counts.multiplies, error };
};

test.each(["baseline", "subgroups", "software", "software-subgroups"])("%s", (name) => {
  const target = TARGETS[name] as Target;
  const all = runBlocks(target, () => true);
  // A block-row of 64 lanes meets four blocks: whole bands are left out, and a quarter of all blocks remains.
  const some = runBlocks(target, (x, y) => Math.floor(y / 2) === Math.floor(x / 4));
  expect(all.error).toBeLessThan(1e-5);
  expect(some.error).toBeLessThan(1e-5);
  expect(some.multiplies / all.multiplies).toBeGreaterThan(0.2);
  expect(some.multiplies / all.multiplies).toBeLessThan(0.3);
});
