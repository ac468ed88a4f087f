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
