/** What is added to a state, as products of what is contracted with it later and of what is not: k_d · v_e, so that Σ_d q_d k_d comes first. */
import { PLANNING } from "../../../base/costs.ts";
import type { GraphBuilder } from "../../graph/build.ts";
import type { AxisId, NodeId } from "../../graph/graph.ts";

/** [guards] · Π inner · Π outer. Inner factors vary along contracted axes, outer ones and guards do not. */
export type Product = {
  readonly guards: readonly NodeId[];
  readonly inner: readonly NodeId[];
  readonly outer: readonly NodeId[];
};

/** Beyond this depth an expression is not taken apart further. */
const DEPTH = 24;

/**
 * `root` as a sum of products in which no factor varies both along the contracted axes and along those that the reader lacks; null: it is none,
 * or too many.
 */
export const productsOf = (
  b: GraphBuilder,
  root: NodeId,
  contracted: readonly AxisId[],
  lacking: readonly AxisId[],
): readonly Product[] | null => {
  const varies = (id: NodeId, axes: readonly AxisId[]): boolean => b.node(id).axes.some((a) => axes.includes(a));
  const isInner = (id: NodeId): boolean => varies(id, contracted);
  const single = (id: NodeId): Product =>
    isInner(id) ? { guards: [], inner: [id], outer: [] } : { guards: [], inner: [], outer: [id] };
  const joined = (p: Product, q: Product): Product => ({
    guards: [...p.guards, ...q.guards],
    inner: [...p.inner, ...q.inner],
    outer: [...p.outer, ...q.outer],
  });
  /** One of the factors that vary like the divisor, divided by it. */
  const divided = (p: Product, divisor: NodeId): Product => {
    const over = (factors: readonly NodeId[]): readonly NodeId[] => {
      const [head = b.konst(1, "f32"), ...more] = factors;
      return [b.binary("/", head, divisor), ...more];
    };
    return isInner(divisor) ? { ...p, inner: over(p.inner) } : { ...p, outer: over(p.outer) };
  };
  const split = (id: NodeId, depth: number): readonly Product[] | null => {
    const n = b.node(id);
    if (n.kind === "const" && n.value === 0) return [];
    if (!(isInner(id) && varies(id, lacking))) return [single(id)];
    if (depth === 0) return null;
    const of = (x: NodeId): readonly Product[] | null => split(x, depth - 1);
    const both = (p: readonly Product[] | null, q: readonly Product[] | null): readonly Product[] | null =>
      p === null || q === null || p.length + q.length > PLANNING.rank ? null : [...p, ...q];
    const times = (p: readonly Product[] | null, f: NodeId): readonly Product[] | null =>
      p === null ? null : p.map((x) => joined(x, single(f)));
    if (n.kind === "unary" && n.op === "neg") return times(of(n.a), b.konst(-1, "f32"));
    if (n.kind === "binary" && n.op === "+") return both(of(n.a), of(n.b));
    if (n.kind === "binary" && n.op === "-") return both(of(n.a), times(of(n.b), b.konst(-1, "f32")));
    if (n.kind === "binary" && n.op === "*") {
      const [p, q] = [of(n.a), of(n.b)];
      if (p === null || q === null || p.length * q.length > PLANNING.rank) return null;
      return p.flatMap((x) => q.map((y) => joined(x, y)));
    }
    if (n.kind === "binary" && n.op === "/" && !(isInner(n.b) && varies(n.b, lacking)))
      return of(n.a)?.map((x) => divided(x, n.b)) ?? null;
    if (n.kind === "select" && !isInner(n.cond)) {
      const given = (p: readonly Product[] | null, c: NodeId): readonly Product[] | null =>
        p === null ? null : p.map((x) => ({ ...x, guards: [...x.guards, c] }));
      return both(given(of(n.a), n.cond), given(of(n.b), b.unary("not", n.cond)));
    }
    return null;
  };
  return split(root, DEPTH);
};
