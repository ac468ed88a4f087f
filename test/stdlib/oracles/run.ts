/** Compiles attention kernels of the standard library, runs them and compares them with oracles written from the papers. */
import { existsSync, readFileSync } from "node:fs";
import { create, globals } from "webgpu";
import { compare, type Accuracy } from "../../../src/cli/accuracy.ts";
import { softwareDriver } from "../../../src/cli/adapters.ts";
import { openDevice, targetOf } from "../../../src/cli/device.ts";
import type { Artifact, TensorInfo } from "../../../src/codegen/artifact.ts";
import type { Target } from "../../../src/base/target.ts";
import { compile, type Compiled } from "../../../src/compile.ts";
import { evalSize } from "../../../src/base/size.ts";
import { createKernel, type Kernel } from "../../../src/runtime/index.ts";
import type { Stack, Tensors as Typed } from "../../gpu/stacks.ts";
import { randomFrom } from "../../numeric/harness.ts";
import type { Round } from "./arith.ts";
import type { Numbers, Oracle, Read, Tensors } from "./attend.ts";

type Values = Readonly<Record<string, number>>;
type Fill = (name: string, count: number, random: () => number) => ArrayLike<number> | null;

/** One run of a compiled kernel. */
export type Run = {
  /** What this run is about. */
  readonly note: string;
  readonly sizes: Values;
  readonly scalars?: Values;
  /** Values of some inputs; null: random in ±2. */
  readonly inputs?: Fill;
};

/** A kernel with its oracle: compiled once, run several times. */
export type Case = {
  readonly file: string;
  readonly kernel: string;
  readonly oracle: Oracle;
  /** Sizes that the compiler is told; they hold in all runs. */
  readonly known: Values;
  readonly statics?: Values;
  readonly types?: Readonly<Record<string, string>>;
  readonly runs: readonly Run[];
};

const STDLIB = new URL("../../../stdlib/", import.meta.url);
const textOf = (name: string): string => readFileSync(new URL(`${name}.tfx`, STDLIB), "utf8");

export const compileCase = (c: Case, target: Target): Compiled => {
  const result = compile(textOf(c.file), {
    file: `stdlib/${c.file}.tfx`,
    kernel: c.kernel,
    dims: c.known,
    statics: c.statics ?? {},
    types: c.types ?? {},
    target,
    resolveImport: (path) => {
      const name = path.replace(/^std\//, "");
      return existsSync(new URL(`${name}.tfx`, STDLIB)) ? { file: `std/${name}.tfx`, text: textOf(name) } : null;
    },
  });
  const [compiled] = result.compiled;
  const errors = result.diagnostics.filter((d) => d.severity === "error");
  if (compiled === undefined || errors.length > 0)
    throw new Error(errors.map((d) => `${d.code} ${d.message}`).join("; "));
  return compiled;
};

/** SwiftShader in this process, with pipelines that are compiled once for all runs of a kernel. */
export type Bench = { readonly target: Target; readonly kernel: (artifact: Artifact) => Promise<Kernel> };

/** Dawn crashes when what `create` gave is collected while its threads still work. */
const alive: unknown[] = [];

/** Null where SwiftShader is not available. */
export const openBench = async (): Promise<Bench | null> => {
  const driver = softwareDriver("swiftshader");
  if (!driver.available) return null;
  Object.assign(process.env, { VK_ICD_FILENAMES: driver.env["VK_ICD_FILENAMES"] });
  Object.assign(globalThis, globals);
  const gpu = create([]);
  const adapter = await gpu.requestAdapter();
  if (adapter === null) return null;
  const target = targetOf(adapter, "tint");
  const device = await openDevice(adapter, target);
  alive.push(gpu, adapter, device);
  return { target, kernel: (artifact) => createKernel(device, artifact) };
};

const stored = (dtype: TensorInfo["dtype"], x: number): number => {
  if (dtype === "f32") return Math.fround(x);
  if (dtype === "f16") return Math.f16round(x);
  return dtype === "bool" ? Number(x > 0) : Math.trunc(x);
};

/** Numbers in the arrays that the runtime takes; 4-bit integers two to a byte, the first in the low half. */
const typed = (dtype: TensorInfo["dtype"], values: readonly number[]): Typed[string] => {
  switch (dtype) {
    case "f32":
      return Float32Array.from(values);
    case "f16":
      return new Uint16Array(new Float16Array(values).buffer);
    case "u32":
      return Uint32Array.from(values);
    case "i32":
      return Int32Array.from(values);
    case "bool":
    case "u8":
      return Uint8Array.from(values);
    case "i8":
      return new Uint8Array(Int8Array.from(values).buffer);
    case "i4":
    case "u4": {
      const bytes = new Uint8Array(Math.ceil(values.length / 2));
      values.forEach((x, n) => (bytes[n >> 1] = (bytes[n >> 1] ?? 0) | ((x & 15) << (4 * (n % 2)))));
      return bytes;
    }
  }
};

const numbers = (dtype: TensorInfo["dtype"], data: unknown): ArrayLike<number> =>
  dtype === "f16" && data instanceof Uint16Array
    ? new Float16Array(data.buffer, data.byteOffset, data.length)
    : (data as ArrayLike<number>);

const shapeIn = (t: TensorInfo, sizes: Values): number[] => t.dims.map((d) => evalSize(d.extent, (s) => sizes[s] ?? 0));

/** Row-major, and only within bounds. */
const reader =
  (name: string, shape: readonly number[], values: ArrayLike<number>): Read =>
  (...index) => {
    let at = 0;
    for (let k = 0; k < shape.length; k++) {
      const [i, n] = [index[k] ?? NaN, shape[k] ?? 0];
      if (!(i >= 0 && i < n)) throw new Error(`${name}[${index.join(", ")}] is outside of ${shape.join(" x ")}`);
      at = at * n + i;
    }
    return values[at] ?? NaN;
  };

type Prepared = {
  readonly typed: Typed;
  readonly sizes: Values;
  readonly scalars: Values;
  readonly oracle: (r: Round) => ReturnType<Oracle>;
};

const prepare = (artifact: Artifact, c: Case, run: Run): Prepared => {
  const random = randomFrom(11);
  const sizes = { ...run.sizes, ...c.known };
  const scalars = Object.fromEntries(Object.entries(run.scalars ?? {}).map(([k, v]) => [k, Math.fround(v)]));
  const read: Record<string, Read> = {};
  const arrays: Record<string, Typed[string]> = {};
  for (const t of artifact.tensors) {
    if (t.role !== "input") continue;
    const shape = shapeIn(t, { ...c.statics, ...sizes });
    const count = shape.reduce((n, x) => n * x, 1);
    const given = run.inputs?.(t.name, count, random) ?? Array.from({ length: count }, () => (random() * 2 - 1) * 2);
    const values = Array.from(given, (x) => stored(t.dtype, x));
    read[t.name] = reader(t.name, shape, values);
    arrays[t.name] = typed(t.dtype, values);
  }
  const n = { ...sizes, ...scalars, ...c.statics } as unknown as Numbers;
  return { typed: arrays, sizes, scalars, oracle: (r) => c.oracle(r, read as unknown as Tensors, n) };
};

const judge = (
  artifact: Artifact,
  outputs: Readonly<Record<string, unknown>>,
  oracle: Prepared["oracle"],
): readonly Accuracy[] => {
  const exact = oracle((x) => x);
  const naive = oracle(Math.fround);
  return artifact.tensors
    .filter((t) => t.role === "output")
    .map((t) => {
      const kind = { isF16: t.dtype === "f16", isExact: t.dtype !== "f32" && t.dtype !== "f16" };
      return compare(
        t.name,
        numbers(t.dtype, outputs[t.name]),
        Float64Array.from(exact[t.name] ?? [NaN]),
        naive[t.name] ?? [],
        kind,
      );
    });
};

/** Runs on a kernel that is compiled already. */
export const runKernel = async (kernel: Kernel, c: Case, run: Run): Promise<readonly Accuracy[]> => {
  const { typed: inputs, sizes, scalars, oracle } = prepare(kernel.artifact, c, run);
  const { outputs } = await kernel.run({ inputs: inputs as never, sizes, scalars });
  return judge(kernel.artifact, outputs, oracle);
};

/** Compiles for a stack and runs there. */
export const runOn = async (stack: Stack, c: Case, run: Run): Promise<readonly Accuracy[]> => {
  const { artifact } = compileCase(c, stack.target);
  const { typed: inputs, sizes, scalars, oracle } = prepare(artifact, c, run);
  return judge(artifact, await stack.run(artifact, inputs, sizes, scalars), oracle);
};
