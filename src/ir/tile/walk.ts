/** Walking and rewriting Tile IR: the only recursion over its children, driven by two functions that know them. */
import type { Buffer, Expr, Stmt, TileKernel, VType } from "./tile.ts";

/** The direct operands of an expression, in evaluation order. */
export const operands = (e: Expr): readonly Expr[] => {
  switch (e.kind) {
    case "lit":
    case "infinity":
    case "ref":
    case "uniform":
    case "builtin":
      return [];
    case "load":
    case "element":
      return [e.index];
    case "unary":
    case "cast":
    case "bitcast":
    case "splat":
    case "component":
      return [e.a];
    case "binary":
    case "dot":
      return [e.a, e.b];
    case "select":
      return [e.cond, e.a, e.b];
    case "vector":
      return e.parts;
    case "fma":
      return [e.a, e.b, e.c];
    case "subgroup":
      return e.lane === null ? [e.a] : [e.a, e.lane];
  }
};

/** The expressions that a statement holds itself (not those of the statements inside it). */
export const stmtExprs = (s: Stmt): readonly Expr[] => {
  switch (s.kind) {
    case "let":
    case "set":
      return [s.value];
    case "var":
    case "array":
      return s.init === null ? [] : [s.init];
    case "setElement":
    case "store":
      return [s.index, s.value];
    case "if":
      return [s.cond];
    case "for":
      return [s.from, s.to, s.step];
    case "barrier":
    case "comment":
      return [];
  }
};

/** Statements directly inside a statement. */
const stmtBodies = (s: Stmt): readonly (readonly Stmt[])[] =>
  s.kind === "if" ? [s.then, s.else] : s.kind === "for" ? [s.body] : [];

/** `f` on the expression and everything in it, parents first. */
export const forEachExpr = (e: Expr, f: (e: Expr) => void): void => {
  f(e);
  switch (e.kind) {
    case "lit":
    case "infinity":
    case "ref":
    case "uniform":
    case "builtin":
      return;
    case "load":
    case "element":
      return forEachExpr(e.index, f);
    case "binary":
      forEachExpr(e.a, f);
      return forEachExpr(e.b, f);
    default:
      for (const x of operands(e)) forEachExpr(x, f);
  }
};

/** `f` on every statement, in program order. */
export const forEachStmt = (body: readonly Stmt[], f: (s: Stmt) => void): void => {
  for (const s of body) {
    f(s);
    for (const inner of stmtBodies(s)) forEachStmt(inner, f);
  }
};

/** `f` on every expression of every statement. */
export const forEachExprIn = (body: readonly Stmt[], f: (e: Expr) => void): void =>
  forEachStmt(body, (s) => {
    for (const e of stmtExprs(s)) forEachExpr(e, f);
  });

/** A statement with each body replaced. */
const mapBodies = (s: Stmt, body: (b: readonly Stmt[]) => readonly Stmt[]): Stmt => {
  switch (s.kind) {
    case "if":
      return { ...s, then: body(s.then), else: body(s.else) };
    case "for":
      return { ...s, body: body(s.body) };
    case "let":
    case "set":
    case "var":
    case "array":
    case "setElement":
    case "store":
    case "barrier":
    case "comment":
      return s;
  }
};

/** Rebuilds a body from its end: what a later statement reads is known when its definition is reached. */
const dropIn = (body: readonly Stmt[], used: Set<string>): readonly Stmt[] => {
  const out: Stmt[] = [];
  const note = (e: Expr): void =>
    forEachExpr(e, (x) => {
      if (x.kind === "ref") used.add(x.name);
      if (x.kind === "element") used.add(x.array);
    });
  const real = (b: readonly Stmt[]): boolean => b.some((s) => s.kind !== "comment");
  for (const s of body.toReversed()) {
    // A definition ends the reach of its name (no scope shadows another), so a sibling's name does not keep this one.
    if ((s.kind === "let" || s.kind === "var" || s.kind === "array") && !used.delete(s.name)) continue;
    if (s.kind === "set") used.add(s.name);
    if (s.kind === "setElement") used.add(s.array);
    const kept = mapBodies(s, (b) => dropIn(b, used));
    if ((kept.kind === "if" && !real(kept.then) && !real(kept.else)) || (kept.kind === "for" && !real(kept.body)))
      continue;
    if (s.kind === "for") used.delete(s.name);
    stmtExprs(kept).forEach(note);
    out.push(kept);
  }
  return out.toReversed();
};

/**
 * The kernel without `let`s, variables and arrays that nothing mentions, branches and loops that do nothing, and
 * workgroup arrays that it does not touch.
 */
export const dropUnused = (kernel: TileKernel): TileKernel => {
  const body = dropIn(kernel.body, new Set());
  if (kernel.workgroup.length === 0) return { ...kernel, body };
  const touched = usedBuffers(body);
  return { ...kernel, body, workgroup: kernel.workgroup.filter((b) => touched.has(b.name)) };
};

/** What a body mentions, by name. */
export type Uses = {
  readonly loaded: ReadonlySet<string>;
  readonly stored: ReadonlySet<string>;
  /** Of each buffer the width in which it is read or written first. */
  readonly widths: ReadonlyMap<string, VType["width"]>;
  readonly uniforms: ReadonlySet<string>;
  readonly builtins: ReadonlySet<string>;
};

/** What a body mentions, found in one walk. */
export const usesOf = (body: readonly Stmt[]): Uses => {
  const uses = {
    loaded: new Set<string>(),
    stored: new Set<string>(),
    widths: new Map<string, VType["width"]>(),
    uniforms: new Set<string>(),
    builtins: new Set<string>(),
  };
  const touch = (buffer: string, { width }: VType): void => {
    if (!uses.widths.has(buffer)) uses.widths.set(buffer, width);
  };
  const note = (e: Expr): void => {
    if (e.kind === "load") {
      uses.loaded.add(e.buffer);
      touch(e.buffer, e.type);
    }
    if (e.kind === "uniform") uses.uniforms.add(e.name);
    if (e.kind === "builtin") uses.builtins.add(e.name);
  };
  forEachStmt(body, (s) => {
    if (s.kind === "store") {
      uses.stored.add(s.buffer);
      touch(s.buffer, s.value.type);
    }
    for (const e of stmtExprs(s)) forEachExpr(e, note);
  });
  return uses;
};

/** Names of the buffers that a body loads from or stores to. */
export const usedBuffers = (body: readonly Stmt[]): ReadonlySet<string> => {
  const { loaded, stored } = usesOf(body);
  return new Set([...stored, ...loaded]);
};

/** The storage buffers of a program as one kernel binds them: what it reads or writes one number at a time has no vec4s in it. */
export const boundBy = (storage: readonly Buffer[], uses: Uses): readonly Buffer[] =>
  storage.map((b) => {
    const width = uses.widths.get(b.name) ?? b.type.width;
    return width === b.type.width ? b : { ...b, type: { ...b.type, width } };
  });

/** Whether an expression reads a buffer or an array: behind `and` and `or` only where the left side does not decide. */
export const readsMemory = (e: Expr): boolean => {
  let found = false;
  forEachExpr(e, (x) => (found ||= x.kind === "load" || x.kind === "element"));
  return found;
};
