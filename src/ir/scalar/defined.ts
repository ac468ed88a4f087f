/**
 * Whether a value is a finite number for all finite inputs: asked of what is moved out of a choice or behind a loop, where it is
 * computed although nothing may have asked for it. Statistics count as finite where they have a cell.
 */
import type { GraphView } from "../graph/view.ts";
import type { Node, NodeId } from "../graph/graph.ts";
import { conjuncts } from "../graph/walk.ts";
import { MAX_EXPONENT } from "./polynomial.ts";
import { rangeAnalysis } from "./range.ts";
import { isOnly, NEGATIVE, POSITIVE, signAnalysis, ZERO } from "./sign.ts";

/** Whether `p` holds wherever `q` does, by its conjuncts. null: always. */
export const follows = (b: GraphView, p: NodeId | null, q: NodeId | null): boolean => {
  if (p === null || p === q) return true;
  if (q === null) return false;
  const given = new Set(conjuncts(b, q));
  return conjuncts(b, p).every((c) => given.has(c));
};

/** Rows that a value is asked for in, and how much is asked. */
export type DefinedIn = {
  readonly over: readonly number[];
  readonly where: NodeId | null;
};

/** The answer for one value; `definedIn` when there are several to ask. */
export const isDefined = (b: GraphView, root: NodeId, where?: DefinedIn): boolean => definedIn(b, where)(root);

/**
 * A function that answers for any value, looking at each node once. `where`: values are only asked for in rows that have a cell where it
 * holds, so reductions over those cells or more are not empty; left out: nothing is known of any reduction.
 */
export const definedIn = (b: GraphView, where?: DefinedIn): ((id: NodeId) => boolean) => answers(b, where, false);

/** The same, all the way down: the terms of reductions too, the steps of recurrences, and no trust in what another kernel stored. */
export const finiteEverywhereIn = (b: GraphView): ((id: NodeId) => boolean) => answers(b, undefined, true);

const answers = (b: GraphView, where: DefinedIn | undefined, deep: boolean): ((id: NodeId) => boolean) => {
  const nonEmpty = (r: Extract<Node, { kind: "reduce" }>): boolean =>
    (r.where === null && r.over.every((a) => Number(b.axis(a).size) > 0)) ||
    (where !== undefined &&
      r.over.length === where.over.length &&
      r.over.every((a) => where.over.includes(a)) &&
      follows(b, r.where, where.where));
  const signs = signAnalysis(b, { nonEmpty });
  const range = rangeAnalysis(b);
  const known = new Map<NodeId, boolean>();
  const go = (id: NodeId): boolean => {
    const found = known.get(id);
    if (found !== undefined) return found;
    const made = rule(b.node(id));
    known.set(id, made);
    return made;
  };
  const rule = (n: Node): boolean => {
    switch (n.kind) {
      case "const":
        return Number.isFinite(n.value);
      case "index":
      case "size":
      case "scalar":
      case "carried":
        return true;
      case "load":
        return !deep || b.isInput(n.tensor);
      case "scan":
        return !deep || (go(n.init) && go(n.step));
      case "reduce":
        // A maximum over no cell is infinite; a sum of what is not finite is not either, but then its own terms are at fault.
        if (deep && !go(n.body)) return false;
        return (n.op !== "max" && n.op !== "min" && n.op !== "kth") || n.ty !== "f32" || nonEmpty(n);
      case "select":
        return go(n.cond) && go(n.a) && go(n.b);
      case "unary":
        if (!go(n.a)) return false;
        if (n.op === "log" || n.op === "log2" || n.op === "rsqrt") return isOnly(signs(n.a), POSITIVE);
        if (n.op === "sqrt") return isOnly(signs(n.a), ZERO | POSITIVE);
        if (n.op === "exp" || n.op === "exp2") return range(n.a).hi <= MAX_EXPONENT || isInverseOfLog(b, n.a);
        return true;
      case "binary":
        if (!go(n.a) || !go(n.b)) return false;
        if (n.op === "/" || n.op === "%") return isOnly(signs(n.b), POSITIVE) || isOnly(signs(n.b), NEGATIVE);
        return (
          n.op !== "pow" ||
          isOnly(signs(n.a), POSITIVE) ||
          (b.node(n.b).kind === "const" && isOnly(signs(n.b), POSITIVE) && isOnly(signs(n.a), ZERO | POSITIVE))
        );
    }
  };
  return go;
};

/** `log(x)` or `-log(x)`: its exponential is x or 1 / x. */
const isInverseOfLog = (b: GraphView, id: NodeId): boolean => {
  const n = b.node(id);
  if (n.kind !== "unary") return false;
  return n.op === "log" || (n.op === "neg" && isInverseOfLog(b, n.a));
};
