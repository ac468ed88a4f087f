/**
 * Sizes: integer expressions over size symbols. Plain JSON, because the artifact carries them to the runtime.
 * A number, the name of a size (or of an i32 scalar parameter), or `[op, a, b]`; `/` floors, `ceil/` rounds up.
 */
export type SizeExpr = number | string | readonly [SizeOp, SizeExpr, SizeExpr];
export type SizeOp = "+" | "-" | "*" | "/" | "%" | "ceil/" | "min" | "max";

/** The value of a size expression; `lookup` gives the value of a symbol. */
export const evalSize = (e: SizeExpr, lookup: (name: string) => number): number => {
  if (typeof e === "number") return e;
  if (typeof e === "string") return lookup(e);
  const a = evalSize(e[1], lookup);
  const b = evalSize(e[2], lookup);
  switch (e[0]) {
    case "+":
      return a + b;
    case "-":
      return a - b;
    case "*":
      return a * b;
    case "/":
      return Math.floor(a / b);
    case "%":
      return a - b * Math.floor(a / b);
    case "ceil/":
      return Math.ceil(a / b);
    case "min":
      return Math.min(a, b);
    case "max":
      return Math.max(a, b);
  }
};

/** The symbols of a size expression, in order of appearance. */
export const sizeNames = (e: SizeExpr, out: string[] = []): string[] => {
  if (typeof e === "string") {
    if (!out.includes(e)) out.push(e);
  } else if (typeof e !== "number") {
    sizeNames(e[1], out);
    sizeNames(e[2], out);
  }
  return out;
};

type Compound = Exclude<SizeExpr, number | string>;

const keys = new WeakMap<Compound, string>();
/** A compound size for each key that was made: programs have few. */
const interned = new Map<string, Compound>();

/** Text that tells sizes apart: equal for two of one form, and never the name of a symbol but for that symbol. */
export const sizeKey = (e: SizeExpr): string => {
  if (typeof e === "number" || typeof e === "string") return String(e);
  const key = keys.get(e) ?? `(${sizeKey(e[1])} ${e[0]} ${sizeKey(e[2])})`;
  keys.set(e, key);
  if (!interned.has(key)) interned.set(key, e);
  return key;
};

/** The compound size of a key; null: it is that of a number or a symbol. */
export const compoundOf = (key: string): Compound | null => interned.get(key) ?? null;

/** Whether two sizes have one form. */
export const sameSize = (a: SizeExpr, b: SizeExpr): boolean => a === b || sizeKey(a) === sizeKey(b);

/** Folds constants and units; the result means the same. */
export const size = (op: SizeOp, a: SizeExpr, b: SizeExpr): SizeExpr => {
  if (typeof a === "number" && typeof b === "number") return evalSize([op, a, b], () => 0);
  if (op === "*" && (a === 1 || b === 1)) return a === 1 ? b : a;
  if (op === "*" && (a === 0 || b === 0)) return 0;
  if ((op === "/" || op === "ceil/") && b === 1) return a;
  if ((op === "+" || op === "-") && b === 0) return a;
  if (op === "+" && a === 0) return b;
  return [op, a, b];
};

/** Replaces symbols by known values and folds. */
export const bindSize = (e: SizeExpr, known: ReadonlyMap<string, number>): SizeExpr => {
  if (typeof e === "number") return e;
  if (typeof e === "string") return known.get(e) ?? e;
  return size(e[0], bindSize(e[1], known), bindSize(e[2], known));
};

/** The text a user would write. */
export const printSize = (e: SizeExpr): string => {
  if (typeof e !== "object") return String(e);
  const [op, a, b] = e;
  if (op === "min" || op === "max") return `${op}(${printSize(a)}, ${printSize(b)})`;
  const side = (x: SizeExpr): string => (typeof x === "object" ? `(${printSize(x)})` : printSize(x));
  if (op === "ceil/") return `ceil(${side(a)} / ${side(b)})`;
  return `${side(a)} ${op} ${side(b)}`;
};
