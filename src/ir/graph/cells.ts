/** How many cells a reduction runs over. */
import type { GraphBuilder } from "./pen.ts";
import type { AxisId, NodeId } from "./graph.ts";

/** The divisor of a mean over all cells of these axes, an i32: at least 1, so that the mean of no cell is 0. */
export const cellCount = (b: GraphBuilder, over: readonly AxisId[]): NodeId => {
  const sizes = over.map((a) => b.axis(a).size);
  const count = sizes.map((s) => b.sizeOf(s)).reduce((x, y) => b.binary("*", x, y), b.konst(1, "i32"));
  return sizes.every((s) => Number(s) >= 1) ? count : b.binary("max", count, b.konst(1, "i32"));
};
