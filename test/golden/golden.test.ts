/**
 * Every level of every kernel of the language reference and of a scan, as text: the diff of these files is the review of a change
 * to the compiler. `npx vitest run --update=all test/golden` takes new ones.
 */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { printSpec } from "../../src/check/print-spec.ts";
import { BASELINE, TARGETS } from "../../src/base/target.ts";
import { printPlan } from "../../src/explain/print-plan.ts";
import { printGraph } from "../../src/ir/graph/print.ts";
import { printTile } from "../../src/ir/tile/print.ts";
import { compileCase, type Case } from "../numeric/harness.ts";

const SOURCE = ["language", "variants"]
  .map((name) => readFileSync(new URL(`../fixtures/${name}.tfx`, import.meta.url), "utf8"))
  .join("\n");

/** Small head dims: the files stay readable and the shape of the code is the same. */
const CASES: readonly Case[] = [
  { kernel: "flash_attention", sizes: { D: 8, E: 8 }, known: ["D", "E"] },
  { kernel: "gemma2", sizes: { D: 8, G: 2, R: 2 }, known: ["D", "G", "R"] },
  { kernel: "persistent_memory", sizes: { D: 8, P: 4 }, known: ["D", "P"] },
  { kernel: "talking_heads", sizes: { H: 2, G: 2, X: 2, D: 4, E: 4 }, known: ["H", "G", "X", "D", "E"] },
  { kernel: "topk_attention", sizes: { D: 4 }, known: ["D"], statics: { top: 3 } },
  { kernel: "cosine_attention", sizes: { D: 8 }, known: ["D"] },
  { kernel: "add_rms_norm", sizes: { D: 64 }, known: ["D"] },
  { kernel: "layer_norm_affine", sizes: { D: 64 }, known: ["D"] },
  { kernel: "paged_decode", sizes: { D: 8, G: 2, R: 2, P: 4 }, known: ["D", "G", "R", "P"] },
  { kernel: "linear_attention", sizes: { D: 8, E: 8 }, known: ["D", "E"] },
  // An ordered scan.
  { kernel: "gated_delta_rule", sizes: { D: 8 }, known: ["D"] },
];

const line = (text: string): string => (text.endsWith("\n") ? text : `${text}\n`);

describe.each(CASES.map((c) => [c.kernel, c] as const))("%s", (kernel, c) => {
  const file = (name: string): string => `./${kernel}/${name}`;

  test("baseline, every level", async () => {
    const { spec, graph, plan, tile, artifact } = compileCase(SOURCE, c, BASELINE);
    const { wgsl, sourceMap: _, ...data } = artifact;
    await expect(line(printSpec(spec))).toMatchFileSnapshot(file("spec.txt"));
    await expect(line(printGraph(graph))).toMatchFileSnapshot(file("graph.txt"));
    await expect(line(printPlan({ graph, plan }))).toMatchFileSnapshot(file("plan.txt"));
    await expect(line(printTile(tile))).toMatchFileSnapshot(file("tile.txt"));
    await expect(line(wgsl)).toMatchFileSnapshot(file("out.wgsl"));
    await expect(line(JSON.stringify(data, null, 2))).toMatchFileSnapshot(file("artifact.json"));
  });

  test("subgroups, WGSL", async () => {
    const { artifact } = compileCase(SOURCE, c, TARGETS["subgroups"] ?? BASELINE);
    await expect(line(artifact.wgsl)).toMatchFileSnapshot(file("subgroups.wgsl"));
  });
});
