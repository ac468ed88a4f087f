/**
 * Makes a failing program short: by what its syntax allows (results, `let`s, domains, parameters and expressions go, or become one
 * of their parts), and by its sizes and data. Whatever still fails in the same way is kept.
 */
import type { Dim, Expr, IndexArg, Item, Kernel, Let, Stmt } from "../../src/parser/ast.ts";
import { parseProgram } from "../../src/parser/parse.ts";
import { printProgram } from "../../src/parser/print-ast.ts";
import type { Program } from "./program.ts";

const SPAN = { file: "", start: 0, end: 0 };
const number = (text: string): Expr => ({
  kind: "number",
  value: Number(text),
  text,
  isInt: !text.includes("."),
  span: SPAN,
});
const TRUE: Expr = { kind: "bool", value: true, span: SPAN };

const below = (e: Expr): readonly Expr[] => {
  switch (e.kind) {
    case "number":
    case "bool":
    case "in":
      return [];
    case "group":
      return [e.inner];
    case "unary":
      return [e.arg];
    case "binary":
      return [e.left, e.right];
    case "if":
      return [e.cond, e.then, e.else];
    case "apply":
      return [
        ...(e.args ?? []),
        ...(e.index ?? []).flatMap((a) => (a.kind === "range" ? [a.from, a.to] : e.args === null ? [a.value] : [])),
      ];
  }
};

/** `e` with its n-th expression (itself 0, in order) replaced. */
const replaceIn = (e: Expr, at: { n: number }, to: (e: Expr) => Expr): Expr => {
  if (at.n-- === 0) return to(e);
  const go = (x: Expr): Expr => (at.n < 0 ? x : replaceIn(x, at, to));
  switch (e.kind) {
    case "number":
    case "bool":
    case "in":
      return e;
    case "group":
      return { ...e, inner: go(e.inner) };
    case "unary":
      return { ...e, arg: go(e.arg) };
    case "binary":
      return { ...e, left: go(e.left), right: go(e.right) };
    case "if":
      return { ...e, cond: go(e.cond), then: go(e.then), else: go(e.else) };
    case "apply": {
      const args = e.args === null ? null : e.args.map(go);
      const index =
        e.index?.map((a): IndexArg =>
          a.kind === "range"
            ? { ...a, from: go(a.from), to: go(a.to) }
            : e.args === null
              ? { ...a, value: go(a.value) }
              : a,
        ) ?? null;
      return { ...e, args, index };
    }
  }
};

/** What an expression may become, the shortest first. */
const shorter = (e: Expr): readonly Expr[] => {
  const sub = below(e);
  const bare = e.kind === "apply" && e.args === null && e.index !== null ? [{ ...e, index: null }] : [];
  if (e.kind === "number")
    return e.text === "1" || e.text === "0"
      ? []
      : [number("1"), number("2")].filter((x) => x.kind === "number" && x.text !== e.text);
  if (e.kind === "bool") return [];
  return [number("1"), number("0"), TRUE, number("1.0"), ...sub, ...bare, ...sub.flatMap(below)];
};

type Place = { readonly statement: number; readonly part: "value" | "where" };

const kernelOf = (source: string): Kernel | null => {
  const item = parseProgram(source, "fuzz.tfx").program.items.find((i) => i.kind === "kernel");
  return item?.kind === "kernel" ? item : null;
};
const textOf = (kernel: Kernel): string => printProgram({ items: [kernel as Item], span: SPAN });

const flat = (dims: readonly Dim[] | null): readonly Extract<Dim, { kind: "axis" }>[] =>
  (dims ?? []).flatMap((d) => (d.kind === "axis" ? [d] : flat(d.dims)));

/** Sizes of indices go to where they are first mentioned. */
const resized = (kernel: Kernel, sizes: ReadonlyMap<string, Expr>): Kernel => {
  const seen = new Set<string>();
  const dim = (d: Dim): Dim => {
    if (d.kind === "product") return { ...d, dims: d.dims.map(dim) };
    const first = !seen.has(d.name.text);
    seen.add(d.name.text);
    return { ...d, size: first ? (sizes.get(d.name.text) ?? d.size) : null };
  };
  const params = kernel.params.map((p) => ({ ...p, dims: p.dims?.map(dim) ?? null }));
  return { ...kernel, params, results: kernel.results.map((r) => ({ ...r, dims: r.dims?.map(dim) ?? null })) };
};
const sizesIn = (kernel: Kernel): ReadonlyMap<string, Expr> =>
  new Map(
    [...kernel.params, ...kernel.results].flatMap((p) =>
      flat(p.dims).flatMap((d) => (d.size === null ? [] : [[d.name.text, d.size] as const])),
    ),
  );

/** Kernels with a statement, result, parameter, dim or domain less. */
const structural = function* (k: Kernel): Iterable<Kernel> {
  const sizes = sizesIn(k);
  const without = <T>(list: readonly T[], n: number): readonly T[] => list.filter((_, m) => m !== n);
  if (k.results.length > 1)
    for (const [n, r] of k.results.entries())
      yield resized(
        {
          ...k,
          results: without(k.results, n),
          body: k.body.filter((s) => !(s.kind === "assign" && s.name.text === r.name.text)),
        },
        sizes,
      );
  for (let n = k.body.length - 1; n >= 0; n--)
    if (k.body[n]!.kind !== "assign") yield { ...k, body: without(k.body, n) };
  for (const n of k.params.keys()) yield resized({ ...k, params: without(k.params, n) }, sizes);
  for (const [n, s] of k.body.entries())
    if (s.kind !== "axis" && s.where !== null)
      yield { ...k, body: k.body.map((x, m) => (m === n ? ({ ...s, where: null } as Stmt) : x)) };
  for (const [n, r] of k.results.entries())
    for (const m of (r.dims ?? []).keys())
      yield resized(
        {
          ...k,
          results: k.results.map((x, l) =>
            l === n ? { ...x, dims: without(r.dims!, m).length === 0 ? null : without(r.dims!, m) } : x,
          ),
        },
        sizes,
      );
  for (const [n, p] of k.params.entries()) {
    for (const m of (p.dims ?? []).keys())
      if (p.dims!.length > 1)
        yield resized(
          { ...k, params: k.params.map((x, l) => (l === n ? { ...x, dims: without(p.dims!, m) } : x)) },
          sizes,
        );
    if (p.dims?.some((d) => d.kind === "product"))
      yield resized({ ...k, params: k.params.map((x, l) => (l === n ? { ...x, dims: flat(p.dims) } : x)) }, sizes);
  }
  if (k.typeVars.length > 0) {
    const plain = <T extends { readonly type: { readonly text: string } }>(p: T): T =>
      p.type.text === k.typeVars[0]!.name.text ? { ...p, type: { ...p.type, text: "f32" } } : p;
    yield { ...k, typeVars: [], params: k.params.map(plain), results: k.results.map(plain) };
  }
  // A `let` written where it is used.
  for (const [n, s] of k.body.entries())
    if (s.kind === "let" && s.where === null && s.indices === null) yield inlined(k, n, s);
};

const inlined = (k: Kernel, n: number, l: Let): Kernel => {
  const put = (e: Expr): Expr => {
    if (e.kind === "apply" && e.args === null && e.index === null && e.name.text === l.name.text) return l.value;
    switch (e.kind) {
      case "number":
      case "bool":
      case "in":
        return e;
      case "group":
        return { ...e, inner: put(e.inner) };
      case "unary":
        return { ...e, arg: put(e.arg) };
      case "binary":
        return { ...e, left: put(e.left), right: put(e.right) };
      case "if":
        return { ...e, cond: put(e.cond), then: put(e.then), else: put(e.else) };
      case "apply":
        return {
          ...e,
          args: e.args?.map(put) ?? null,
          index:
            e.index?.map((a): IndexArg =>
              a.kind === "range" || e.args !== null ? a : { ...a, value: put(a.value) },
            ) ?? null,
        };
    }
  };
  const body = k.body
    .filter((_, m) => m !== n)
    .map((s): Stmt =>
      s.kind === "axis" ? s : { ...s, value: put(s.value), where: s.where === null ? null : put(s.where) },
    );
  return { ...k, body };
};

const expressions = function* (k: Kernel): Iterable<Kernel> {
  const places: Place[] = k.body.flatMap((s, statement): Place[] =>
    s.kind === "axis"
      ? []
      : [{ statement, part: "value" }, ...(s.where === null ? [] : [{ statement, part: "where" } as const])],
  );
  for (const { statement, part } of places.reverse()) {
    const s = k.body[statement] as Exclude<Stmt, { kind: "axis" }>;
    const whole = s[part] as Expr;
    const all: Expr[] = [];
    const visit = (e: Expr): void => {
      all.push(e);
      below(e).forEach(visit);
    };
    visit(whole);
    for (const [n, e] of all.entries())
      for (const to of shorter(e))
        yield {
          ...k,
          body: k.body.map((x, m) =>
            m === statement ? ({ ...s, [part]: replaceIn(whole, { n }, () => to) } as Stmt) : x,
          ),
        };
  }
};

const settings = function* (p: Program): Iterable<Program> {
  const all = Object.keys(p.sizes);
  if (p.parts !== null) yield { ...p, parts: null };
  if (Object.keys(p.types).length > 0) yield { ...p, types: {} };
  if (p.known.length < all.length) yield { ...p, known: all };
  for (const [name, size] of Object.entries(p.sizes))
    for (const to of [1, 2, 3, Math.floor(size / 2), size - 1])
      if (to > 0 && to < size) yield { ...p, sizes: { ...p.sizes, [name]: to } };
  for (const [name, data] of Object.entries(p.data))
    if (data.kind === "large" || data.kind === "ties" || data.kind === "positive")
      yield { ...p, data: { ...p.data, [name]: { kind: "normal" } } };
};

/** What a program mentions only, beside its text. */
const tidy = (p: Program, kernel: Kernel): Program => {
  const names = new Set(kernel.params.map((x) => x.name.text));
  const only = <T>(r: Readonly<Record<string, T>>, keep: (name: string) => boolean): Readonly<Record<string, T>> =>
    Object.fromEntries(Object.entries(r).filter(([n]) => keep(n)));
  const source = textOf(kernel);
  const sizes = only(p.sizes, (n) => new RegExp(`\\b${n}\\b`).test(source));
  return {
    ...p,
    source,
    sizes,
    known: p.known.filter((n) => n in sizes),
    data: only(p.data, (n) => names.has(n)),
    scalars: only(p.scalars, (n) => names.has(n)),
    statics: only(p.statics, (n) => names.has(n)),
    types: kernel.typeVars.length === 0 ? {} : p.types,
  };
};

/** The shortest program found that `fails` as well, within so many milliseconds. */
export const reduce = async (
  program: Program,
  fails: (p: Program) => boolean | Promise<boolean>,
  milliseconds = 60_000,
): Promise<Program> => {
  const end = performance.now() + milliseconds;
  let best = program;
  for (let changed = true; changed;) {
    changed = false;
    for (const step of [structural, expressions]) {
      for (let again = true; again;) {
        again = false;
        const kernel = kernelOf(best.source);
        if (kernel === null) return best;
        const tried = new Set<string>([best.source]);
        for (const candidate of step(kernel)) {
          const next = tidy(best, candidate);
          if (tried.has(next.source) || next.source.length > best.source.length + (step === structural ? 200 : 0))
            continue;
          tried.add(next.source);
          if (performance.now() > end) return best;
          if (step === structural && next.source.length > best.source.length) continue;
          if (!(await fails(next))) continue;
          best = next;
          again = changed = true;
          break;
        }
      }
    }
    for (let again = true; again;) {
      again = false;
      for (const next of settings(best)) {
        if (performance.now() > end) return best;
        if (!(await fails(next))) continue;
        best = next;
        again = changed = true;
        break;
      }
    }
  }
  return best;
};
