/**
 * A difference of what streams and a statistic (`x - mean`) is small where both are large: split into moments it would cancel. Equal
 * in exact arithmetic, not in f32; so a factor that adds a statistic to what streams is not distributed, and its reduction takes
 * another pass. A difference to a maximum in an exponent is another matter: it is a gauge.
 */
import type { NodeId } from "../../graph/graph.ts";
import type { Rule } from "./rule.ts";
import { addends, type Separation } from "./terms.ts";

export const DIFFERENCE: Rule = {
  name: "differences stay whole",
  equation: "Σ (x + d) g = Σ x g + d Σ g is not used",
  condition: "x varies along the stream, d is a statistic of the same pass",
};

/** Whether the sum must stay in one piece. */
export const cancels = (cx: Separation, id: NodeId): boolean => {
  const parts = addends(cx.b, id);
  return (
    parts.some((p) => cx.streams(p) && !cx.depends(p)) &&
    parts.some((p) => cx.depends(p) && !cx.streams(p) && !(cx.isExponent && cx.extremal(p)))
  );
};
