/** The planner's schedules are legal: every kernel of the standard library, at two sets of sizes, for every target. */
import { expect, test } from "vitest";
import { readCatalogue, type Entry } from "../../src/cli/catalogue.ts";
import type { Sizes } from "../../src/cli/catalogue-sizes.ts";
import { TARGETS } from "../../src/base/target.ts";
import { planKernels } from "../../src/ir/derive/partition.ts";
import { prepare } from "../../src/ir/derive/prepare.ts";
import { chooseSchedule } from "../../src/ir/schedule/choose.ts";
import { legal } from "../../src/ir/schedule/legal.ts";
import { legalSchedules } from "../../src/ir/schedule/legal-space.ts";
import { cutStreams } from "../../src/ir/schedule/parts.ts";
import { lowerToGraph } from "../../src/ir/lower-to-graph.ts";
import { viewOf } from "../../src/ir/graph/view.ts";

const { entries } = readCatalogue();

/** What is wrong with the planner's choices for one kernel at some sizes, a line each. */
const faultsOf = (entry: Entry, sizes: Sizes): readonly string[] => {
  const dims = Object.fromEntries(entry.told.map((n) => [n, sizes[n] ?? 1]));
  const lowered = lowerToGraph(entry.spec, { dims, statics: entry.sizes.statics, types: {} });
  const whole = planKernels(prepare(lowered.graph, []), [], 8);
  return Object.values(TARGETS).flatMap((target) => {
    const { graph, kernels } = cutStreams(whole, target);
    const b = viewOf(graph);
    return kernels.flatMap((k) => {
      const chosen = chooseSchedule(b, k, target);
      return legal(b, k, chosen, target).map((why) => `${entry.file} ${k.name} on ${target.name}: ${why}`);
    });
  });
};

test.each(["full", "small"] as const)("are legal at %s sizes", { timeout: 600_000 }, (which) => {
  expect(entries.flatMap((e) => faultsOf(e, e.sizes[which]))).toEqual([]);
});

test("every kernel has legal schedules of its own", { timeout: 600_000 }, () => {
  const target = TARGETS["subgroups"];
  if (target === undefined) throw new Error("no target");
  for (const e of entries) {
    const dims = Object.fromEntries(e.told.map((n) => [n, e.sizes.small[n] ?? 1]));
    const naive = lowerToGraph(e.spec, { dims, statics: e.sizes.statics, types: {} }).graph;
    const { graph, kernels } = planKernels(prepare(naive, []), [], target.storageBuffers);
    for (const k of kernels) {
      const [first, second] = legalSchedules(viewOf(graph), k, target);
      expect([first === undefined, second === undefined], `${e.file} ${k.name}`).toEqual([false, false]);
    }
  }
});
