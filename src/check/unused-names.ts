/** Warnings for names that nothing uses. */
import type { Dim, Expr, Fn, Kernel, Let, Program } from "../parser/ast.ts";
import type { Diagnostic } from "../base/diagnostic.ts";
import { allExprs } from "./print-expr.ts";
import { unused } from "./rules/unused.ts";
import { flatDims, signatureDims } from "./sizes.ts";

/** Every name that expressions mention, of values, indices and functions. */
const mentioned = (roots: readonly Expr[]): Set<string> =>
  new Set(
    allExprs(roots).flatMap((e) => {
      if (e.kind === "in") return [e.axis.text, e.part.text];
      if (e.kind !== "apply") return [];
      return [e.name.text, ...(e.index ?? []).flatMap((a) => (a.kind === "named" ? [a.name.text] : []))];
    }),
  );

/** In how many of the sets each name is. */
const counted = (sets: readonly ReadonlySet<string>[]): ReadonlyMap<string, number> => {
  const counts = new Map<string, number>();
  for (const names of sets) for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return counts;
};

const sizesOf = (dims: readonly Dim[] | null): Expr[] => flatDims(dims ?? []).flatMap((d) => d.size ?? []);
const letExprs = (l: Let): Expr[] => [...sizesOf(l.indices), l.value, ...(l.where === null ? [] : [l.where])];

const kernelExprs = (k: Kernel): Expr[] => [
  ...signatureDims(k).flatMap((d) => d.size ?? []),
  ...k.params.flatMap((p) => p.init ?? []),
  ...k.body.flatMap((s) =>
    s.kind === "axis" ? [] : s.kind === "let" ? letExprs(s) : [s.value, ...(s.where === null ? [] : [s.where])],
  ),
];
const fnExprs = (f: Fn): Expr[] => [...f.lets.flatMap(letExprs), f.body];

/** Warnings for the parameters and `let`s of a kernel. */
export const unusedInKernel = (kernel: Kernel): Diagnostic[] => {
  const used = mentioned(kernelExprs(kernel));
  // A `let` that only its own value mentions (`prev`) is not used.
  const own = new Map(kernel.body.flatMap((s) => (s.kind === "let" ? [[s, mentioned(letExprs(s))] as const] : [])));
  const mentions = counted([...own.values()]);
  const others = mentioned(kernelExprs({ ...kernel, body: kernel.body.filter((s) => s.kind !== "let") }));
  const params = kernel.params.filter((p) => !used.has(p.name.text)).map((p) => unused(p.name, "parameter"));
  const isMentioned = (l: Let): boolean =>
    others.has(l.name.text) || (mentions.get(l.name.text) ?? 0) > (own.get(l)?.has(l.name.text) === true ? 1 : 0);
  const lets = kernel.body.flatMap((s) => (s.kind === "let" && !isMentioned(s) ? [unused(s.name, "local name")] : []));
  return [...params, ...lets];
};

/** Warnings for the axes, parameters and `let`s of a function. */
export const unusedInFn = (fn: Fn): Diagnostic[] => {
  const used = mentioned(fnExprs(fn));
  return [
    ...fn.axes.filter((a) => !used.has(a.text)).map((a) => unused(a, "axis")),
    ...fn.params.filter((p) => !used.has(p.name.text)).map((p) => unused(p.name, "parameter")),
    ...fn.lets.filter((l) => !used.has(l.name.text)).map((l) => unused(l.name, "local name")),
  ];
};

/** Warnings for the imports of a file. Imported kernels cannot be used, so nothing is said about them. */
export const unusedImports = (program: Program, isKernel: (name: string) => boolean): Diagnostic[] => {
  const used = mentioned(
    program.items.flatMap((i) => (i.kind === "kernel" ? kernelExprs(i) : i.kind === "fn" ? fnExprs(i) : [])),
  );
  const names = program.items.flatMap((i) => (i.kind === "use" ? i.names : []));
  return names.filter((n) => !used.has(n.text) && !isKernel(n.text)).map((n) => unused(n, "import"));
};
