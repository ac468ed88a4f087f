/** Where statements come from: a name knows what it holds, a statement is where the name it makes or writes is. */
import { NO_ORIGIN, type Origin } from "../../base/span.ts";
import type { Expr, Stmt } from "./tile.ts";
import { forEachExpr } from "./walk.ts";

type Names = ReadonlyMap<string, Origin>;

/** The first name in an expression that comes from somewhere. */
const readBy = (e: Expr, names: Names): Origin => {
  let found: Origin = NO_ORIGIN;
  forEachExpr(e, (x) => {
    if (found.length > 0) return;
    const name = x.kind === "ref" ? x.name : x.kind === "element" ? x.array : x.kind === "load" ? x.buffer : null;
    if (name !== null) found = names.get(name) ?? NO_ORIGIN;
  });
  return found;
};

const either = (first: Origin, second: () => Origin): Origin => (first.length > 0 ? first : second());

/** The origin of a statement by itself; nothing for barriers and comments. */
const ownOrigin = (s: Stmt, names: Names): Origin => {
  switch (s.kind) {
    case "let":
    case "var":
    case "array":
    case "set":
    case "for":
      return names.get(s.name) ?? NO_ORIGIN;
    case "setElement":
      return names.get(s.array) ?? NO_ORIGIN;
    case "store":
      return either(names.get(s.buffer) ?? NO_ORIGIN, () => readBy(s.value, names));
    case "if":
      return readBy(s.cond, names);
    case "barrier":
    case "comment":
      return NO_ORIGIN;
  }
};

/** The origins of the statements of a block. What has none of its own stands for what comes next, at the end for what was before. */
export const originsOf = (body: readonly Stmt[], names: Names, around: Origin): readonly Origin[] => {
  const own = body.map((s) => ownOrigin(s, names));
  let last = own.findLast((o) => o.length > 0) ?? around;
  return own
    .toReversed()
    .map((o) => (last = o.length > 0 ? o : last))
    .toReversed();
};
