/** Runs an ONNX case on a stack and compares it as ONNX's backend tests do. */
import type { Artifact } from "../../src/codegen/artifact.ts";
import { evalSize } from "../../src/base/size.ts";
import type { Stack, Tensors } from "../gpu/stacks.ts";
import { compileStd, toNumbers, toTyped } from "./oracles-norm/run.ts";
import type { Call } from "./onnx-adapter.ts";
import type { OnnxCase } from "./onnx-cases.ts";

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

const runOnce = async (
  stack: Stack,
  artifact: Artifact,
  call: Call,
  values: Readonly<Record<string, readonly number[]>>,
  scalars: Readonly<Record<string, number>>,
): Promise<Record<string, ArrayLike<number>>> => {
  const inputs: Record<string, Tensors[string]> = {};
  for (const t of artifact.tensors) if (t.role === "input") inputs[t.name] = toTyped(t.dtype, values[t.name] ?? []);
  const outputs = await stack.run(artifact, inputs, call.sizes, scalars);
  const results = artifact.tensors.filter((t) => t.role === "output");
  return Object.fromEntries(results.map((t) => [t.name, toNumbers(t.dtype, outputs[t.name])]));
};

const prepared = (
  c: OnnxCase,
  call: Call,
  stack: Stack,
): { readonly artifact: Artifact; readonly run: () => Promise<Record<string, ArrayLike<number>>> } => {
  const { artifact } = compileStd(call, stack.target);
  const given = Object.fromEntries(Object.entries(call.inputs).map(([k, v]) => [k, c.inputs[v]?.values ?? []]));
  const zeros = artifact.tensors
    .filter((t) => call.zeros?.includes(t.name))
    .map((t) => [t.name, Array<number>(countOf(t, call.sizes)).fill(0)] as const);
  const scalars = Object.fromEntries(Object.entries(call.scalars ?? {}).map(([k, v]) => [k, Math.fround(v)]));
  const { before } = call;
  const run = async (): Promise<Record<string, ArrayLike<number>>> => {
    const first = before === undefined ? {} : await prepared(c, before, stack).run();
    const made = Object.entries(first).map(([k, v]) => [k, Array.from(v)] as const);
    return runOnce(stack, artifact, call, { ...given, ...Object.fromEntries([...zeros, ...made]) }, scalars);
  };
  return { artifact, run };
};

/** What the kernel gives, by its own names. */
export const runCall = (c: OnnxCase, call: Call, stack: Stack): Promise<Record<string, ArrayLike<number>>> =>
  prepared(c, call, stack).run();

export type CaseRun = { readonly outcomes: readonly Outcome[]; readonly plan: string };

/** Compiles the case's kernel for the stack, runs it and compares every output that the case has. */
export const runCase = async (c: OnnxCase, call: Call, stack: Stack): Promise<CaseRun> => {
  const { artifact, run } = prepared(c, call, stack);
  const found = await run();
  const outcomes = Object.entries(call.outputs).flatMap(([kernel, node]) => {
    const expected = c.outputs[node];
    return expected === undefined
      ? []
      : [compareOutput(node, found[kernel] ?? [], expected.values, expected.dtype === "float16")];
  });
  return { outcomes, plan: artifact.plan };
};
