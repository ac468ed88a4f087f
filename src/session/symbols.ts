/**
 * What the names of one file stand for: definitions, references and scopes, from the syntax alone, so that a file with errors has
 * them too. The scoping is that of the checker (docs/language.md); `test/session` holds the two against each other.
 */
import type { Dim, Expr, Fn, IndexArg, Item, Kernel, Let, Name, Program } from "../parser/ast.ts";
import type { Span } from "../base/span.ts";

export type SymbolKind =
  "kernel" | "function" | "type" | "size" | "axis" | "tensor" | "scalar" | "result" | "let" | "parameter";

/** One name where it is introduced. */
export type Definition = {
  readonly kind: SymbolKind;
  readonly name: string;
  /** The name itself. */
  readonly span: Span;
  /** Where the name can be used; of a kernel or a function its whole file (`use` takes it further). */
  readonly scope: Span;
  /** The statement, parameter or item that introduces it. */
  readonly whole: Span;
  /** The `///` text above a kernel or a function, else "". */
  readonly doc: string;
};

/** One name where it is used, its definition included. */
export type Reference = { readonly span: Span; readonly to: Definition };

export type FileSymbols = {
  /** In the order of the text. */
  readonly definitions: readonly Definition[];
  readonly references: readonly Reference[];
};

/** The kernels and functions of a file by name; the first of equal ones. */
export const itemsOf = (program: Program): ReadonlyMap<string, Definition> => {
  const items = new Map<string, Definition>();
  for (const item of program.items) {
    if (item.kind === "use" || items.has(item.name.text)) continue;
    const kind = item.kind === "fn" ? "function" : "kernel";
    const { name, span, doc } = item;
    items.set(name.text, { kind, name: name.text, span: name.span, scope: program.span, whole: span, doc });
  }
  return items;
};

/** A block of names: a kernel, a function, or the arguments of a reduction with ranges. */
type Block = { readonly names: Map<string, Definition>; readonly around: Block | null; readonly span: Span };

type Walk = {
  readonly definitions: Definition[];
  readonly references: Reference[];
  /** What a name means that no block has: an item of the file, an import, a function of the prelude. */
  readonly outer: (name: string) => Definition | undefined;
};

const find = (walk: Walk, block: Block, name: string): Definition | undefined => {
  for (let b: Block | null = block; b !== null; b = b.around) {
    const found = b.names.get(name);
    if (found !== undefined) return found;
  }
  return walk.outer(name);
};

const refer = (walk: Walk, block: Block, name: Name): void => {
  const to = find(walk, block, name.text);
  if (to !== undefined) walk.references.push({ span: name.span, to });
};

/** Introduces a name, or refers to the one that is there: the checker reports it when that is a mistake. `from`: where it is in sight. */
const define = (walk: Walk, block: Block, kind: SymbolKind, name: Name, whole: Span, from = block.span.start): void => {
  const known = block.names.get(name.text);
  if (known === undefined) {
    const scope = { ...block.span, start: from };
    const made: Definition = { kind, name: name.text, span: name.span, scope, whole, doc: "" };
    block.names.set(name.text, made);
    walk.definitions.push(made);
  }
  refer(walk, block, name);
};

const leaves = (dims: readonly Dim[]): readonly Extract<Dim, { kind: "axis" }>[] =>
  dims.flatMap((d) => (d.kind === "axis" ? [d] : leaves(d.dims)));

const visit = (walk: Walk, block: Block, e: Expr): void => {
  switch (e.kind) {
    case "number":
    case "bool":
      return;
    case "group":
      return visit(walk, block, e.inner);
    case "unary":
      return visit(walk, block, e.arg);
    case "binary":
      visit(walk, block, e.left);
      return visit(walk, block, e.right);
    case "in":
      refer(walk, block, e.axis);
      return refer(walk, block, e.part);
    case "if":
      visit(walk, block, e.cond);
      visit(walk, block, e.then);
      return visit(walk, block, e.else);
    case "apply":
      return visitApply(walk, block, e);
  }
};

const visitApply = (walk: Walk, block: Block, e: Extract<Expr, { kind: "apply" }>): void => {
  refer(walk, block, e.name);
  const isRange = (a: IndexArg): boolean => a.kind === "range";
  const index = e.index ?? [];
  const inside: Block = index.some(isRange) ? { names: new Map(), around: block, span: e.span } : block;
  for (const a of index) {
    if (a.kind === "at") visit(walk, block, a.value);
    else if (a.kind === "named") {
      refer(walk, block, a.name);
      visit(walk, block, a.value);
    } else {
      visit(walk, block, a.from);
      visit(walk, block, a.to);
      define(walk, inside, "axis", a.name, a.span);
    }
  }
  for (const arg of e.args ?? []) visit(walk, inside, arg);
};

/** `let name[indices] = value where cond`: the name is in sight in its own value (`prev`) and behind it. */
const visitLet = (walk: Walk, block: Block, l: Let): void => {
  for (const d of leaves(l.indices ?? [])) {
    if (d.size !== null) visit(walk, block, d.size);
    if (d.size === null) refer(walk, block, d.name);
    else define(walk, block, "axis", d.name, d.span, d.span.start);
  }
  define(walk, block, "let", l.name, l.span, l.span.start);
  visit(walk, block, l.value);
  if (l.where !== null) visit(walk, block, l.where);
};

const visitFn = (walk: Walk, fn: Fn): void => {
  const block: Block = { names: new Map(), around: null, span: fn.span };
  for (const a of fn.axes) define(walk, block, "axis", a, a.span);
  for (const p of fn.params) define(walk, block, "parameter", p.name, p.name.span);
  for (const l of fn.lets) visitLet(walk, block, l);
  visit(walk, block, fn.body);
};

/** `N` in `i: N` introduces a size unless a scalar has that name: a bare name that begins with a capital. */
const isSizeName = (block: Block, e: Expr): e is Extract<Expr, { kind: "apply" }> =>
  e.kind === "apply" &&
  e.index === null &&
  e.args === null &&
  /^[A-Z]/.test(e.name.text) &&
  block.names.get(e.name.text)?.kind !== "scalar";

/** Sizes and indices of the signature: the first mention of a size and the first sized mention of an index introduce them. */
const visitDims = (walk: Walk, block: Block, all: readonly Extract<Dim, { kind: "axis" }>[]): void => {
  const sized = all.flatMap((d) => (d.size === null ? [] : [{ ...d, size: d.size }]));
  for (const { size } of sized) if (isSizeName(block, size)) define(walk, block, "size", size.name, size.span);
  for (const d of sized) if (!block.names.has(d.name.text)) define(walk, block, "axis", d.name, d.span);
  for (const d of all) if (block.names.get(d.name.text)?.span !== d.name.span) refer(walk, block, d.name);
  for (const { size } of sized) if (!isSizeName(block, size)) visit(walk, block, size);
};

const visitKernel = (walk: Walk, k: Kernel): void => {
  const block: Block = { names: new Map(), around: null, span: k.span };
  for (const v of k.typeVars) define(walk, block, "type", v.name, v.name.span);
  for (const p of k.params) if (p.dims === null) define(walk, block, "scalar", p.name, p.span);
  visitDims(walk, block, leaves([...k.params, ...k.results].flatMap((p) => p.dims ?? [])));
  for (const p of k.params) {
    if (p.dims !== null) define(walk, block, "tensor", p.name, p.span);
    if (block.names.get(p.type.text)?.kind === "type") refer(walk, block, p.type);
    if (p.init !== null) visit(walk, block, p.init);
  }
  for (const r of k.results) {
    define(walk, block, "result", r.name, r.span);
    if (block.names.get(r.type.text)?.kind === "type") refer(walk, block, r.type);
  }
  for (const s of k.body) {
    if (s.kind === "let") visitLet(walk, block, s);
    else if (s.kind === "axis") {
      s.parts.forEach((p) => refer(walk, block, p));
      define(walk, block, "axis", s.name, s.span, s.span.start);
    } else {
      refer(walk, block, s.name);
      visit(walk, block, s.value);
      if (s.where !== null) visit(walk, block, s.where);
    }
  }
};

const visitItem = (walk: Walk, item: Item, own: ReadonlyMap<string, Definition>): void => {
  if (item.kind === "use") {
    for (const name of item.names) {
      const to = own.has(name.text) ? undefined : walk.outer(name.text);
      if (to !== undefined) walk.references.push({ span: name.span, to });
    }
    return;
  }
  const self = own.get(item.name.text);
  if (self !== undefined) walk.references.push({ span: item.name.span, to: self });
  if (item.kind === "fn") visitFn(walk, item);
  else visitKernel(walk, item);
};

/** The symbols of a file. `foreign` gives what imports and the prelude bring in. */
export const symbolsOf = (program: Program, foreign: (name: string) => Definition | undefined): FileSymbols => {
  const own = itemsOf(program);
  const walk: Walk = {
    definitions: [...own.values()],
    references: [],
    outer: (name) => own.get(name) ?? foreign(name),
  };
  for (const item of program.items) visitItem(walk, item, own);
  const byPlace = (a: { readonly span: Span }, b: { readonly span: Span }): number => a.span.start - b.span.start;
  return { definitions: walk.definitions.toSorted(byPlace), references: walk.references.toSorted(byPlace) };
};
