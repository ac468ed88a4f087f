/** The WGSL of every kernel of the standard library, at the catalogue's full sizes, stays in proportion; so does what grows with a size. */
import { describe, expect, test } from "vitest";
import { compileEntry, readCatalogue } from "../../src/cli/catalogue.ts";
import { BASELINE, TARGETS } from "../../src/base/target.ts";
import { compile } from "../../src/compile.ts";

const MAX_BYTES = 100_000;
const { entries } = readCatalogue();

/** The two with the most code; with TFX_ALL_STACKS=1 all. */
const NAMES = process.env["TFX_ALL_STACKS"] === "1" ? Object.keys(TARGETS) : ["subgroups", "software"];

test.each(NAMES)(
  "every kernel has less than 100 KB for %s",
  (name) => {
    const sizes = entries.map((e) => ({
      kernel: e.kernel,
      bytes: compileEntry(e, e.sizes.full, TARGETS[name] ?? BASELINE).artifact.wgsl.length,
    }));
    expect(sizes.length).toBeGreaterThan(200);
    expect(sizes.filter((s) => s.bytes >= MAX_BYTES)).toEqual([]);
  },
  120_000,
);

/** Sparsemax by rank: at every cell, sums over the whole row. */
const SPARSEMAX = `
kernel sparsemax(x: f32[n: N, j: M], w: f32[l: M]) -> y: f32[n, j] {
  let c = sum[l](if x[j = l] >= x then w else 0.0)
  let s = sum[l](if x[j = l] >= x then x[j = l] else 0.0)
  let k = sum[j](if 1 + c * x > s then 1.0 else 0.0)
  let tau = (sum[j](if 1 + c * x > s then x else 0.0) - 1) / k
  y = max(x - tau, 0)
}
`;

describe("a row that is reduced at each of its cells", () => {
  test.each(["baseline", "subgroups", "software", "software-subgroups"])(
    "has about the same code at every length for %s",
    (name) => {
      const bytes = [8, 16, 32, 48, 64, 96, 160, 164, 255, 256, 300].map((M) => {
        const { artifacts, diagnostics } = compile(SPARSEMAX, {
          file: "s.tfx",
          dims: { M },
          target: TARGETS[name] ?? BASELINE,
          resolveImport: () => null,
        });
        expect(diagnostics).toEqual([]);
        return artifacts[0]?.wgsl.length ?? 0;
      });
      expect(Math.min(...bytes)).toBeGreaterThan(1000);
      expect(Math.max(...bytes)).toBeLessThan(16_000);
    },
  );
});
