/** The kernels that `npm run bench:isa` shows and `test/bench/isa.test.ts` holds to a budget, at the sizes of today's models. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createSources, STDLIB } from "../../src/cli/sources.ts";
import { TARGETS, type Target } from "../../src/base/target.ts";
import { compile } from "../../src/compile.ts";
import type { Artifact } from "../../src/codegen/artifact.ts";

export type IsaCase = {
  readonly title: string;
  readonly file: string;
  readonly kernel: string;
  readonly dims: Readonly<Record<string, number>>;
};

const attention = (kernel: string, file: string): readonly IsaCase[] =>
  [64, 128, 256].map((D) => ({ title: `${kernel}, D = ${D}`, file: `attention/${file}`, kernel, dims: { D, E: D } }));

export const ISA_CASES: readonly IsaCase[] = [
  ...attention("causal_attention", "causal"),
  ...attention("dense_attention", "dense"),
  ...attention("gqa_attention", "gqa"),
  { title: "linear, sizes known", file: "ffn/mlp", kernel: "linear", dims: { D: 768, F: 768 } },
  { title: "linear, no size known", file: "ffn/mlp", kernel: "linear", dims: {} },
  { title: "swiglu, sizes known", file: "ffn/swiglu", kernel: "swiglu", dims: { D: 768, F: 2048 } },
  { title: "swiglu, no size known", file: "ffn/swiglu", kernel: "swiglu", dims: {} },
];

/** The same target with lanes that own rows. */
export const inRows = (target: Target): Target => ({ ...target, tuning: { ...target.tuning, tiles: null } });

const { resolveImport } = createSources();

/** Compiled for a target by name, or for one. */
export const artifactOf = ({ file, kernel, dims }: IsaCase, on: Target | string): Artifact => {
  const target = typeof on === "string" ? TARGETS[on] : on;
  if (target === undefined) throw new Error(`no target ${String(on)}`);
  const text = readFileSync(join(STDLIB, `${file}.tfx`), "utf8");
  const made = compile(text, { file: `${file}.tfx`, kernel, dims, target, resolveImport });
  const [artifact] = made.artifacts;
  if (artifact === undefined) throw new Error(made.diagnostics.map((d) => d.message).join("; "));
  return artifact;
};
