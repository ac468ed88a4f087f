/**
 * Local simplifications that hold for every value: the builder applies them to each node it is asked for. Each function gives
 * the node to use instead, or null. f32 constants fold in f64; i32 `/` and `%` floor.
 */
import { binaryFn, binaryTy, unaryFn, unaryTy } from "./arith.ts";
import type { NodeId } from "./graph.ts";
import type { BinaryOp, UnaryOp } from "../../base/operators.ts";
import type { GraphBuilder } from "./pen.ts";
import { conjuncts } from "./walk.ts";

/** The value of a constant node, or null. */
const constValue = (b: Pick<GraphBuilder, "node">, id: NodeId): number | null => {
  const n = b.node(id);
  return n.kind === "const" ? n.value : null;
};

/** `op a`. */
export const simplifyUnary = (b: GraphBuilder, op: UnaryOp, id: NodeId): NodeId | null => {
  const a = b.node(id);
  const ty = unaryTy(op, a.ty);
  if (a.kind === "const" && ty !== null) return b.konst(unaryFn(op)(a.value), ty);
  if ((op === "neg" || op === "not") && a.kind === "unary" && a.op === op) return a.a;
  if (op === "float" && a.ty === "f32") return id;
  if (op === "int" && a.ty === "i32") return id;
  if (op === "int" && a.kind === "unary" && a.op === "float" && b.node(a.a).ty === "i32") return a.a;
  const whole = ["floor", "ceil", "round"];
  if (whole.includes(op) && a.kind === "unary" && (whole.includes(a.op) || a.op === "float")) return id;
  if (op === "abs" && a.kind === "unary" && (a.op === "abs" || a.op === "neg"))
    return a.op === "abs" ? id : b.unary("abs", a.a);
  return null;
};

/** `a op b`, both of one type. */
export const simplifyBinary = (b: GraphBuilder, op: BinaryOp, x: NodeId, y: NodeId): NodeId | null => {
  const ty = b.node(x).ty;
  const to = binaryTy(op, ty);
  const [cx, cy] = [constValue(b, x), constValue(b, y)];
  const divides = ty === "i32" && (op === "/" || op === "%");
  if (cx !== null && cy !== null && to !== null && !(divides && cy === 0)) return b.konst(binaryFn(op, ty)(cx, cy), to);
  switch (op) {
    case "and":
      return simplifyAnd(b, x, y, cx, cy);
    case "or":
      if (cx !== null) return cx !== 0 ? x : y;
      if (cy !== null) return cy !== 0 ? y : x;
      return x === y ? x : null;
    case "min":
    case "max":
      return x === y ? x : null;
    case "==":
    case "<=":
    case ">=":
      return x === y && ty !== "f32" ? b.konst(1, "bool") : null;
    case "!=":
    case "<":
    case ">":
      return x === y && ty !== "f32" ? b.konst(0, "bool") : null;
    case "+":
    case "-":
      return simplifySum(b, op, x, y, cx, cy);
    case "*":
      return simplifyProduct(b, x, y, cx, cy);
    case "/":
    case "%":
      return simplifyQuotient(b, op, x, y, cx, cy);
    case "pow":
      return cy === 1 ? x : null;
  }
};

const simplifyAnd = (b: GraphBuilder, x: NodeId, y: NodeId, cx: number | null, cy: number | null): NodeId | null => {
  if (cx !== null) return cx !== 0 ? y : x;
  if (cy !== null) return cy !== 0 ? x : y;
  // Conjuncts that already hold on the left are dropped on the right.
  const known = new Set(conjuncts(b, x));
  const right = conjuncts(b, y);
  const left = right.filter((id, i) => !known.has(id) && right.indexOf(id) === i);
  if (left.length === right.length) return null;
  return left.reduce((acc, id) => b.binary("and", acc, id), x);
};

/** Splits an int `t + c` into its term and constant. */
const splitConst = (b: GraphBuilder, id: NodeId): { term: NodeId; c: number } => {
  const n = b.node(id);
  if (n.kind !== "binary" || n.ty !== "i32" || (n.op !== "+" && n.op !== "-")) return { term: id, c: 0 };
  const c = constValue(b, n.b);
  return c === null ? { term: id, c: 0 } : { term: n.a, c: n.op === "+" ? c : -c };
};

const plusConst = (b: GraphBuilder, term: NodeId, c: number): NodeId =>
  c === 0 ? term : b.binary(c > 0 ? "+" : "-", term, b.konst(Math.abs(c), "i32"));

const simplifySum = (
  b: GraphBuilder,
  op: "+" | "-",
  x: NodeId,
  y: NodeId,
  cx: number | null,
  cy: number | null,
): NodeId | null => {
  if (cy === 0) return x;
  if (cx === 0) return op === "+" ? y : b.unary("neg", y);
  const right = b.node(y);
  if (right.kind === "unary" && right.op === "neg") return b.binary(op === "+" ? "-" : "+", x, right.a);
  if (right.ty !== "i32") return null;
  if (op === "-" && x === y) return b.konst(0, "i32");
  // (a + y) - y and (a - y) + y.
  const left = b.node(x);
  if (left.kind === "binary" && left.op === (op === "-" ? "+" : "-") && left.b === y) return left.a;
  if (left.kind === "binary" && op === "-" && left.op === "+" && left.a === y) return left.b;
  if (cy !== null) {
    const c = op === "+" ? cy : -cy;
    const s = splitConst(b, x);
    return s.c === 0 && c > 0 === (op === "+") ? null : plusConst(b, s.term, s.c + c);
  }
  if (cx !== null && op === "+") return b.binary("+", y, x);
  // (a + c) + b and a + (b + c): the constant goes out.
  const [l, r] = [splitConst(b, x), splitConst(b, y)];
  if (l.c === 0 && r.c === 0) return null;
  return plusConst(b, b.binary(op, l.term, r.term), op === "+" ? l.c + r.c : l.c - r.c);
};

const simplifyProduct = (
  b: GraphBuilder,
  x: NodeId,
  y: NodeId,
  cx: number | null,
  cy: number | null,
): NodeId | null => {
  if (cx === 1) return y;
  if (cy === 1) return x;
  if (b.node(x).ty !== "i32") return null;
  if (cx === 0 || cy === 0) return b.konst(0, "i32");
  if (cx !== null) return b.binary("*", y, x);
  if (cy === null) return null;
  const left = b.node(x);
  const inner = left.kind === "binary" && left.op === "*" ? constValue(b, left.b) : null;
  return left.kind === "binary" && inner !== null ? b.binary("*", left.a, b.konst(inner * cy, "i32")) : null;
};

const simplifyQuotient = (
  b: GraphBuilder,
  op: "/" | "%",
  x: NodeId,
  y: NodeId,
  cx: number | null,
  cy: number | null,
): NodeId | null => {
  if (b.node(x).ty !== "i32") return op === "/" && cy === 1 ? x : null;
  if (cy === 1) return op === "/" ? x : b.konst(0, "i32");
  if (cy === null || cy <= 0) return null;
  if (cx === 0) return x;
  const left = b.node(x);
  if (left.kind !== "binary" || left.op !== "*") return null;
  const inner = constValue(b, left.b);
  if (inner === null || inner % cy !== 0) return null;
  return op === "/" ? b.binary("*", left.a, b.konst(inner / cy, "i32")) : b.konst(0, "i32");
};

/** `cond ? x : y`. */
export const simplifySelect = (b: GraphBuilder, cond: NodeId, x: NodeId, y: NodeId): NodeId | null => {
  const c = constValue(b, cond);
  if (c !== null) return c !== 0 ? x : y;
  if (x === y) return x;
  const n = b.node(cond);
  if (n.kind === "unary" && n.op === "not") return b.select(n.a, y, x);
  if (b.node(x).ty !== "bool") return null;
  const [cx, cy] = [constValue(b, x), constValue(b, y)];
  if (cx !== null && cy !== null) return cx !== 0 ? cond : b.unary("not", cond);
  return null;
};
