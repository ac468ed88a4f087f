/** Compiles a kernel of the standard library, runs it on a stack and compares it with an oracle written from the paper. */
import { existsSync, readFileSync } from "node:fs";
import { compare, type Accuracy } from "../../../src/cli/accuracy.ts";
import type { Target } from "../../../src/base/target.ts";
import type { ResolveImport } from "../../../src/check/check.ts";
import { compile, type Compiled } from "../../../src/compile.ts";
import { evalSize } from "../../../src/base/size.ts";
import type { Stack, Tensors } from "../../gpu/stacks.ts";
import { randomFrom } from "../../numeric/harness.ts";
import type { Round } from "./arith.ts";

const STDLIB = new URL("../../../stdlib/", import.meta.url);

/** The text of `stdlib/NAME.tfx`. */
export const stdlibText = (name: string): string => readFileSync(new URL(`${name}.tfx`, STDLIB), "utf8");

/** `std/…` from the folder `stdlib`. */
export const resolveStd: ResolveImport = (path) => {
  const name = path.replace(/^std\//, "").replace(/\.tfx$/, "");
  return existsSync(new URL(`${name}.tfx`, STDLIB)) ? { file: `std/${name}.tfx`, text: stdlibText(name) } : null;
};

type Numbers = Readonly<Record<string, number>>;
export type Arrays = Readonly<Record<string, readonly number[]>>;

/** The formula of a paper over a rounding function: the identity gives the reference, `Math.fround` the naive f32 program. */
export type Oracle = (r: Round, inputs: Arrays, sizes: Numbers, scalars: Numbers) => Arrays;

export type StdCase = {
  readonly file: string;
  readonly kernel: string;
  readonly sizes: Numbers;
  /** Names of the sizes that the compiler is told. */
  readonly known: readonly string[];
  readonly scalars?: Numbers;
  readonly statics?: Numbers;
  readonly types?: Readonly<Record<string, string>>;
  /** Values of some inputs; null: random in ±2. */
  readonly inputs?: (name: string, count: number, random: () => number) => ArrayLike<number> | null;
  readonly oracle: Oracle;
  /** What makes this case special, for its name. */
  readonly note?: string;
};

export const caseName = (c: StdCase): string => {
  const sizes = Object.entries(c.sizes).map(([k, v]) => `${k}=${v}`);
  const types = Object.values(c.types ?? {});
  return [c.kernel, ...sizes, ...types, ...(c.note === undefined ? [] : [`(${c.note})`])].join(" ");
};

/** Compiles one kernel of a file of the library. */
export const compileStd = (
  c: Pick<StdCase, "file" | "kernel" | "sizes" | "known" | "statics" | "types">,
  target: Target,
): Compiled => {
  const result = compile(stdlibText(c.file), {
    file: `stdlib/${c.file}.tfx`,
    kernel: c.kernel,
    dims: Object.fromEntries(c.known.map((n) => [n, c.sizes[n] ?? 0])),
    statics: c.statics ?? {},
    types: c.types ?? {},
    target,
    resolveImport: resolveStd,
  });
  const errors = result.diagnostics.filter((d) => d.severity === "error");
  const [compiled] = result.compiled;
  if (compiled === undefined) throw new Error(errors.map((d) => `${d.code} ${d.message}`).join("; "));
  return compiled;
};

const stored = (dtype: string, x: number): number => {
  if (dtype === "f32") return Math.fround(x);
  return dtype === "f16" ? Math.f16round(x) : Math.trunc(x);
};

/** Numbers in the arrays that the runtime takes. */
export const toTyped = (dtype: string, values: ArrayLike<number>): Tensors[string] => {
  if (dtype === "f32") return Float32Array.from(values);
  if (dtype === "f16") return new Uint16Array(new Float16Array(Array.from(values)).buffer);
  if (dtype === "u32") return Uint32Array.from(values);
  return dtype === "bool" ? Uint8Array.from(values) : Int32Array.from(values);
};

/** And back: half floats come as their bits. */
export const toNumbers = (dtype: string, data: Tensors[string] | undefined): ArrayLike<number> =>
  dtype === "f16" && data instanceof Uint16Array
    ? new Float16Array(data.buffer, data.byteOffset, data.length)
    : ((data ?? []) as ArrayLike<number>);

/** Inputs of a case as plain numbers, rounded to their storage. */
const inputsOf = (compiled: Compiled, c: StdCase): Record<string, number[]> => {
  const random = randomFrom(7);
  const out: Record<string, number[]> = {};
  for (const t of compiled.artifact.tensors) {
    if (t.role !== "input") continue;
    const count = t.dims.reduce((n, d) => n * evalSize(d.extent, (s) => c.sizes[s] ?? 0), 1);
    const given = c.inputs?.(t.name, count, random) ?? Array.from({ length: count }, () => (random() * 2 - 1) * 2);
    out[t.name] = Array.from(given, (x) => stored(t.dtype, x));
  }
  return out;
};

/** Runs a case on a stack; one accuracy for each result. */
export const runStd = async (c: StdCase, stack: Stack): Promise<readonly Accuracy[]> => {
  const { artifact } = compileStd(c, stack.target);
  const inputs = inputsOf({ artifact } as Compiled, c);
  const scalars = Object.fromEntries(Object.entries(c.scalars ?? {}).map(([k, v]) => [k, Math.fround(v)]));
  const typed = Object.fromEntries(
    artifact.tensors.filter((t) => t.role === "input").map((t) => [t.name, toTyped(t.dtype, inputs[t.name] ?? [])]),
  );
  const outputs = await stack.run(artifact, typed, c.sizes, scalars);
  const exact = c.oracle((x) => x, inputs, c.sizes, scalars);
  const naive = c.oracle(Math.fround, inputs, c.sizes, scalars);
  return artifact.tensors
    .filter((t) => t.role === "output")
    .map((t) => {
      const kind = { isF16: t.dtype === "f16", isExact: t.dtype !== "f32" && t.dtype !== "f16" };
      const reference = Float64Array.from(exact[t.name] ?? []);
      return compare(t.name, toNumbers(t.dtype, outputs[t.name]), reference, naive[t.name] ?? [], kind);
    });
};
