/** Which values of a program are named. */
import type { SExpr } from "../check/spec.ts";
import type { Arena } from "./arena.ts";
import { mentioned } from "./express.ts";
import { knownAs } from "./known.ts";

/** Operators that one expression may hold before a part of it is named. */
const MAX_WRITTEN = 24;
/** A condition or an index up to this size is written again rather than named. */
const SMALL = 8;

/** Every value that the text of the roots mentions, each after those it mentions; what `stop` knows is not looked into. */
export const inOrder = (a: Arena, roots: readonly SExpr[], stop: (e: SExpr) => boolean = () => false): SExpr[] => {
  const done = new Set<SExpr>();
  const out: SExpr[] = [];
  const open = roots.toReversed().map((e) => ({ e, leave: false }));
  for (let top = open.pop(); top !== undefined; top = open.pop()) {
    if (top.leave) {
      out.push(top.e);
    } else if (!done.has(top.e)) {
      done.add(top.e);
      const below = stop(top.e) ? [] : mentioned(a, top.e);
      open.push({ e: top.e, leave: true }, ...below.toReversed().map((e) => ({ e, leave: false })));
    }
  }
  return out;
};

/** The states that a value reads in the middle of their definition: it cannot stand outside. */
const openStates = (a: Arena, order: readonly SExpr[]): ReadonlyMap<SExpr, ReadonlySet<number>> => {
  const out = new Map<SExpr, ReadonlySet<number>>();
  for (const e of order) {
    const states = new Set(mentioned(a, e).flatMap((p) => [...(out.get(p) ?? [])]));
    if (e.kind === "prev") states.add(e.state);
    if (e.kind === "scan") states.delete(e.state);
    out.set(e, states);
  }
  return out;
};

const isLeaf = (e: SExpr): boolean =>
  e.kind === "const" ||
  e.kind === "index" ||
  e.kind === "size" ||
  e.kind === "scalar" ||
  e.kind === "in" ||
  e.kind === "prev";

/** The values that get a `let`; `order`: all of them, each after those it mentions. */
export const letsOf = (a: Arena, order: readonly SExpr[], roots: readonly SExpr[]): ReadonlySet<SExpr> => {
  const uses = new Map<SExpr, number>();
  const needed = new Set<SExpr>();
  const open = openStates(a, order);
  for (const r of roots) uses.set(r, (uses.get(r) ?? 0) + 1);
  for (const e of order) {
    for (const p of mentioned(a, e)) {
      uses.set(p, (uses.get(p) ?? 0) + 1);
      // A domain ends a `let` or an assignment and stands nowhere else; a recurrence may end with one.
      if (p.kind === "where" && e.kind !== "scan") needed.add(p);
    }
    if (e.kind === "at" && e.subst.length > 0) needed.add(e.arg);
    if (e.kind === "scan") needed.add(e);
  }
  const out = new Set<SExpr>();
  const sizes = new Map<SExpr, number>();
  for (const e of order) {
    const size = mentioned(a, e).reduce((n, p) => n + (out.has(p) ? 1 : (sizes.get(p) ?? 1)), 1);
    sizes.set(e, size);
    if ((isLeaf(e) && !needed.has(e)) || (open.get(e)?.size ?? 0) > 0) continue;
    const isNamed = a.names.has(e) && a.forward.has(e) && knownAs(a, e) === null;
    const isShared = (uses.get(e) ?? 0) > 1 && !isCheap(e, size);
    const isRoot = roots.includes(e) && (uses.get(e) ?? 0) === 1;
    const isLong = size > MAX_WRITTEN && !isRoot && e.kind !== "read";
    if (needed.has(e) || (!isRoot && isNamed && e.kind !== "read") || isShared || isLong) out.add(e);
  }
  return out;
};

const isCheap = (e: SExpr, size: number): boolean => {
  if (e.kind === "read") return true;
  if (e.type !== "float") return size <= SMALL && e.kind !== "reduce";
  if (e.axes.length === 0 && size <= SMALL && e.kind !== "reduce") return true;
  return size <= 2 && e.kind === "unary" && (e.op === "neg" || e.op === "float");
};

/** What a value without a name is called. */
export const fallback = (a: Arena, e: SExpr): string => {
  const known = knownAs(a, e);
  if (known?.fn === "softmax") return "p";
  if (known?.fn === "logsumexp") return "l";
  if (e.type === "bool") return "seen";
  if (e.kind === "reduce" && e.op === "mean") return "mu";
  if (e.kind === "reduce" && e.op === "var") return "variance";
  if (e.kind === "reduce") return e.op === "max" ? "m" : e.op.startsWith("arg") ? "first" : "c";
  return a.forward.has(e) ? "a" : "g";
};
