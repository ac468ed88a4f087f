/**
 * Scalars and data at the ends of 32 bits on real WGSL: windows without a limit, lengths below zero. Each runs in a process of its
 * own that is killed when it takes long: a bound that wraps is a loop of 500 million turns.
 */
import { readFileSync } from "node:fs";
import { afterAll, expect, test } from "vitest";
import { accuracy } from "../../src/cli/accuracy.ts";
import { softwareDriver } from "../../src/cli/adapters.ts";
import { GPU_TUNING, type Target } from "../../src/base/target.ts";
import { startChild, type Child } from "../gpu/child.ts";
import type { Tensors } from "../gpu/execute.ts";
import { compileCase, faults, inputsOf, numbersOf, type Case } from "./harness.ts";

const [LEAST, GREATEST] = [-2147483648, 2147483647];
const LIMIT = 60_000;

const stdlib = (name: string): string => readFileSync(new URL(`../../stdlib/${name}.tfx`, import.meta.url), "utf8");
const WINDOWS = stdlib("attention/sliding_window");
const PADDED = stdlib("attention/padded");
const PLAIN = `
kernel up_to(x: f32[i: N, j: M], w: i32) -> y: f32[i] {
  let s = x where j <= i + w
  y = sum[j](s)
}
kernel below(x: f32[i: N, j: M], a: i32) -> y: f32[i] {
  let s = x where j < a
  y = sum[j](s)
}
kernel near(x: f32[i: N, j: M], a: i32) -> y: f32[i] {
  let s = x where abs(i - j) < a
  y = sum[j](s)
}
kernel between(x: f32[i: N, j: M], first: i32[i], last: i32[i], w: i32) -> y: f32[i] {
  let s = x where j >= first - w and j <= last + w
  y = sum[j](s)
}
`;

const SIZES = { B: 2, H: 1, N: 9, M: 23, D: 4, E: 4 };
const at = (kernel: string, scalars: Case["scalars"], lengths?: readonly number[]): Case => ({
  kernel,
  ...(kernel.includes("_window") || kernel.startsWith("padded")
    ? { sizes: SIZES, known: ["D", "E"] }
    : { sizes: { N: SIZES.N, M: SIZES.M }, known: [] }),
  ...(scalars === undefined ? {} : { scalars }),
  ...(lengths === undefined
    ? {}
    : {
        inputs: (name, count) =>
          ["length", "first", "last"].includes(name)
            ? Array.from({ length: count }, (_, k) => lengths[(k + (name === "last" ? 1 : 0)) % lengths.length] ?? 0)
            : null,
      }),
});

const CASES: readonly (readonly [string, string, Case])[] = [
  ...[LEAST, LEAST + 2].map((n) => [`length ${n}`, PADDED, at("padded_attention", undefined, [n, 5])] as const),
  ...[GREATEST, GREATEST - 1].map((n) => [`length ${n}`, PADDED, at("padded_attention", undefined, [n, 5])] as const),
  ...[LEAST, LEAST + 1, GREATEST, GREATEST - 3].map(
    (w) => [`window ${w}`, WINDOWS, at("sliding_window", { w })] as const,
  ),
  ...(
    [
      [4, GREATEST],
      [GREATEST, GREATEST],
      [LEAST, 4],
      [GREATEST, LEAST],
    ] as const
  ).map(([left, right]) => [`window ${left}, ${right}`, WINDOWS, at("two_sided_window", { left, right })] as const),
  ...[LEAST, GREATEST].map((w) => [`up to ${w}`, PLAIN, at("up_to", { w })] as const),
  ...[LEAST, GREATEST].map((a) => [`below ${a}`, PLAIN, at("below", { a })] as const),
  ...[LEAST, GREATEST].map((a) => [`near ${a}`, PLAIN, at("near", { a })] as const),
  ...[LEAST, GREATEST, 3].map(
    (w) => [`between ${w}`, PLAIN, at("between", { w }, [LEAST, 4, GREATEST, GREATEST, 7])] as const,
  ),
];

const { available, reason, env } = { reason: "", env: {}, ...softwareDriver("swiftshader") };
let child: Child | null = null;
let target: Target | null = null;
afterAll(() => child?.kill());

/** The device's target; the process is started again after one that was killed. */
const open = async (): Promise<readonly [Child, Target]> => {
  child ??= startChild([process.execPath], env);
  target ??= (await child.ask({ kind: "open" }, LIMIT))["target"] as Target;
  return [child, target];
};

const typed = (dtype: string, values: readonly number[]): Tensors[string] =>
  dtype === "i32" ? Int32Array.from(values) : Float32Array.from(values);

test.for(CASES)("%s", { timeout: 2 * LIMIT }, async ([, source, c], context) => {
  if (!available) return context.skip(reason);
  const [device, on] = await open();
  for (const view of [on, { ...on, tuning: GPU_TUNING, subgroups: null }]) {
    const compiled = compileCase(source, c, view);
    const values = inputsOf(compiled, c);
    const inputs = Object.fromEntries(
      compiled.artifact.tensors
        .filter((t) => t.role === "input")
        .map((t) => [t.name, typed(t.dtype, values[t.name] ?? [])]),
    );
    const reply = await device
      .ask({ kind: "run", artifact: compiled.artifact, inputs, sizes: c.sizes, scalars: c.scalars ?? {} }, LIMIT)
      .catch((error: unknown) => {
        child = null;
        throw error;
      });
    const outputs = reply["outputs"] as Tensors;
    const found = Object.fromEntries(
      compiled.artifact.tensors
        .filter((t) => t.role === "output")
        .map((t) => [t.name, numbersOf(t.dtype, outputs[t.name])]),
    );
    const results = accuracy(
      { spec: compiled.spec, types: c.types },
      { sizes: c.sizes, tensors: values, scalars: c.scalars ?? {}, statics: c.statics ?? {} },
      found,
    );
    expect(results.length).toBeGreaterThan(0);
    expect(faults(results)).toEqual([]);
  }
});
