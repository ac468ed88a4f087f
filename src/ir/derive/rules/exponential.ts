/** The exponential of a sum is a product. What stays in the loop must be bounded: `gauge.ts` decides that of the whole exponent. */
import type { NodeId } from "../../graph/graph.ts";
import type { Rule } from "./rule.ts";
import { addends, oneNode, type Separation } from "./terms.ts";

export const EXPONENTIAL: Rule = {
  name: "exponential of a sum",
  equation: "e^(x + y) = e^x · e^y",
  condition:
    "of live statistics only maxima, minima and logarithms are taken apart from what streams; the exponent that stays in the loop is bounded above (see: gauge)",
};

/** The addends of an exponent. Logarithms of finished sums may be taken off (`exp(s - lse)`), other statistics are left mixed. */
export const exponentsOf = (cx: Separation, id: NodeId): readonly NodeId[] => {
  const { b } = cx;
  const list = addends(b, id);
  const isLog = (x: NodeId): boolean => {
    const n = b.node(x);
    return n.kind === "unary" && (n.op === "log" || (n.op === "neg" && isLog(n.a)));
  };
  const safe = list.every((x) => !cx.depends(x) || cx.extremal(x) || cx.streams(x) || isLog(x));
  return safe ? list.flatMap((x) => cx.exponentTerms(x).map((t) => oneNode(b, t))) : [id];
};
