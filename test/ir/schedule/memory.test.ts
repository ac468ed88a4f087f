/** Workgroup memory that is reckoned with before a kernel is lowered is what the lowered kernel has. */
import { some } from "../../tier.ts";
import { expect, test } from "vitest";
import { viewOf } from "../../../src/ir/graph/view.ts";
import { illegal, legal } from "../../../src/ir/schedule/legal.ts";
import { planFaults, tileBytes } from "../../../src/ir/schedule/tiles.ts";
import { printSchedule, type StreamSchedule } from "../../../src/ir/schedule/schedule.ts";
import { workgroupEstimate } from "../../../src/ir/schedule/workgroup.ts";
import { BASELINE } from "../../../src/base/target.ts";
import { compileCase, type Case } from "../../numeric/harness.ts";
import { SOURCE, TINY, titleOf } from "../../plan/tiny.ts";
import { SHAPES, TILED } from "../lower/tile-programs.ts";

const rows = (lanes: number, rowsPerLane: number, cells: number, tile: number): StreamSchedule => ({
  kind: "rows",
  lanes,
  rowsPerLane,
  cells,
  edgeCells: 1,
  source: "workgroup",
  tile,
  vectorStream: false,
  hold: false,
});
const split = (lanes: number, lanesPerRow: number, tile: number): StreamSchedule => ({
  kind: "split",
  lanes,
  lanesPerRow,
  cells: 1,
  edgeCells: 1,
  vectorStream: false,
  hold: false,
  ...(tile === 0 ? { source: "direct" } : { source: "workgroup", tile }),
});
const WAYS: readonly StreamSchedule[] = [
  rows(8, 1, 1, 3),
  rows(6, 2, 2, 8),
  split(8, 4, 0),
  split(4, 4, 0),
  split(12, 2, 6),
  split(4, 4, 12),
];

/** Room for anything: what is asked is how much it takes. */
const ROOMY = { ...BASELINE, workgroupBytes: 2 ** 20, storageBuffers: 64 };

/** Bytes of a kernel's workgroup arrays, each rounded up to whole vec4s. */
const bytesOf = (
  workgroup: readonly { readonly length: number | null; readonly type: { readonly width: number } }[],
): number => workgroup.reduce((n, b) => n + Math.ceil(((b.length ?? NaN) * b.type.width * 4) / 16) * 16, 0);

const WIDE = `
kernel wide(x: f32[i: N, j: M], v: f32[j, d: D], w: i32[j]) -> (a: f32[i, d], b: f32[i, d], c: i32[i], e: i32[i], f: f32[i], g: i32[i, d]) {
  a = sum[j](x * v)
  b = max[j](x * v)
  c = sum[j](if x > 0 then w else 0)
  e = max[j](if x > 0 then w else 0)
  f = var[j](x)
  g = sum[j](if x > 0 then w * d else 0)
}
`;

const holds = (source: string, c: Case): void => {
  const first = compileCase(source, c, ROOMY);
  let compared = 0;
  for (const way of WAYS) {
    const fits = first.folded.kernels.filter((k) => illegal(viewOf(first.folded.graph), k, way, ROOMY).length === 0);
    const names = new Set(fits.map((k) => k.name));
    if (names.size === 0) continue;
    const { folded, tile } = compileCase(source, c, ROOMY, (own, name) => (names.has(name) ? way : own));
    folded.kernels.forEach((k, n) => {
      if (!names.has(k.name)) return;
      compared++;
      const found = bytesOf(tile.kernels[n]?.workgroup ?? []);
      expect(workgroupEstimate(viewOf(folded.graph), k, way), `${k.name} under ${printSchedule(way)}`).toBe(found);
    });
  }
  expect(compared > 0 || first.folded.kernels.every((k) => k.stream.length === 0 || k.scans.length > 0)).toBe(true);
};

test.each(
  some(
    TINY.filter((_, n) => n % 2 === 0).map((c) => [titleOf(c), c] as const),
    4,
  ),
)("%s", (_, c) => holds(SOURCE, c));

test.each([3, 4, 6, 40])("results of every width, D = %i", (D) =>
  holds(WIDE, { kernel: "wide", sizes: { N: 5, M: 7, D }, known: ["D"] }),
);

test.each(
  some(
    TILED.map(([title, p], n) => [title, p, n] as const),
    4,
  ),
)("tiles: %s", (_, p, n) => {
  const c: Case = { kernel: "k", sizes: p.sizes, known: p.known };
  const shape = SHAPES[(n + 1) % SHAPES.length]!;
  const first = compileCase(p.source, c, ROOMY);
  const b = viewOf(first.plan.graph);
  const has = first.plan.kernels.filter((k) => k.stream.length > 0 && planFaults(b, k).length === 0);
  const names = new Set(has.map((k) => k.name));
  const { plan, tile } = compileCase(p.source, c, ROOMY, (own, name) => (names.has(name) ? shape : own));
  let union = false;
  plan.kernels.forEach((k, at) => {
    if (!names.has(k.name)) return;
    const found = bytesOf(tile.kernels[at]?.workgroup ?? []);
    const estimate = tileBytes(viewOf(plan.graph), k, shape);
    union ||= k.stream.some((a) => viewOf(plan.graph).axis(a).parts !== null);
    if (!union) expect(estimate, k.name).toBe(found);
    const room = (workgroupBytes: number): readonly string[] =>
      legal(viewOf(plan.graph), k, shape, { ...ROOMY, workgroupBytes });
    expect(room(estimate)).toEqual([]);
    expect(room(estimate - 1).join()).toMatch(new RegExp(`about ${estimate} bytes of workgroup memory`));
  });
  expect(names.size).toBeGreaterThan(0);
});
