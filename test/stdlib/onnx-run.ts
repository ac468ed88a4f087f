/** Runs an ONNX case through `compileNode` on a stack, and compares as ONNX's backend tests do. */
import type { Artifact } from "../../src/codegen/artifact.ts";
import { evalSize } from "../../src/base/size.ts";
import type { Target } from "../../src/base/target.ts";
import { compileNode, type CompiledNode, type NodeKernel } from "../../src/onnx/index.ts";
import type { Stack, Tensors } from "../gpu/stacks.ts";
import type { OnnxCase } from "./onnx-cases.ts";
import { inputTensors, nodeOf, outputNames } from "./onnx-node.ts";
import { toNumbers, toTyped } from "./oracles-norm/run.ts";

export type Outcome = {
  readonly output: string;
  /** Largest distance to ONNX's value. */
  readonly error: number;
  readonly scale: number;
  readonly ok: boolean;
};

/** The defaults of onnx.backend.test: |found - expected| <= atol + rtol |expected|. */
const RTOL = 1e-3;
const ATOL = 1e-7;
/** ONNX's reference computes half-float cases in half floats; ours is nearer to the exact value than that. */
const HALF_ATOL = 2e-3;

const countOf = (t: Artifact["tensors"][number], sizes: Readonly<Record<string, number>>): number =>
  t.dims.reduce((n, d) => n * evalSize(d.extent, (s) => sizes[s] ?? 0), 1);

/** Distance of two numbers; 0 for the same infinity. */
const distance = (a: number, b: number): number => (Object.is(a, b) || a === b ? 0 : Math.abs(a - b));

const compareOutput = (
  output: string,
  found: ArrayLike<number>,
  expected: readonly number[],
  half: boolean,
): Outcome => {
  let [error, scale, ok] = [0, 0, found.length === expected.length];
  expected.forEach((e, n) => {
    const d = distance(found[n] ?? NaN, e);
    if (!(d <= (half ? HALF_ATOL : ATOL) + RTOL * Math.abs(e))) ok = false;
    error = Number.isNaN(d) ? Infinity : Math.max(error, d);
    if (Number.isFinite(e)) scale = Math.max(scale, Math.abs(e));
  });
  return { output, error, scale, ok };
};

/** The kernels of a case; what is wrong with it is thrown. */
export const compileCase = (c: OnnxCase, target: Target): CompiledNode => {
  const made = compileNode(nodeOf(c), { target });
  const errors = made.diagnostics.filter((d) => d.severity === "error");
  if (errors.length > 0) throw new Error(errors.map((d) => `${d.code} ${d.message}`).join("; "));
  return made;
};

export const hasHalves = (c: OnnxCase): boolean => Object.values(c.inputs).some((t) => t.dtype === "float16");

type Rows = Record<string, ArrayLike<number>>;

const runKernel = async (
  stack: Stack,
  { artifact, sizes, scalars, buffers }: NodeKernel,
  c: OnnxCase,
  between: Map<string, ArrayLike<number>>,
): Promise<Rows> => {
  const given = inputTensors(c);
  const inputs: Record<string, Tensors[string]> = {};
  for (const t of artifact.tensors.filter((tensor) => tensor.role === "input")) {
    const b = buffers[t.name];
    const values =
      b?.kind === "input"
        ? given[b.index]?.values
        : b?.kind === "zeros"
          ? Array<number>(countOf(t, sizes)).fill(0)
          : b?.kind === "between"
            ? between.get(b.name)
            : undefined;
    if (values === undefined) throw new Error(`${c.name}: nothing for ${t.name}`);
    inputs[t.name] = toTyped(t.dtype, values);
  }
  const rounded = Object.fromEntries(Object.entries(scalars).map(([k, v]) => [k, Math.fround(v)]));
  const made = await stack.run(artifact, inputs, sizes, rounded);
  const found: Rows = {};
  for (const t of artifact.tensors.filter((tensor) => tensor.role === "output")) {
    const b = buffers[t.name];
    const numbers = toNumbers(t.dtype, made[t.name]);
    if (b?.kind === "between") between.set(b.name, numbers);
    else if (b?.kind === "output") found[outputNames(c)[b.index] ?? ""] = numbers;
    else if (b?.kind !== "unused") throw new Error(`${c.name}: nowhere for ${t.name}`);
  }
  return found;
};

/** What the node's kernels give, by the case's names. */
export const runNode = async (c: OnnxCase, made: CompiledNode, stack: Stack): Promise<Rows> => {
  const between = new Map<string, ArrayLike<number>>();
  let found: Rows = {};
  for (const kernel of made.kernels) found = { ...found, ...(await runKernel(stack, kernel, c, between)) };
  return found;
};

/** Compiles the case for the stack, runs it and compares every output that the case has. */
export const runCase = async (c: OnnxCase, stack: Stack): Promise<readonly Outcome[]> => {
  const made = compileCase(c, stack.target);
  const found = await runNode(c, made, stack);
  return outputNames(c).flatMap((name, n) => {
    const expected = c.outputs[name];
    if (expected === undefined) return [];
    const shape = made.outputs[n]?.shape.join();
    if (shape !== expected.shape.join())
      throw new Error(`${c.name}: ${name} of shape ${shape}, expected ${expected.shape.join()}`);
    return [compareOutput(name, found[name] ?? [], expected.values, expected.dtype === "float16")];
  });
};
