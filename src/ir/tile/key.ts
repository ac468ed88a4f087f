/** Text that tells tile expressions apart: equal for equal expressions, of whatever objects they are made. */
import type { Expr } from "./tile.ts";
import { operands } from "./walk.ts";

/** Two expressions have one key if and only if they have the same form, with the same types. */
export const keyOfExpr = (e: Expr): string => {
  if (e.kind === "ref") return e.name;
  let key = `${e.kind} ${e.type.elem}${e.type.width} ${own(e)}(`;
  for (const x of operands(e)) key += `${keyOfExpr(x)},`;
  return `${key})`;
};

/** What an expression says besides its kind, type and operands. */
const own = (e: Expr): string | number => {
  switch (e.kind) {
    case "lit":
      return Object.is(e.value, -0) ? "-0" : e.value;
    case "infinity":
      return e.sign;
    case "ref":
    case "uniform":
    case "builtin":
      return e.name;
    case "load":
      return e.buffer;
    case "element":
      return e.array;
    case "unary":
    case "binary":
      return e.op;
    case "subgroup":
      return `${e.op} ${e.lane === null}`;
    case "component":
      return e.at;
    case "select":
    case "cast":
    case "bitcast":
    case "splat":
    case "vector":
    case "dot":
    case "fma":
      return "";
  }
};
