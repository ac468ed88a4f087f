/**
 * Gauges: exponents that stay in the loop under maxima that still grow. The sum is kept as Σ e^(x + γ) g with γ of the maxima so far and
 * corrected by e^(γ' - γ) when they grow. Exact for any γ; in f32 only where no exponent is large on the way, so it is proved that
 *
 *     x + γ <= 60   at every cell, with the maxima over the cells up to it, and γ never grows.
 *
 * The proof replaces each -c·m, m = max[j](y), c >= 0, by -c·y: m >= y holds at each cell that m has seen. What is left after
 * cancelling must be bounded by its ranges. A minimum is the mirror image.
 */
import type { GraphView } from "../../graph/view.ts";
import type { Node, NodeId } from "../../graph/graph.ts";
import { follows } from "../../scalar/defined.ts";
import {
  addP,
  isAtLeastZero,
  MAX_EXPONENT,
  mulP,
  polynomialOf,
  rangeOfPolynomial,
  type Monomial,
  type Polynomial,
} from "../../scalar/polynomial.ts";
import { rangeAnalysis } from "../../scalar/range.ts";
import { signAnalysis } from "../../scalar/sign.ts";
import type { Rule } from "./rule.ts";
import type { Live } from "./terms.ts";

export const GAUGE: Rule = {
  name: "gauge",
  equation: "Σ e^(x + γ + δ) g = e^δ Σ e^(x + γ) g",
  condition:
    "γ = Σ -c m with c >= 0 and m = max[j](y) over the same cells or more (minima: the mirror image), and x - Σ c y <= 60",
};

/** How many ways of bounding nested `max(a, b)` are tried. */
const MAX_TRIES = 16;

/**
 * Whether the sum of these exponents is at most `MAX_EXPONENT` at every cell on the way. `cells`: the condition under which the sum has
 * a cell, guards included.
 */
export const isBounded = (b: GraphView, exponents: readonly NodeId[], live: Live, cells: NodeId | null): boolean => {
  const [signs, range] = [signAnalysis(b), rangeAnalysis(b)];
  let tries = 0;
  const bounded = (p: Polynomial): boolean => {
    if (++tries > MAX_TRIES) return false;
    const next = [...p.values()].find((m) => m.factors.some((f) => live.depends(f.node)));
    if (next === undefined) return rangeOfPolynomial(p, range).hi <= MAX_EXPONENT;
    return growths(next).some((q) => bounded(addP(p, q)));
  };
  /** For a monomial c·m: polynomials c·y - c·m that are at least zero. */
  const growths = (m: Monomial): readonly Polynomial[] => {
    const [factor, ...more] = m.factors.filter((f) => live.depends(f.node));
    if (factor === undefined || more.length > 0 || factor.divides) return [];
    const c: Monomial = { coefficient: m.coefficient, factors: m.factors.filter((f) => f !== factor) };
    const falls = isAtLeastZero({ ...c, coefficient: -c.coefficient }, signs);
    const rises = isAtLeastZero(c, signs);
    return boundsOf(b, b.node(factor.node), { falls, rises }, cells, live).map((y) => {
      const difference = addP(polynomialOf(b, y), polynomialOf(b, factor.node), -1);
      return mulP(new Map([["c", c]]), difference);
    });
  };
  return bounded(exponents.map((x) => polynomialOf(b, x)).reduce<Polynomial>((p, q) => addP(p, q), new Map()));
};

/** Values y with c·n <= c·y, for a coefficient c that is at most zero (`falls`) or at least zero (`rises`). */
const boundsOf = (
  b: GraphView,
  n: Node,
  c: { readonly falls: boolean; readonly rises: boolean },
  cells: NodeId | null,
  live: Live,
): readonly NodeId[] => {
  const fits = (op: string): boolean => (op === "max" && c.falls) || (op === "min" && c.rises);
  if (n.kind === "reduce" && fits(n.op)) return follows(b, n.where, cells) ? [n.body] : [];
  if (n.kind === "binary" && fits(n.op))
    return [n.a, n.b].sort((x, y) => Number(live.depends(y)) - Number(live.depends(x)));
  return [];
};
