/** Runs an ONNX case on a stack and compares it as ONNX's backend tests do. */
import type { Artifact } from "../../src/codegen/artifact.ts";
import { evalSize } from "../../src/ir/scalar/size.ts";
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

/** One dispatch a token; every output but the state is stacked along the token axis, which is the node's second. */
const runScan = async (
  stack: Stack,
  artifact: Artifact,
  call: Call,
  values: Record<string, readonly number[]>,
  scan: NonNullable<Call["scan"]>,
): Promise<Record<string, ArrayLike<number>>> => {
  const state = artifact.tensors.find((t) => t.name === scan.stateIn);
  let carried: readonly number[] =
    values[scan.stateIn] ?? Array<number>(state === undefined ? 0 : countOf(state, call.sizes)).fill(0);
  const tokens: ArrayLike<number>[] = [];
  for (let t = 0; t < scan.steps; t++) {
    const found = await runOnce(stack, artifact, call, { ...values, [scan.stateIn]: carried }, { ...call.scalars, t });
    carried = Array.from(found[scan.stateOut] ?? []);
    tokens.push(found["output"] ?? []);
  }
  const B = call.sizes["B"] ?? 1;
  const width = (tokens[0]?.length ?? 0) / B;
  const output = Array.from({ length: B }, (_, b) =>
    tokens.flatMap((x) => Array.from(x).slice(b * width, (b + 1) * width)),
  );
  return { output: output.flat(), [scan.stateOut]: carried };
};

const prepared = (
  c: OnnxCase,
  call: Call,
  stack: Stack,
): { readonly artifact: Artifact; readonly run: () => Promise<Record<string, ArrayLike<number>>> } => {
  const { artifact } = compileStd(call, stack.target);
  const values = Object.fromEntries(Object.entries(call.inputs).map(([k, v]) => [k, c.inputs[v]?.values ?? []]));
  const scalars = Object.fromEntries(Object.entries(call.scalars ?? {}).map(([k, v]) => [k, Math.fround(v)]));
  const { scan, before } = call;
  const run = async (): Promise<Record<string, ArrayLike<number>>> => {
    const first = before === undefined ? {} : await prepared(c, before, stack).run();
    const all = { ...values, ...Object.fromEntries(Object.entries(first).map(([k, v]) => [k, Array.from(v)])) };
    if (scan === undefined) return runOnce(stack, artifact, call, all, scalars);
    return runScan(stack, artifact, { ...call, scalars }, all, scan);
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
