/**
 * What Mesa's compiler for AMD GPUs makes of the kernels that matter most: no register spilled, no wave lost, no share of peak (modelled)
 * given away. Where its driver or a C compiler is not here it says so.
 */
import { expect, test } from "vitest";
import { artifactOf, inRows, ISA_CASES } from "../../bench/isa/cases.ts";
import { figuresOf, openDriver, type Figures } from "../../bench/isa/driver.ts";
import { TARGETS } from "../../src/base/target.ts";

/** Shares of peak, a point below what `npm run bench:isa` shows. */
const BUDGET: Readonly<Record<string, number>> = {
  "causal_attention, D = 64": 0.57,
  "causal_attention, D = 128": 0.55,
  "causal_attention, D = 256": 0.54,
  "linear, sizes known": 0.74,
  "swiglu, sizes known": 0.7,
};
const CASES = ISA_CASES.filter((c) => c.title in BUDGET);

test("no spills, three waves a SIMD, and the share of peak", { timeout: 120_000 }, async (context) => {
  const driver = openDriver();
  if ("reason" in driver) return context.skip(driver.reason);
  const baseline = TARGETS["baseline"]!;
  const spilling = CASES.find((c) => c.title === "causal_attention, D = 128")!;
  const artifacts = [...CASES.map((c) => artifactOf(c, baseline)), artifactOf(spilling, inRows(baseline))];
  const found = await figuresOf(
    driver,
    artifacts.map((a) => ({ wgsl: a.wgsl, entryPoints: a.dispatches.map((d) => d.entryPoint) })),
  );
  const figures = found.map((list) => list[0] as Figures);
  expect(figures.at(-1)?.spilled, "lanes that own rows of 128 features spill: the instrument sees it").toBeGreaterThan(
    0,
  );
  for (const [n, c] of CASES.entries()) {
    const { spilled, scratchBytes, waves, hot } = figures[n] as Figures;
    expect({ spilled, scratchBytes }, c.title).toEqual({ spilled: 0, scratchBytes: 0 });
    expect(waves, c.title).toBeGreaterThanOrEqual(3);
    expect(hot?.share, c.title).toBeGreaterThanOrEqual(BUDGET[c.title] ?? 1);
  }
});
