/** Runs a kernel of a source text on a stack and compares it with the f64 meaning of its spec. */
import { readFileSync } from "node:fs";
import { accuracy } from "../../src/cli/accuracy.ts";
import type { Accuracy } from "../../src/cli/accuracy.ts";
import { TARGETS, type Target } from "../../src/base/target.ts";
import { checkProgram, type ResolveImport } from "../../src/check/check.ts";
import type { Spec } from "../../src/check/spec.ts";
import { compileSpec } from "../../src/compile.ts";
import type { Compiled, CompileOptions } from "../../src/compile.ts";
import { evalSize } from "../../src/base/size.ts";
import { parseProgram } from "../../src/parser/parse.ts";
import type { Stack } from "../gpu/stacks.ts";

const PRELUDE = readFileSync(new URL("../../stdlib/prelude.tfx", import.meta.url), "utf8");

/** Resolves the prelude only. */
export const resolveImport: ResolveImport = (path) =>
  path === "std/prelude" ? { file: "std/prelude.tfx", text: PRELUDE } : null;

export type Case = {
  readonly kernel: string;
  /** All sizes; those in `known` are given to the compiler. */
  readonly sizes: Readonly<Record<string, number>>;
  readonly known: readonly string[];
  readonly scalars?: Readonly<Record<string, number>>;
  readonly statics?: Readonly<Record<string, number>>;
  readonly types?: Readonly<Record<string, string>>;
  /** Values of some inputs; the rest is random, f32 in about ±2. */
  readonly inputs?: (name: string, count: number, random: () => number) => ArrayLike<number> | null;
};

/** A small generator with a seed, so that a failure can be repeated (mulberry32). */
export const randomFrom = (seed: number): (() => number) => {
  let a = seed >>> 0;
  return () => {
    a = (a + 0x6d2b79f5) >>> 0;
    let t = Math.imul(a ^ (a >>> 15), 1 | a);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
};

export const compileCase = (
  source: string,
  c: Case,
  target: Target,
  schedule?: CompileOptions["schedule"],
  parts?: number,
): Compiled => {
  const dims = Object.fromEntries(c.known.map((n) => [n, c.sizes[n] ?? 0]));
  const result = compileSpec(specOf(source, c.kernel), {
    file: "case.tfx",
    dims,
    target,
    resolveImport,
    ...(c.statics === undefined ? {} : { statics: c.statics }),
    ...(c.types === undefined ? {} : { types: c.types }),
    ...(schedule === undefined ? {} : { schedule }),
    ...(parts === undefined ? {} : { parts }),
  });
  if ("code" in result) throw new Error(`${result.code} ${result.message}`);
  return result;
};

const specs = new Map<string, ReadonlyMap<string, Spec>>();

/** A kernel of a source text, which is read and checked once. */
const specOf = (source: string, kernel: string): Spec => {
  const known = specs.get(source);
  if (known === undefined) {
    const parsed = parseProgram(source, "case.tfx");
    const checked = checkProgram(parsed.program, "case.tfx", { resolveImport });
    const errors = [...parsed.diagnostics, ...checked.diagnostics].filter((d) => d.severity === "error");
    if (errors.length > 0) throw new Error(errors.map((d) => `${d.code} ${d.message}`).join("; "));
    specs.set(source, new Map(checked.specs.map((s) => [s.name, s])));
    return specOf(source, kernel);
  }
  const spec = known.get(kernel);
  if (spec === undefined) throw new Error(`no kernel ${kernel}`);
  return spec;
};

const toF16 = (x: number): number => Math.f16round(x);

/** Random inputs of a case, as plain numbers (already rounded to their storage). */
export const inputsOf = (compiled: Compiled, c: Case, seed = 1): Record<string, number[]> => {
  const out: Record<string, number[]> = {};
  const random = randomFrom(seed);
  for (const t of compiled.artifact.tensors) {
    if (t.role !== "input") continue;
    const count = t.dims.reduce((n, d) => n * evalSize(d.extent, (s) => c.sizes[s] ?? 0), 1);
    const given = c.inputs?.(t.name, count, random) ?? null;
    const raw = given === null ? Array.from({ length: count }, () => (random() * 2 - 1) * 2) : Array.from(given);
    out[t.name] = raw.map((x) =>
      t.dtype === "f16"
        ? toF16(x)
        : t.dtype === "f32"
          ? Math.fround(x)
          : t.dtype === "bool"
            ? Number(x > 0)
            : Math.trunc(x),
    );
  }
  return out;
};

const typed = (
  dtype: string,
  values: readonly number[],
): Float32Array | Int32Array | Uint32Array | Uint8Array | Uint16Array => {
  switch (dtype) {
    case "f32":
      return Float32Array.from(values);
    case "f16":
      return new Uint16Array(new Float16Array(values).buffer);
    case "u32":
      return Uint32Array.from(values);
    case "bool":
      return Uint8Array.from(values);
    default:
      return Int32Array.from(values);
  }
};

export const numbersOf = (dtype: string, data: unknown): ArrayLike<number> =>
  dtype === "f16" && data instanceof Uint16Array
    ? new Float16Array(data.buffer, data.byteOffset, data.length)
    : (data as ArrayLike<number>);

/** A target by name, for the front end of a stack: what is planned for a GPU is run on the stack at hand. */
export const targetOn = (name: string, stack: Stack): Target => {
  const target = TARGETS[name];
  if (target === undefined) throw new Error(`no target ${name}`);
  return { ...target, dialect: stack.target.dialect };
};

/** Compiles for the stack's target (or another one, or one by name), runs there and compares all outputs. */
export const check = async (
  source: string,
  c: Case,
  stack: Stack,
  schedule?: CompileOptions["schedule"],
  on: Target | string = stack.target,
  parts?: number,
): Promise<readonly Accuracy[]> => {
  const compiled = compileCase(source, c, typeof on === "string" ? targetOn(on, stack) : on, schedule, parts);
  const values = inputsOf(compiled, c);
  const inputs = Object.fromEntries(
    compiled.artifact.tensors
      .filter((t) => t.role === "input")
      .map((t) => [t.name, typed(t.dtype, values[t.name] ?? [])]),
  );
  const outputs = await stack.run(compiled.artifact, inputs as never, c.sizes, c.scalars ?? {});
  const found = Object.fromEntries(
    compiled.artifact.tensors
      .filter((t) => t.role === "output")
      .map((t) => [t.name, numbersOf(t.dtype, outputs[t.name])]),
  );
  return accuracy(
    { spec: compiled.spec, types: c.types },
    { sizes: c.sizes, tensors: values, scalars: c.scalars ?? {}, statics: c.statics ?? {} },
    found,
  );
};

/** What is wrong with each result: its error, what was allowed, and what naive f32 would have lost. */
export const faults = (results: readonly Accuracy[], limit?: number): readonly string[] =>
  results
    .filter((a) => (limit === undefined ? !a.ok : !(a.error <= limit)))
    .map((a) => {
      const [error, allowed, naive] = [a.error, limit ?? a.allowed, a.naive].map((x) => x.toExponential(2));
      return `${a.output}: error ${error}, allowed ${allowed}, naive f32 ${naive}`;
    });
