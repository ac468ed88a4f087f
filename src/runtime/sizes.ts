/** Sizes and scalars of one call: what the shapes tell, what was given, and that they agree. */
import type { Artifact, ScalarExpr, TensorInfo } from "../codegen/artifact.ts";
import type { SizeExpr } from "../base/size.ts";

/** What a caller may say about sizes. `shapes`: the dims of a tensor as declared, product axes as one number. */
export type Call = {
  readonly sizes?: Readonly<Record<string, number>>;
  readonly shapes?: Readonly<Record<string, readonly number[]>>;
  readonly scalars?: Readonly<Record<string, number | boolean>>;
};

/** Every size and scalar of a call by name. */
export type Values = ReadonlyMap<string, number>;
type Known = Map<string, number>;

const NUMERIC: Readonly<Record<string, (a: number, b: number) => number>> = {
  "+": (a, b) => a + b,
  "-": (a, b) => a - b,
  "*": (a, b) => a * b,
  "%": (a, b) => a - b * Math.floor(a / b),
  min: Math.min,
  max: Math.max,
};

const SIZES: typeof NUMERIC = { ...NUMERIC, "/": (a, b) => Math.floor(a / b), "ceil/": (a, b) => Math.ceil(a / b) };

const SCALARS: typeof NUMERIC = {
  ...NUMERIC,
  "/": (a, b) => a / b,
  floordiv: SIZES["/"]!,
  pow: Math.pow,
  "==": (a, b) => +(a === b),
  "!=": (a, b) => +(a !== b),
  "<": (a, b) => +(a < b),
  "<=": (a, b) => +(a <= b),
  ">": (a, b) => +(a > b),
  ">=": (a, b) => +(a >= b),
  and: (a, b) => +!!(a && b),
  or: (a, b) => +!!(a || b),
};

const UNARY: Readonly<Record<string, (x: number) => number>> = {
  neg: (x) => -x,
  not: (x) => +!x,
  rsqrt: (x) => 1 / Math.sqrt(x),
  exp2: (x) => 2 ** x,
  int: Math.trunc,
  float: (x) => x,
  round: (x) => (Math.abs(x % 1) === 0.5 ? 2 * Math.round(x / 2) : Math.round(x)),
};

const MATH = Math as unknown as Readonly<Record<string, (x: number) => number>>;

/** The value of a size or scalar expression; NaN when a name in it is not known yet. */
const evaluate = (e: ScalarExpr | SizeExpr, known: Values, binary: typeof NUMERIC): number => {
  if (typeof e === "number") return e;
  if (typeof e === "string") return known.get(e) ?? NaN;
  const [op, x, y] = e;
  const a = evaluate(x, known, binary);
  // An artifact of this version has no other operations.
  return y === undefined ? (UNARY[op] ?? MATH[op])!(a) : binary[op]!(a, evaluate(y, known, binary));
};

/** The value of a size expression. */
export const evalSize = (e: SizeExpr, known: Values): number => evaluate(e, known, SIZES);

/** Binds the one unknown size of `e = value` and gives its name; nothing while there is none or more than one, or no whole solution. */
const solve = (e: SizeExpr, value: number, known: Known): string | undefined => {
  if (typeof e === "number") return;
  if (typeof e === "string") {
    if (known.has(e) || !(value >= 0 && Number.isInteger(value))) return;
    known.set(e, value);
    return e;
  }
  const [op, x, y] = e;
  const [a, b] = [evalSize(x, known), evalSize(y, known)];
  const isFirst = Number.isNaN(a);
  if (isFirst === Number.isNaN(b)) return;
  const [unknown, other] = isFirst ? [x, b] : [y, a];
  const found =
    op === "*"
      ? value / other
      : op === "+"
        ? value - other
        : op !== "-"
          ? NaN
          : isFirst
            ? value + other
            : other - value;
  // A quotient by 0 is no number, and names take whole ones only.
  return solve(unknown, found, known);
};

/** One thing a tensor says: that an expression has a value. */
type Equation = { readonly tensor: string; readonly extent: SizeExpr; readonly value: number; readonly what: string };

const print = (e: SizeExpr): string => (typeof e === "object" ? `${print(e[1])} ${e[0]} ${print(e[2])}` : `${e}`);

/** The number of elements of a tensor as a size. */
export const elements = (t: TensorInfo): SizeExpr =>
  t.dims.reduce<SizeExpr>((n, d) => (n === 1 ? d.extent : ["*", n, d.extent]), 1);

const equations = (
  t: TensorInfo,
  shape: readonly number[] | undefined,
  count: number | undefined,
): readonly Equation[] => {
  if (shape === undefined)
    return count === undefined ? [] : [{ tensor: t.name, extent: elements(t), value: count, what: "" }];
  if (shape.length !== t.dims.length)
    throw new Error(
      `${t.name}: the shape [${shape.join(", ")}] has ${shape.length} dims, but ${t.name} has ${t.dims.length}`,
    );
  return t.dims.map((d, i) => ({
    tensor: t.name,
    extent: d.extent,
    value: shape[i] ?? 0,
    what: `axis ${d.axes.join(" ")} (${print(d.extent)}) `,
  }));
};

/** Throws where a count is none. */
export const checkWhole = (what: string, value: number): void => {
  if (!(value >= 0 && Number.isInteger(value))) throw new Error(`${what} is ${value}: not a whole number >= 0`);
};

/** Throws where a name is none of the kernel's. */
export const checkName = (what: string, name: string, names: readonly string[]): void => {
  if (!names.includes(name)) throw new Error(`no ${what} "${name}"; the kernel has ${names.join(", ") || "none"}`);
};

const record = (
  values: Readonly<Record<string, number | boolean>> | undefined,
  names: readonly string[],
  what: string,
): Known => {
  const out: Known = new Map();
  for (const [name, value] of Object.entries(values ?? {})) {
    // As if it were not given.
    if (value == null) continue;
    checkName(what, name, names);
    out.set(name, value as number);
  }
  return out;
};

/**
 * All sizes and scalars of a call. `counts`: elements of the inputs whose arrays are at hand. Sizes are solved from shapes
 * (or from counts, where no shape is given); then everything is compared. Throws an Error in the user's names.
 */
export const resolve = (artifact: Artifact, call: Call, counts: ReadonlyMap<string, number>): Values => {
  const sizes = record(
    { ...artifact.constants, ...call.sizes },
    [...artifact.sizes, ...Object.keys(artifact.constants)],
    "size",
  );
  for (const [name, value] of sizes) checkWhole(`the size ${name}`, value);
  const known: Known = new Map([
    ...sizes,
    ...record(
      call.scalars,
      artifact.scalars.map((s) => s.name),
      "scalar",
    ),
  ]);
  const stated = artifact.tensors.flatMap((t) =>
    t.role === "scratch" ? [] : equations(t, call.shapes?.[t.name], counts.get(t.name)),
  );
  /** Who says what a size is, as a message begins. */
  const source = new Map([...known.keys()].map((name) => [name, `${name} is`]));
  for (let before = -1; before !== known.size;) {
    before = known.size;
    for (const s of artifact.scalars) {
      const value = known.has(s.name) || s.init === null ? NaN : evaluate(s.init, known, SCALARS);
      if (!Number.isNaN(value)) known.set(s.name, value);
    }
    for (const e of stated) {
      const name = solve(e.extent, e.value, known);
      if (name) source.set(name, `${e.tensor} has`);
    }
  }
  for (const name of artifact.sizes)
    if (!known.has(name))
      throw new Error(`the size ${name} is not known: give shapes of the tensors, or sizes: { ${name} }`);
  for (const { name } of artifact.scalars) if (!known.has(name)) throw new Error(`the scalar ${name} needs a value`);
  for (const { tensor, extent, value, what } of stated) {
    const expected = evalSize(extent, known);
    const says = source.get(extent as string);
    if (expected !== value)
      throw new Error(
        `${tensor}: ${what}has ${value} elements, but ${says && says !== `${tensor} has` ? `${says} ${expected}` : `${expected} were expected`}`,
      );
  }
  return known;
};
