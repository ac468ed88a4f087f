/** Conditions under which cells exist, while a spec becomes a graph: put together, settled where they always or never hold. */
import type { SizeExpr } from "../base/size.ts";
import type { GraphBuilder } from "./graph/build.ts";
import type { AxisId, NodeId } from "./graph/graph.ts";
import { conjuncts as conjunctsOf } from "./graph/walk.ts";
import type { Linear } from "./scalar/affine.ts";
import { formsOf, settled } from "./scalar/settle.ts";

/** Conditions of a branch that are guarded one by one. */
const MAX_GUARDED = 16;

/** What is asked of conditions that one builder writes. */
export const conditionsOf = (b: GraphBuilder) => {
  const factsOf = (conditions: readonly NodeId[]): Linear[] => conditions.flatMap((c) => formsOf(b, c));
  /** The conditions that a condition is made of. */
  const conjuncts = (id: NodeId): NodeId[] => conjunctsOf(b, id);
  /** Conditions of either. */
  const both = (p: readonly NodeId[], q: readonly NodeId[]): readonly NodeId[] =>
    q.length === 0 || p === q ? p : p.length === 0 ? q : [...new Set([...p, ...q])];
  /** All of them as one; null: there is none. */
  const all = (dom: readonly NodeId[]): NodeId | null =>
    dom.length === 0 ? null : dom.reduce((x, y) => b.binary("and", x, y));
  /** Many conditions as one: each choice around them would guard every one. */
  const few = (dom: readonly NodeId[]): readonly NodeId[] => {
    const one = dom.length > MAX_GUARDED ? all(dom) : null;
    return one === null ? dom : [one];
  };
  /** Settles a comparison of ints that always or never holds. */
  const settle = (id: NodeId, given: readonly NodeId[] = []): NodeId => {
    const n = b.node(id);
    const known = n.kind === "binary" && n.ty === "bool" ? settled(b, id, factsOf(given)) : null;
    return known === null ? id : b.konst(known, "bool");
  };
  /** An index lies inside a size. */
  const inRange = (e: NodeId, size: SizeExpr, given: readonly NodeId[]): NodeId[] => {
    const low = settle(b.binary(">=", e, b.konst(0, "i32")), given);
    const high = settle(b.binary("<", e, b.sizeOf(size)), given);
    return [...conjuncts(low), ...conjuncts(high)];
  };
  /** The opposite, of a comparison of ints again a comparison. */
  const negate = (id: NodeId): NodeId => {
    const n = b.node(id);
    const opposite = { "<": ">=", ">=": "<", ">": "<=", "<=": ">", "==": "!=", "!=": "==" } as const;
    if (n.kind === "binary" && n.op in opposite && b.node(n.a).ty === "i32") {
      return b.binary(opposite[n.op as keyof typeof opposite], n.a, n.b);
    }
    return b.unary("not", id);
  };
  return { conjuncts, both, all, few, settle, inRange, negate };
};

/** Those that do not vary along these axes. */
export const without = (b: GraphBuilder, conditions: readonly NodeId[], over: readonly AxisId[]): readonly NodeId[] =>
  conditions.filter((c) => !b.node(c).axes.some((a) => over.includes(a)));
