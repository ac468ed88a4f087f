/** Compiles kernels of the standard library and counts what they ask storage for, by running their Tile IR. */
import { fileURLToPath } from "node:url";
import { createSources } from "../../src/cli/sources.ts";
import type { Target } from "../../src/base/target.ts";
import { compile, type Compiled, type CompileOptions } from "../../src/compile.ts";
import { evaluateTile, type Counts } from "../../src/ir/tile/eval.ts";
import { bufferBytes } from "../../src/runtime/arrays.ts";
import { elements, evalSize, resolve } from "../../src/runtime/sizes.ts";

type Numbers = Readonly<Record<string, number>>;

export type Job = Pick<CompileOptions, "target" | "statics" | "types" | "schedule"> & {
  /** Relative to the root of the repository. */
  readonly file: string;
  readonly kernel: string;
  /** Sizes given to the compiler. */
  readonly dims: Numbers;
};

const sources = createSources();

/** Throws with the diagnostics' texts. */
export const compileJob = (job: Job): Compiled => {
  const text = sources.read(fileURLToPath(new URL(`../../${job.file}`, import.meta.url)));
  const result = compile(text, {
    ...job,
    // Kernels without a type variable are f32 as they stand.
    types: job.types ?? (new RegExp(`kernel ${job.kernel}<[^>]*\\bT:`).test(text) ? { T: "f32" } : {}),
    resolveImport: sources.resolveImport,
  });
  const [compiled] = result.compiled;
  if (compiled === undefined) throw new Error(result.diagnostics.map((d) => `${d.code} ${d.message}`).join("; "));
  return compiled;
};

/** The uniform buffer among the planned ones. */
export const PARAMETERS = "(parameters)";

/** Bytes of each buffer that a call of the artifact needs at these sizes. */
export const plannedBytes = ({ artifact }: Compiled, sizes: Numbers): ReadonlyMap<string, number> => {
  const known = resolve(artifact, { sizes }, new Map());
  const tensors = artifact.tensors.map((t) => [t.name, bufferBytes(t, evalSize(elements(t), known))] as const);
  return new Map([...tensors, [PARAMETERS, artifact.uniformBytes]]);
};

export const total = (bytes: ReadonlyMap<string, number>): number => [...bytes.values()].reduce((n, x) => n + x, 0);

/**
 * Runs the tile program. Inputs are ones, but those given: unless a mask reads data, what is loaded does not depend on them.
 * Bytes are what all active lanes ask for: a tile of a workgroup or a broadcast counts once, caches are not modelled.
 */
export const countJob = (
  compiled: Compiled,
  sizes: Numbers,
  given: Readonly<Record<string, ArrayLike<number>>> = {},
): Counts => {
  const { artifact, tile } = compiled;
  const known = resolve(artifact, { sizes }, new Map());
  const ones = (n: number): Float32Array => new Float32Array(n).fill(1);
  const buffers = Object.fromEntries(
    artifact.tensors.map((t) => [t.name, given[t.name] ?? ones(evalSize(elements(t), known))]),
  );
  const values = Object.fromEntries(known);
  return evaluateTile(tile, { sizes: values, uniforms: values, buffers, count: true }).counts;
};

/** A copy of a target with another amount of workgroup memory. */
export const withWorkgroupBytes = (target: Target, workgroupBytes: number): Target => ({ ...target, workgroupBytes });

/**
 * Exponents e of y = c Π x_i^{e_i} by least squares in logarithms. `points`: the x_i, then y. Solves the normal equations.
 */
export const exponents = (points: readonly (readonly number[])[]): readonly number[] => {
  const rows = points.map((p) => p.map(Math.log));
  const n = (points[0]?.length ?? 1) - 1;
  const features = rows.map((r) => [1, ...r.slice(0, n)]);
  const dot = (f: (k: number) => number): number => rows.reduce((sum, _, k) => sum + f(k), 0);
  const at = (k: number, i: number): number => features[k]?.[i] ?? NaN;
  const size = n + 1;
  const a = Array.from({ length: size }, (_, i) => [
    ...Array.from({ length: size }, (_, j) => dot((k) => at(k, i) * at(k, j))),
    dot((k) => at(k, i) * (rows[k]?.[n] ?? NaN)),
  ]);
  for (let p = 0; p < size; p++) {
    const pivot = a[p] as number[];
    for (let r = 0; r < size; r++) {
      if (r === p) continue;
      const row = a[r] as number[];
      const f = (row[p] ?? NaN) / (pivot[p] ?? NaN);
      for (let c = p; c <= size; c++) row[c] = (row[c] ?? NaN) - f * (pivot[c] ?? NaN);
    }
  }
  return a.slice(1).map((row, i) => (row[size] ?? NaN) / (row[i + 1] ?? NaN));
};
