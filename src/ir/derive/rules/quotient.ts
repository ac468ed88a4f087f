/** Division by a product is a product of inverses. */
import type { NodeId } from "../../graph/graph.ts";
import type { Rule } from "./rule.ts";
import { atom, onlyTerm, type Separation, type Term } from "./terms.ts";

export const QUOTIENT: Rule = {
  name: "inverse of a product",
  equation: "1 / (a · b · e^x) = 1/a · 1/b · e^-x",
  condition: "none: where a factor is 0 neither side is a number",
};

/** The terms of `1 / id`. */
export const inverse = (cx: Separation, id: NodeId): readonly Term[] => {
  const { b } = cx;
  const one = b.konst(1, "f32");
  const only = cx.depends(id) ? onlyTerm(cx.terms(id)) : null;
  if (only === null) return atom(b.binary("/", one, id));
  return [
    {
      factors: only.factors.map((f) => b.binary("/", one, f)),
      exponents: only.exponents.map((x) => b.unary("neg", x)),
      guards: [],
    },
  ];
};
