/** How many cells a chunk should have, by counting products: nothing here is measured. */
import { CHUNKS } from "../../../base/costs.ts";
import { item } from "../../../base/must.ts";
import type { Target } from "../../../base/target.ts";
import type { GraphView } from "../../graph/view.ts";
import type { AxisId } from "../../graph/graph.ts";
import { extent } from "../planning.ts";
import type { Mixed } from "../scan.ts";
import type { Picked } from "./pick.ts";

/** Why a recurrence is not counted at all; null: it is. */
export const uncounted = (b: GraphView, p: Picked): string | null => {
  if (p.readings.length === 0) return "no sum reads it";
  const unknown = p.readings.flatMap((r) => r.sum.over).find((a) => typeof b.axis(a).size !== "number");
  return unknown === undefined ? null : `the size of \`${b.axis(unknown).name}\` is not known`;
};

/**
 * Cells of a chunk for recurrences along one axis, which are walked together or taken in chunks together, or why there are none. `asked`:
 * the caller's number.
 */
export const cellsOf = (
  b: GraphView,
  over: AxisId,
  all: readonly Picked[],
  mixed: Mixed,
  target: Target,
  asked?: number,
): number | string => {
  if (asked !== undefined) return asked;
  const rows = Math.max(
    ...all.map((p) =>
      points(
        b,
        p.scan.dims.filter((a) => !mixed.has(a)),
      ),
    ),
  );
  if (rows >= target.tuning.parallelGroups * CHUNKS.lanes) return `${rows} rows keep \`${target.name}\` busy`;
  const sizes = all.some((p) => p.featurewise) ? CHUNKS.featurewise : CHUNKS.cells;
  const length = extent(b.axis(over));
  if (length < CHUNKS.least * item(sizes, -1)) return `\`${b.axis(over).name}\` has ${length} cells`;
  const counted = all.map((p) => countOf(b, p));
  const sum = (f: (c: Counted) => number): number => counted.reduce((n, c) => n + f(c), 0);
  const most = CHUNKS.work * sum((c) => c.reads + 2 * c.state);
  const fitting = sizes.find(
    (cells) => length >= CHUNKS.least * cells && sum((c) => c.reads + c.state + (cells / 2) * c.pairs) <= most,
  );
  return fitting ?? "the sums inside a chunk would cost more than the walk";
};

/** Products for a cell: to read a state, to add to one, and for each cell before it in the chunk. */
type Counted = { readonly reads: number; readonly state: number; readonly pairs: number };

const countOf = (b: GraphView, p: Picked): Counted => {
  const { dims, over } = p.scan;
  const ofReaders = (f: (axes: readonly AxisId[], r: Picked["readings"][number]) => number): number =>
    p.readings.reduce(
      (n, r) =>
        n +
        f(
          b.node(r.coefficient).axes.filter((a) => a !== over),
          r,
        ),
      0,
    );
  return {
    state: points(b, dims),
    reads: ofReaders((axes) => points(b, [...dims, ...axes])),
    // A score for what is contracted, and what it weighs.
    pairs: ofReaders((axes, r) => {
      const kept = [...dims, ...axes].filter((a) => !r.sum.over.includes(a));
      const score = (p.featurewise ? 2 : 1) * points(b, [...axes, ...r.sum.over]);
      return r.products.length * (score + points(b, kept));
    }),
  };
};

/** Points of axes; those of unknown size count as one. */
const points = (b: GraphView, axes: Iterable<AxisId>): number =>
  [...new Set(axes)].reduce((n, a) => n * (Number(b.axis(a).size) || 1), 1);
