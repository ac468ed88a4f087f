/** Which cells of the stream a workgroup visits, and which of them need no mask (theory 2.8: from classification to loop bounds). */
import type { AxisId } from "../graph/graph.ts";
import type { Expr } from "../tile/tile.ts";
import * as T from "../tile/build.ts";
import type { Segment } from "./block.ts";
import type { Emitter } from "./emit.ts";
import type { Grid } from "./grid.ts";

export type StreamRange = {
  readonly begin: Expr;
  readonly end: Expr;
  /** Every cell of the stream is visible to every row. */
  readonly allVisible: boolean;
  /** Some blocks may be seen whole: code without a mask is worth having. */
  readonly someFull: boolean;
  /** Whether the block of `step` cells at `t` needs no mask. */
  readonly isFull: (t: Expr, step: number) => Expr;
};

export type RangeInput = {
  readonly em: Emitter;
  readonly grid: Grid;
  readonly inner: readonly AxisId[];
  readonly seg: Segment;
  readonly length: Expr;
  /** The pass writes cells: all of them are visited. */
  readonly storing: boolean;
  /** Bounds must be equal for all lanes of the workgroup. */
  readonly uniform: boolean;
};

export const streamRange = (input: RangeInput): StreamRange => {
  const { length, seg } = input;
  const wheres = new Set([...seg.parts.map((p) => p.where), ...seg.scans.map((s) => s.where)]);
  const unmasked = wheres.size === 0 || (wheres.size === 1 && wheres.has(null));
  return {
    begin: T.i32(0),
    end: length,
    allVisible: unmasked,
    someFull: unmasked,
    isFull: (t, step) => T.le(T.add(t, T.i32(step)), length),
  };
};
