/**
 * Linear forms over integer nodes, and a small prover of `form >= 0` over the boxes of the axes. It decides which reads are
 * in range, which comparisons are settled at compile time, and it normalises index arithmetic. Incomplete, never wrong.
 */
import { operands, type Axis, type Node, type NodeId } from "../graph/graph.ts";
import { folded } from "../graph/walk.ts";
import { compoundOf, sizeKey, type SizeExpr } from "../../base/size.ts";

/** `constant + Σ coefficient · atom`; an atom is the id of an i32 node that is not itself linear, or `#name` for a size. */
export type Linear = { readonly terms: ReadonlyMap<NodeId | string, number>; readonly constant: number };

/** A builder, or what looks like one; its identity is that of what is remembered about its nodes. */
export type AffineContext = {
  readonly nodes: readonly Node[];
  readonly node: (id: NodeId) => Node;
  readonly axis: (id: number) => Axis;
};

const ZERO: Linear = { terms: new Map(), constant: 0 };

export const linConst = (constant: number): Linear => ({ terms: new Map(), constant });

export const linAdd = (a: Linear, b: Linear, scale = 1): Linear => {
  const terms = new Map(a.terms);
  for (const [atom, c] of b.terms) {
    const sum = (terms.get(atom) ?? 0) + c * scale;
    if (sum === 0) terms.delete(atom);
    else terms.set(atom, sum);
  }
  return { terms, constant: a.constant + b.constant * scale };
};

export const linScale = (a: Linear, k: number): Linear => linAdd(linConst(0), a, k);

export const linearOfSize = (e: SizeExpr): Linear | null => {
  if (typeof e === "number") return linConst(e);
  if (typeof e === "string") return { terms: new Map([[`#${e}`, 1]]), constant: 0 };
  const a = linearOfSize(e[1]);
  const b = linearOfSize(e[2]);
  if (a === null || b === null) return null;
  if (e[0] === "+") return linAdd(a, b);
  if (e[0] === "-") return linAdd(a, b, -1);
  if (e[0] === "*" && a.terms.size === 0) return linScale(b, a.constant);
  if (e[0] === "*" && b.terms.size === 0) return linScale(a, b.constant);
  if (e[0] === "*") {
    const atom = `#${sizeKey(e)}`;
    return { terms: new Map([[atom, 1]]), constant: 0 };
  }
  return null;
};

/** Something about the nodes of a context, made once for each. */
const once = <T>(make: (cx: AffineContext) => T): ((cx: AffineContext) => T) => {
  const made = new WeakMap<AffineContext, T>();
  return (cx) => {
    const known = made.get(cx) ?? make(cx);
    made.set(cx, known);
    return known;
  };
};

const forms = once((cx) =>
  folded<Linear>(cx, linearNew, (n) =>
    n.ty === "i32" && (n.kind === "unary" || n.kind === "binary") ? operands(n) : [],
  ),
);

/** The linear form of an i32 node; what is not linear becomes an atom. */
export const linearOf = (cx: AffineContext, id: NodeId): Linear => forms(cx)(id);

const linearNew = (n: Node, [a = ZERO, b = ZERO]: readonly Linear[]): Linear => {
  const atom = (): Linear => ({ terms: new Map([[n.id, 1]]), constant: 0 });
  switch (n.kind) {
    case "const":
      return linConst(n.value);
    case "size":
      return { terms: new Map([[`#${n.name}`, 1]]), constant: 0 };
    case "unary":
      return n.ty === "i32" && n.op === "neg" ? linScale(a, -1) : atom();
    case "binary": {
      if (n.ty !== "i32") return atom();
      if (n.op === "+") return linAdd(a, b);
      if (n.op === "-") return linAdd(a, b, -1);
      if (n.op === "*") {
        if (a.terms.size === 0) return linScale(b, a.constant);
        if (b.terms.size === 0) return linScale(a, b.constant);
      }
      return atom();
    }
    case "index":
    case "scalar":
    case "load":
    case "select":
    case "reduce":
    case "carried":
    case "scan":
      return atom();
  }
};

/** An upper bound of a linear form that mentions sizes only, or null. Lower bounds: negate. */
const upperBound = (cx: AffineContext, form: Linear): Linear | null => {
  let out = linConst(form.constant);
  for (const [atom, c] of form.terms) {
    if (typeof atom === "string") {
      out = linAdd(out, { terms: new Map([[atom, 1]]), constant: 0 }, c);
      continue;
    }
    const bound = c > 0 ? atomUpper(cx, atom) : atomLower(cx, atom);
    if (bound === null) return null;
    out = linAdd(out, bound, c);
  }
  return out;
};

/** Bounds of atoms that are known, or being looked for further out. */
const bounds = once(() => ({ upper: new Map<NodeId, Linear | null>(), lower: new Map<NodeId, Linear | null>() }));

const remembered = (known: Map<NodeId, Linear | null>, id: NodeId, make: () => Linear | null): Linear | null => {
  const found = known.get(id);
  if (found !== undefined) return found;
  known.set(id, null);
  const made = make();
  known.set(id, made);
  return made;
};

const atomUpper = (cx: AffineContext, id: NodeId): Linear | null =>
  remembered(bounds(cx).upper, id, () => atomUpperNew(cx, id));
const atomLower = (cx: AffineContext, id: NodeId): Linear | null =>
  remembered(bounds(cx).lower, id, () => atomLowerNew(cx, id));

const atomUpperNew = (cx: AffineContext, id: NodeId): Linear | null => {
  const n = cx.node(id);
  if (n.kind === "index") {
    const size = linearOfSize(cx.axis(n.axis).size);
    return size === null ? null : linAdd(size, linConst(-1));
  }
  if (n.kind === "binary" && (n.op === "/" || n.op === "%" || n.op === "min")) {
    if (n.op === "min") return upperBound(cx, linearOf(cx, n.a)) ?? upperBound(cx, linearOf(cx, n.b));
    const divisor = linearOf(cx, n.b);
    if (n.op === "%") return isPositive(divisor) ? linAdd(divisor, linConst(-1)) : null;
    const top = upperBound(cx, linearOf(cx, n.a));
    return top === null ? null : divideFloor(top, divisor);
  }
  return null;
};

const atomLowerNew = (cx: AffineContext, id: NodeId): Linear | null => {
  const n = cx.node(id);
  if (n.kind === "index") return linConst(0);
  if (n.kind === "binary" && n.op === "%" && isPositive(linearOf(cx, n.b))) return linConst(0);
  if (n.kind === "binary" && n.op === "/") {
    const low = lowerBound(cx, linearOf(cx, n.a));
    return low === null ? null : divideFloor(low, linearOf(cx, n.b));
  }
  if (n.kind === "binary" && n.op === "max")
    return lowerBound(cx, linearOf(cx, n.a)) ?? lowerBound(cx, linearOf(cx, n.b));
  return null;
};

const lowerBound = (cx: AffineContext, form: Linear): Linear | null => {
  const upper = upperBound(cx, linScale(form, -1));
  return upper === null ? null : linScale(upper, -1);
};

const isPositive = (d: Linear): boolean =>
  d.constant >= 0 &&
  [...d.terms].every(([a, c]) => typeof a === "string" && c > 0) &&
  (d.constant > 0 || d.terms.size > 0);

/** floor(form / divisor) where the division is exact but for a constant rest. */
const divideFloor = (form: Linear, divisor: Linear): Linear | null => {
  if (divisor.terms.size === 0) {
    const d = divisor.constant;
    if (d <= 0 || [...form.terms.values()].some((c) => c % d !== 0)) return null;
    return { terms: new Map([...form.terms].map(([a, c]) => [a, c / d])), constant: Math.floor(form.constant / d) };
  }
  if (!isPositive(divisor)) return null;
  return form.terms.size === 0 && form.constant === 0 ? linConst(0) : divideProduct(form, divisor);
};

/** floor((X · P + r) / P) = X - 1 for r = -1, X for r = 0, where P is one size symbol. */
const divideProduct = (form: Linear, divisor: Linear): Linear | null => {
  const [atom] = divisor.terms.keys();
  if (divisor.terms.size !== 1 || divisor.constant !== 0 || divisor.terms.get(atom ?? "") !== 1) return null;
  const [product, ...more] = form.terms;
  if (product === undefined || more.length > 0 || product[1] !== 1 || typeof product[0] !== "string") return null;
  if (form.constant !== 0 && form.constant !== -1) return null;
  const factors = compoundOf(product[0].slice(1));
  if (factors === null) return null;
  const [op, a, b] = factors;
  if (op !== "*" || `#${sizeKey(b)}` !== atom) return null;
  const left = linearOfSize(a);
  return left === null ? null : linAdd(left, linConst(form.constant));
};

/** Size atoms that are at least 1 where this size is: itself, and the factors of a product. */
const positiveAtoms = (size: SizeExpr): readonly string[] => {
  if (typeof size === "number") return [];
  if (typeof size === "string") return [`#${size}`];
  return size[0] === "*" ? [`#${sizeKey(size)}`, ...positiveAtoms(size[1]), ...positiveAtoms(size[2])] : [];
};

/**
 * Whether `form >= 0` at every point of the axes' boxes where all `facts` (forms known to be >= 0) hold. The sizes of the axes that the
 * forms vary along are at least 1, because where such an axis is empty there is no point to ask about; so are those of `nonEmpty`.
 * Any other size may be 0.
 */
export const provablyNonNegative = (
  cx: AffineContext,
  form: Linear,
  facts: readonly Linear[] = [],
  nonEmpty: readonly SizeExpr[] = [],
): boolean => {
  const nodes = [form, ...facts].flatMap((f) => [...f.terms.keys()]).filter((x): x is NodeId => typeof x === "number");
  const axes = new Set(nodes.flatMap((id) => cx.node(id).axes));
  const sizes = [...[...axes].map((a) => cx.axis(a).size), ...nonEmpty];
  const positive = new Set(sizes.flatMap(positiveAtoms));
  const atLeastOne = sizes.flatMap((s) => {
    const size = linearOfSize(s);
    return size === null || size.terms.size < 2 ? [] : [linAdd(size, linConst(-1))];
  });
  const settled = (f: Linear): boolean => {
    const low = lowerBound(cx, f);
    if (low === null) return false;
    let sum = low.constant;
    for (const [atom, c] of low.terms) {
      if (c < 0) return false;
      if (typeof atom === "string" && positive.has(atom)) sum += c;
    }
    return sum >= 0;
  };
  const known = [...facts, ...atLeastOne];
  if (settled(form)) return true;
  if (known.some((f) => settled(linAdd(form, f, -1)))) return true;
  return known.some((f, i) => known.slice(i + 1).some((g) => settled(linAdd(linAdd(form, f, -1), g, -1))));
};

/** Text that tells forms apart. */
export const keyOfLinear = (form: Linear): string =>
  [...form.terms]
    .map(([id, c]) => `${c}*${id}`)
    .sort()
    .join(" ") + ` ${form.constant}`;
