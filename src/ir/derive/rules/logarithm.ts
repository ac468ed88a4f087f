/** A logarithm of a product is a sum of logarithms, where the signs allow. */
import type { NodeId } from "../../graph/graph.ts";
import { isOnly, POSITIVE } from "../../scalar/sign.ts";
import { isShifted, together } from "./drift.ts";
import type { Rule } from "./rule.ts";
import { atom, onlyTerm, type Separation, type Term } from "./terms.ts";

export const LOGARITHM: Rule = {
  name: "log of a product",
  equation: "log(a · b · e^x) = log a + log b + x",
  condition: "all factors but one are > 0",
};

/** The terms of `log(id)`. */
export const logarithm = (cx: Separation, id: NodeId): readonly Term[] => {
  const { b } = cx;
  const whole = atom(b.unary("log", id));
  const only = onlyTerm(cx.terms(id));
  if (only === null) return whole;
  if (only.factors.filter((f) => !isOnly(cx.signs(f), POSITIVE)).length > 1) {
    cx.refuse(id, "the logarithm of a product is not split: the signs of its factors are not known");
    return whole;
  }
  const logs = only.factors.flatMap((f): readonly Term[] => {
    const n = b.node(f);
    const inverts = n.kind === "binary" && n.op === "/" && isOne(cx, n.a);
    return inverts ? atom(b.unary("neg", b.unary("log", n.b))) : atom(b.unary("log", f));
  });
  const exponents = cx.whole && isShifted(cx, only.exponents) ? together(cx, only.exponents) : only.exponents;
  return [...exponents.flatMap((x) => atom(x)), ...logs];
};

const isOne = (cx: Separation, id: NodeId): boolean => {
  const n = cx.b.node(id);
  return n.kind === "const" && n.value === 1;
};
