/** A power of a product is a product of powers, where the signs allow. */
import type { Node } from "../../graph/graph.ts";
import { isOnly, POSITIVE, ZERO } from "../../scalar/sign.ts";
import type { Rule } from "./rule.ts";
import { atom, onlyTerm, type Separation, type Term } from "./terms.ts";

export const POWER: Rule = {
  name: "power of a product",
  equation: "(a · b · e^x)^k = a^k · b^k · e^(k x)",
  condition: "k is an integer; or all factors are >= 0 (> 0 for k < 0); or all but one are > 0",
};

/** The terms of `a ** k` with a constant k. */
export const power = (cx: Separation, n: Node & { kind: "binary" }): readonly Term[] => {
  const { b } = cx;
  const k = b.node(n.b);
  const only = onlyTerm(cx.terms(n.a));
  if (k.kind !== "const" || only === null) return atom(n.id);
  const least = k.value > 0 ? ZERO | POSITIVE : POSITIVE;
  const notPositive = only.factors.filter((f) => !isOnly(cx.signs(f), POSITIVE));
  const proved =
    Number.isInteger(k.value) || notPositive.length <= 1 || only.factors.every((f) => isOnly(cx.signs(f), least));
  if (!proved) {
    cx.refuse(n.id, "the power of a product is not split: the signs of its factors are not known");
    return atom(n.id);
  }
  return [
    {
      factors: only.factors.map((f) => b.binary("pow", f, n.b)),
      exponents: only.exponents.map((x) => b.binary("*", x, n.b)),
      guards: [],
    },
  ];
};
