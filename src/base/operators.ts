/** The scalar operations that all levels have: a level writes down only where it differs. */

/** Of one operand. `float` and `int` convert. */
export type UnaryOp =
  | "neg"
  | "not"
  | "abs"
  | "sign"
  | "exp"
  | "log"
  | "exp2"
  | "log2"
  | "sqrt"
  | "rsqrt"
  | "tanh"
  | "sin"
  | "cos"
  | "floor"
  | "ceil"
  | "round"
  | "erf"
  | "float"
  | "int";

/** Of two operands. On integers `/` floors and `%` has the sign of the divisor. `pow`: of two floats. */
export type BinaryOp =
  "+" | "-" | "*" | "/" | "%" | "pow" | "min" | "max" | "==" | "!=" | "<" | "<=" | ">" | ">=" | "and" | "or";

/** Of a unary operation: what its value is made from its operand's type, and how many operations of a lane it is. */
type UnaryFacts = {
  /** "float": of a float, a float; "round": that, and integers stay; "same": of anything, its type; "convert": to the type of its name. */
  readonly result: "float" | "same" | "round" | "convert";
  /** "one" operation; a "root", of which a GPU has a unit; a "series" of many. */
  readonly cost: "one" | "root" | "series";
};

/** What all levels know of the unary operations. `neg` and `not` are operators of the language, the others functions. */
export const UNARY: Readonly<Record<UnaryOp, UnaryFacts>> = {
  exp: { result: "float", cost: "series" },
  log: { result: "float", cost: "series" },
  exp2: { result: "float", cost: "series" },
  log2: { result: "float", cost: "series" },
  sqrt: { result: "float", cost: "root" },
  rsqrt: { result: "float", cost: "root" },
  tanh: { result: "float", cost: "series" },
  sin: { result: "float", cost: "series" },
  cos: { result: "float", cost: "series" },
  erf: { result: "float", cost: "series" },
  abs: { result: "same", cost: "one" },
  sign: { result: "same", cost: "one" },
  floor: { result: "round", cost: "one" },
  ceil: { result: "round", cost: "one" },
  round: { result: "round", cost: "one" },
  float: { result: "convert", cost: "one" },
  int: { result: "convert", cost: "one" },
  neg: { result: "same", cost: "one" },
  not: { result: "same", cost: "one" },
};

/** Those that are called by their name. */
export const UNARY_FUNCTIONS: readonly UnaryOp[] = (Object.keys(UNARY) as UnaryOp[]).filter(
  (op) => op !== "neg" && op !== "not",
);
