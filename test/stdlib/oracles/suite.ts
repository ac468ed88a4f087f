/** Tests of a list of cases: all runs on SwiftShader, the first run of some kernels elsewhere, and what the headers promise. */
import { describe, expect, test } from "vitest";
import type { Accuracy } from "../../../src/cli/accuracy.ts";
import { BASELINE } from "../../../src/base/target.ts";
import type { Kernel } from "../../../src/runtime/index.ts";
import { stacks, type Stack } from "../../gpu/stacks.ts";
import { compileCase, openBench, runKernel, runOn, type Case, type Run } from "./run.ts";
import { viewOf } from "../../../src/ir/graph/view.ts";

const bench = await openBench();
const [lavapipe, deno] = (await stacks(["lavapipe", "deno"])) as [Stack, Stack];
if (bench === null) console.log("swiftshader is left out: not available");
for (const s of [lavapipe, deno]) if (!s.available) console.log(`${s.name} is left out: ${s.reason}`);

const expectExact = (results: readonly Accuracy[]): void => {
  expect(results.length).toBeGreaterThan(0);
  for (const a of results)
    expect(a.ok, `${a.output}: error ${a.error}, naive f32 ${a.naive}, allowed ${a.allowed}`).toBe(true);
};

const sizesOf = (c: Case, run: Run): string =>
  Object.entries({ ...run.sizes, ...c.known })
    .map(([k, v]) => `${k}=${v}`)
    .join(" ");
const nameOf = (c: Case, run: Run): string => `${run.note}: ${sizesOf(c, run)}`;

const onBench = (c: Case): void => {
  let made: Promise<Kernel> | undefined;
  const kernel = (): Promise<Kernel> => {
    if (bench === null) throw new Error("no SwiftShader");
    return (made ??= bench.kernel(compileCase(c, bench.target).artifact));
  };
  for (const run of c.runs)
    test.skipIf(bench === null)(nameOf(c, run), async () => expectExact(await runKernel(await kernel(), c, run)));
};

/** `1 pass`, `2 passes` or `elementwise` of a kernel's header, and of its plan. */
const promised = (doc: string): string | null => /Class [^.]*?(\d+ pass|elementwise)/s.exec(doc)?.[1] ?? null;
const planned = (c: Case): { readonly doc: string; readonly plan: string } => {
  const { plan, spec } = compileCase(c, BASELINE);
  const most = Math.max(...plan.kernels.map((k) => (k.stream.length === 0 ? 0 : k.passes)));
  return { doc: spec.doc, plan: most === 0 ? "elementwise" : `${most} pass` };
};

const elsewhere = (c: Case, stack: Stack): void => {
  const [run] = c.runs;
  if (run !== undefined)
    test.skipIf(!stack.available)(`${stack.name}: ${nameOf(c, run)}`, async () =>
      expectExact(await runOn(stack, c, run)),
    );
};

/** Buffers between kernels that grow with N·M. */
const squares = (c: Case): readonly string[] => {
  const { plan } = compileCase(c, BASELINE);
  const { axis } = viewOf(plan.graph);
  const grows = (a: number): boolean => ["N", "M"].some((n) => JSON.stringify(axis(a).size).includes(n));
  return plan.scratch.filter((t) => t.dims.flat().filter(grows).length > 1).map((t) => t.name);
};

/** Kernels in `everywhere` run on lavapipe and Deno as well; all do with TFX_ALL_STACKS=1 (lavapipe compiles for seconds). */
export const suite = (cases: readonly Case[], everywhere: readonly string[]): void => {
  for (const c of cases)
    describe(c.kernel, () => {
      onBench(c);
      if (process.env["TFX_ALL_STACKS"] === "1" || everywhere.includes(c.kernel)) {
        elsewhere(c, lavapipe);
        elsewhere(c, deno);
      }
      test("the header tells the plan, and nothing that is stored grows with N x M", () => {
        const { doc, plan } = planned(c);
        expect(promised(doc)).toBe(plan);
        expect(squares(c)).toEqual([]);
      });
    });
};

/** Kernels again with half floats, on lavapipe. */
export const halves = (cases: readonly Case[], kernels: readonly string[]): void => {
  const stack = lavapipe.available && lavapipe.target.f16 ? lavapipe : undefined;
  if (stack === undefined) console.log("f16 is left out: no stack has it");
  for (const c of cases.filter((x) => kernels.includes(x.kernel)))
    for (const run of c.runs.slice(0, 1))
      test.skipIf(stack === undefined)(`f16: ${c.kernel} ${nameOf(c, run)}`, async () =>
        expectExact(await runOn(stack!, { ...c, types: { T: "f16" } }, run)),
      );
};
