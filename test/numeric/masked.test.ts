/** Cells outside the domain do not exist: whatever stands in the memory behind them, NaN and infinity included, has no effect. */
import { describe, expect, test } from "vitest";
import { interpret } from "../../src/meaning/interpret.ts";
import { largestDistance } from "../../src/cli/accuracy.ts";
import { stacks, type StackName } from "../gpu/stacks.ts";
import { asBaseline, asGpu, asIs, SOURCE, type View } from "./suite.ts";
import { compileCase, inputsOf, type Case } from "./harness.ts";

const NAMES: readonly StackName[] = ["swiftshader", "lavapipe", "deno"];
const GARBAGE = [NaN, Infinity, -Infinity, 3e38];
const garbage = (n: number): number => GARBAGE[n % GARBAGE.length] ?? NaN;

type Masked = {
  readonly title: string;
  readonly case: Case;
  /** Elements of an input that no cell of the checked rows reads. */
  readonly spoil: (name: string, n: number) => boolean;
  readonly output: string;
  /** Elements of the output that are compared. */
  readonly compared: (n: number) => boolean;
};

const [B, H, N, M, D, E] = [1, 2, 11, 19, 8, 8];
const MASKED: readonly Masked[] = [
  {
    // The last three keys are seen by the last three queries only.
    title: "causal attention",
    output: "o",
    case: { kernel: "flash_attention", sizes: { B, H, N, M, D, E }, known: ["D", "E"] },
    spoil: (name, n) => (name === "k" || name === "v") && Math.floor(n / D) % M >= M - 3,
    compared: (n) => Math.floor(n / E) % N < N - 3,
  },
  {
    title: "a mask without exponentials",
    output: "o",
    case: { kernel: "linear_attention", sizes: { B, H, N, D, E }, known: ["D", "E"] },
    spoil: (name, n) => (name === "k" || name === "v") && Math.floor(n / D) % N >= N - 3,
    compared: (n) => Math.floor(n / E) % N < N - 3,
  },
  {
    // Batch 0 uses 5 of 16 places of its pages: page 2 of the pool is only named behind them.
    title: "a paged cache",
    output: "y",
    case: {
      kernel: "paged_decode",
      sizes: { B: 1, G: 2, R: 3, D: 8, C: 3, P: 4, L: 4 },
      known: ["D", "G", "R", "P"],
      inputs: (name) => (name === "pages" ? [1, 0, 2, 2] : name === "length" ? [5] : null),
    },
    spoil: (name, n) => name.startsWith("pool") && Math.floor(n / (4 * 2 * 8)) === 2,
    compared: () => true,
  },
];

const VIEWS: readonly (readonly [string, View])[] = [
  ["as it is", asIs],
  ["as a GPU", asGpu],
  ["as the baseline", asBaseline],
];

describe.each(NAMES)("%s", (name) => {
  test.for(MASKED.flatMap((m) => VIEWS.map(([v, view]) => [`${m.title}, ${v}`, m, view] as const)))(
    "%s",
    async ([, m, view], context) => {
      const [stack] = await stacks([name]);
      if (!stack?.available) return context.skip(stack?.reason ?? "no such stack");
      const compiled = compileCase(SOURCE, m.case, view(stack.target));
      const clean = inputsOf(compiled, m.case);
      const scalars = m.case.scalars ?? {};
      const expected =
        interpret(compiled.spec, { sizes: m.case.sizes, tensors: clean, scalars })[m.output] ?? new Float64Array();
      let spoiled = 0;
      const inputs = Object.fromEntries(
        compiled.artifact.tensors
          .filter((t) => t.role === "input")
          .map((t) => {
            const values = (clean[t.name] ?? []).map((x, n) => (m.spoil(t.name, n) ? (spoiled++, garbage(n)) : x));
            return [t.name, t.dtype === "i32" ? Int32Array.from(values) : Float32Array.from(values)];
          }),
      );
      expect(spoiled).toBeGreaterThan(0);
      const found = (await stack.run(compiled.artifact, inputs, m.case.sizes, scalars))[m.output] as Float32Array;
      const kept = (a: ArrayLike<number>): readonly number[] => Array.from(a).filter((_, n) => m.compared(n));
      expect(kept(expected).length).toBeGreaterThan(0);
      expect(largestDistance(kept(found), kept(expected))).toBeLessThan(1e-5);
    },
  );
});

describe("rows without a cell", () => {
  test.for(NAMES)("%s: o is 0 and lse is minus infinity", async (name, context) => {
    const [stack] = await stacks([name]);
    if (!stack?.available) return context.skip(stack?.reason ?? "no such stack");
    // Six queries on four keys, aligned at the end: the first two queries come before every key.
    const c: Case = { kernel: "flash_attention", sizes: { B: 1, H: 1, N: 6, M: 4, D: 8, E: 8 }, known: ["D", "E"] };
    for (const [, view] of VIEWS) {
      const compiled = compileCase(SOURCE, c, view(stack.target));
      const inputs = Object.fromEntries(
        Object.entries(inputsOf(compiled, c)).map(([n, v]) => [n, Float32Array.from(v)]),
      );
      const { o, lse } = await stack.run(compiled.artifact, inputs, c.sizes, {});
      expect(Array.from(o as Float32Array).slice(0, 16)).toEqual(new Array(16).fill(0));
      expect(Array.from(lse as Float32Array).slice(0, 2)).toEqual([-Infinity, -Infinity]);
      expect(
        Array.from(lse as Float32Array)
          .slice(2)
          .every(Number.isFinite),
      ).toBe(true);
    }
  });
});
