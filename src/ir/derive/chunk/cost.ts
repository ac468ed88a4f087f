/** How many cells a chunk should have, by counting products: nothing here is measured. */
import { CHUNKS } from "../../../base/costs.ts";
import { item } from "../../../base/must.ts";
import type { Target } from "../../../base/target.ts";
import type { GraphView } from "../../graph/view.ts";
import type { AxisId } from "../../graph/graph.ts";
import { extent } from "../planning.ts";
import type { Mixed } from "../scan.ts";
import type { Picked } from "./pick.ts";

/** Cells of a chunk, or why there are none. `asked`: the caller's number. */
export const cellsOf = (b: GraphView, p: Picked, mixed: Mixed, target: Target, asked?: number): number | string => {
  const { dims, over } = p.scan;
  const name = (a: AxisId): string => `\`${b.axis(a).name}\``;
  if (p.readings.length === 0) return "no sum reads it";
  const unknown = p.readings.flatMap((r) => r.sum.over).find((a) => typeof b.axis(a).size !== "number");
  if (unknown !== undefined) return `the size of ${name(unknown)} is not known`;
  if (asked !== undefined) return Math.floor(asked);
  /** Points of axes; those of unknown size count as one. */
  const points = (axes: Iterable<AxisId>): number =>
    [...new Set(axes)].reduce((n, a) => n * (Number(b.axis(a).size) || 1), 1);
  const lanes = points(dims.filter((a) => !mixed.has(a)));
  if (lanes >= target.tuning.parallelGroups * CHUNKS.lanes) return `${lanes} rows keep \`${target.name}\` busy`;
  const ofReaders = (f: (axes: readonly AxisId[], p: Picked["readings"][number]) => number): number =>
    p.readings.reduce(
      (n, r) =>
        n +
        f(
          b.node(r.coefficient).axes.filter((a) => a !== over),
          r,
        ),
      0,
    );
  const state = points(dims);
  const reads = ofReaders((axes) => points([...dims, ...axes]));
  // For each pair of cells of a chunk a score for what is contracted, and what it weighs.
  const pairs = ofReaders((axes, r) => {
    const kept = [...dims, ...axes].filter((a) => !r.sum.over.includes(a));
    return r.products.length * ((p.featurewise ? 2 : 1) * points([...axes, ...r.sum.over]) + points(kept));
  });
  const sizes = p.featurewise ? CHUNKS.featurewise : CHUNKS.cells;
  const length = extent(b.axis(over));
  if (length < CHUNKS.least * item(sizes, -1)) return `${name(over)} has ${length} cells`;
  const most = CHUNKS.work * (reads + 2 * state);
  const fitting = sizes.find((c) => length >= CHUNKS.least * c && reads + state + (c / 2) * pairs <= most);
  return fitting ?? "the sums inside a chunk would cost more than the walk";
};
