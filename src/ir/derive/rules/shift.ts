/**
 * How a value answers when a statistic m is replaced by m + δ: not at all, by an addend k·δ (a shift), or by a factor e^(k·δ) (a scale),
 * with the same k for every δ (which may differ wherever m does). Decided by the structure of the expression; what follows no rule has no answer. A statistic whose shift
 * leaves every result as it is, is a gauge.
 */
import type { GraphBuilder } from "../../graph/build.ts";
import type { GraphView } from "../../graph/view.ts";
import { operands, type AxisId, type Node, type NodeId } from "../../graph/graph.ts";
import { inOrder } from "../../graph/walk.ts";
import { addP, constantOf, mulP, polynomialOf, type Polynomial } from "../../scalar/polynomial.ts";

/** `by`: k, over values that do not depend on m. A value that does not depend on m at all is a shift by 0. */
export type Response = { readonly kind: "shift" | "scale"; readonly by: Polynomial };

const STILL: Response = { kind: "shift", by: new Map() };

const isStill = (r: Response): boolean => r.by.size === 0;
const equal = (p: Response, q: Response): boolean => p.kind === q.kind && addP(p.by, q.by, -1).size === 0;
const shift = (by: Polynomial): Response => ({ kind: "shift", by });
const scale = (by: Polynomial): Response => (by.size === 0 ? STILL : { kind: "scale", by });

/** The response of every node at or below the roots that has one. */
export const responses = (b: GraphBuilder, roots: readonly NodeId[], m: NodeId): ReadonlyMap<NodeId, Response> => {
  const known = new Map<NodeId, Response>();
  const { axes } = b.node(m);
  for (const n of inOrder(b, roots)) {
    const made = n.id === m ? shift(constantOf(1)) : responseOf(b, n, axes, (id) => known.get(id) ?? null);
    if (made !== null) known.set(n.id, made);
  }
  return known;
};

/** `along`: the axes that δ may vary along. */
const responseOf = (
  b: GraphBuilder,
  n: Node,
  along: readonly AxisId[],
  of: (id: NodeId) => Response | null,
): Response | null => {
  const below = operands(n).map(of);
  if (below.every((r) => r !== null && isStill(r))) return STILL;
  switch (n.kind) {
    case "unary":
      return unaryResponse(n, of(n.a));
    case "binary":
      return binaryResponse(b, n, of(n.a), of(n.b));
    case "select": {
      const cond = of(n.cond);
      return cond === null || !isStill(cond) ? null : alike(b, n.a, n.b, of(n.a), of(n.b));
    }
    case "reduce":
      return reduceResponse(b, n, along, of(n.body), n.where === null ? STILL : of(n.where));
    case "const":
    case "index":
    case "size":
    case "scalar":
    case "load":
    case "carried":
    case "scan":
      return null;
  }
};

const unaryResponse = (n: Node & { kind: "unary" }, a: Response | null): Response | null => {
  if (a === null) return null;
  const times = (k: number): Polynomial => mulP(a.by, constantOf(k));
  if (n.op === "neg") return a.kind === "shift" ? shift(times(-1)) : a;
  if (n.op === "exp") return a.kind === "shift" ? scale(a.by) : null;
  if (n.op === "exp2") return a.kind === "shift" ? scale(times(Math.LN2)) : null;
  if (a.kind !== "scale") return null;
  if (n.op === "log") return shift(a.by);
  if (n.op === "log2") return shift(times(Math.LOG2E));
  if (n.op === "abs") return a;
  if (n.op === "sqrt") return scale(times(0.5));
  return n.op === "rsqrt" ? scale(times(-0.5)) : null;
};

const isZero = (b: GraphView, id: NodeId): boolean => {
  const n = b.node(id);
  return n.kind === "const" && n.value === 0;
};

/** Two values of which one is taken, or the larger: alike when both answer alike. 0 answers any scale. */
const alike = (b: GraphBuilder, a: NodeId, c: NodeId, x: Response | null, y: Response | null): Response | null => {
  if (x === null || y === null) return null;
  if (isZero(b, c) && x.kind === "scale") return x;
  if (isZero(b, a) && y.kind === "scale") return y;
  return equal(x, y) ? x : null;
};

const binaryResponse = (
  b: GraphBuilder,
  n: Node & { kind: "binary" },
  x: Response | null,
  y: Response | null,
): Response | null => {
  if (x === null || y === null) return null;
  switch (n.op) {
    case "+":
    case "-":
      if (x.kind === "shift" && y.kind === "shift") return shift(addP(x.by, y.by, n.op === "+" ? 1 : -1));
      return alike(b, n.a, n.b, x, y);
    case "*":
      if (x.kind === "shift" && !isStill(x)) return isStill(y) ? shift(mulP(x.by, polynomialOf(b, n.b))) : null;
      if (y.kind === "shift" && !isStill(y)) return isStill(x) ? shift(mulP(y.by, polynomialOf(b, n.a))) : null;
      return scale(addP(x.by, y.by));
    case "/":
      if (y.kind === "shift" && !isStill(y)) return null;
      if (x.kind === "shift" && !isStill(x))
        return isStill(y) ? shift(mulP(x.by, polynomialOf(b, b.binary("/", b.konst(1, "f32"), n.b)))) : null;
      return scale(addP(x.by, y.by, -1));
    case "pow": {
      const k = b.node(n.b);
      return x.kind === "scale" && k.kind === "const" ? scale(mulP(x.by, constantOf(k.value))) : null;
    }
    case "min":
    case "max":
      return alike(b, n.a, n.b, x, y);
    case "==":
    case "!=":
    case "<":
    case "<=":
    case ">":
    case ">=":
      return alike(b, n.a, n.b, x, y) === null ? null : STILL;
    case "%":
    case "and":
    case "or":
      return null;
  }
};

const reduceResponse = (
  b: GraphView,
  n: Node & { kind: "reduce" },
  along: readonly AxisId[],
  body: Response | null,
  where: Response | null,
): Response | null => {
  if (body === null || where === null || !isStill(where)) return null;
  const varies = (over: readonly AxisId[]): boolean =>
    [...body.by.values()].some((m) => m.factors.some((f) => b.node(f.node).axes.some((a) => over.includes(a))));
  // The cells of one reduction move together only where they all move by the same.
  if (!isStill(body) && (varies(n.over) || along.some((a) => n.over.includes(a)))) return null;
  switch (n.op) {
    case "sum":
    case "cumsum":
      return body.kind === "scale" || isStill(body) ? body : null;
    case "max":
    case "min":
    case "kth":
      return body;
    case "var":
      return body.kind === "shift" ? STILL : scale(mulP(body.by, constantOf(2)));
    case "argmax":
    case "argmin":
      return STILL;
    case "prod":
      return isStill(body) ? body : null;
  }
};
