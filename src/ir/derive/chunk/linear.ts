/** Expressions that are affine in a state: `coefficient · state + rest`, found by structure and by nothing else. */
import type { GraphBuilder } from "../../graph/build.ts";
import type { Node, NodeId } from "../../graph/graph.ts";
import { readOperands } from "../../graph/scan.ts";
import { folded } from "../../graph/walk.ts";

/** Neither part reads the state. Null stands for 0. */
export type Affine = { readonly coefficient: NodeId | null; readonly rest: NodeId | null };

/** Why an expression is not affine, in words. */
export type NotAffine = { readonly why: string };

const isAffine = (x: Affine | NotAffine): x is Affine => !("why" in x);

/**
 * `root` taken apart. `isState`: what counts as the state; every other read of it must have been ruled out before. Sums, differences, products
 * and quotients by what is free of the state, negations, and choices whose condition is free of it; nothing else.
 */
export const affineIn = (b: GraphBuilder, root: NodeId, isState: (n: Node) => boolean): Affine | NotAffine => {
  const reads = folded<boolean>(b, (n, of) => isState(n) || of.includes(true), readOperands);
  const part = folded<Affine | NotAffine>(
    b,
    (n, of) => {
      if (isState(n)) return { coefficient: b.konst(1, "f32"), rest: null };
      if (!reads(n.id)) return { coefficient: null, rest: isZero(b, n.id) ? null : n.id };
      if (n.kind === "select" && reads(n.cond)) return { why: "a choice that the state decides" };
      const bad = of.find((x) => !isAffine(x));
      if (bad !== undefined) return bad;
      return b.from(n.id, () => combined(b, n, of as readonly Affine[]));
    },
    (n) => (isState(n) || !reads(n.id) ? [] : readOperands(n)),
  );
  return part(root);
};

const isZero = (b: GraphBuilder, id: NodeId): boolean => {
  const n = b.node(id);
  return n.kind === "const" && n.value === 0;
};

const combined = (b: GraphBuilder, n: Node, of: readonly Affine[]): Affine | NotAffine => {
  const [x = NOTHING, y = NOTHING, z = NOTHING] = of;
  const zero = b.konst(0, "f32");
  /** The same of both parts, where there is one. */
  const each = (p: Affine, f: (id: NodeId) => NodeId): Affine => ({
    coefficient: p.coefficient === null ? null : f(p.coefficient),
    rest: p.rest === null ? null : f(p.rest),
  });
  const free = (p: Affine): NodeId | null => (p.coefficient === null ? (p.rest ?? zero) : null);
  const sum = (p: NodeId | null, q: NodeId | null, op: "+" | "-"): NodeId | null => {
    if (q === null) return p;
    if (p === null) return op === "+" ? q : b.unary("neg", q);
    return b.binary(op, p, q);
  };
  if (n.kind === "unary" && n.op === "neg") return each(x, (id) => b.unary("neg", id));
  if (n.kind === "binary" && (n.op === "+" || n.op === "-"))
    return { coefficient: sum(x.coefficient, y.coefficient, n.op), rest: sum(x.rest, y.rest, n.op) };
  if (n.kind === "binary" && n.op === "*") {
    const [left, right] = [free(x), free(y)];
    if (right !== null) return each(x, (id) => b.binary("*", id, right));
    if (left !== null) return each(y, (id) => b.binary("*", left, id));
    return { why: "a product of the state with itself" };
  }
  if (n.kind === "binary" && n.op === "/") {
    const divisor = free(y);
    return divisor === null ? { why: "a quotient by the state" } : each(x, (id) => b.binary("/", id, divisor));
  }
  if (n.kind === "select") {
    const choose = (p: NodeId | null, q: NodeId | null): NodeId | null =>
      p === null && q === null ? null : b.select(n.cond, p ?? zero, q ?? zero);
    return { coefficient: choose(y.coefficient, z.coefficient), rest: choose(y.rest, z.rest) };
  }
  if (n.kind === "reduce") return { why: `\`${n.op}\` over the state` };
  return { why: n.kind === "unary" || n.kind === "binary" ? `\`${n.op}\` of the state` : "the state at other indices" };
};

const NOTHING: Affine = { coefficient: null, rest: null };
