/** A checked kernel as a program that is checked into it: what is shared or restricted becomes a `let`. */
import { NO_SPAN } from "../base/span.ts";
import { sizeNames } from "../base/size.ts";
import type { AxisId, SExpr, Spec, SpecDim, SpecResult } from "../check/spec.ts";
import type { Dim, Expr, Kernel, Param, Result, Stmt } from "../parser/ast.ts";
import type { Arena } from "./arena.ts";
import { nameOf, sizeSyntax, syntaxOf, type Writer } from "./express.ts";
import { createNames } from "./names.ts";
import { fallback, inOrder, letsOf } from "./lets.ts";

/** `spec` with its axes and names from the arena, as syntax. */
export const kernelSyntax = (a: Arena, spec: Spec): Kernel => {
  const roots = spec.results.map((r) => r.value);
  const order = inOrder(a, roots);
  const defined = new Map<SExpr, string>();
  const scope = new Set<AxisId>();
  const stateNames = new Map<number, string>();
  const unions = new Set<AxisId>();
  const fresh = createNames([
    ...spec.tensors.map((t) => t.name),
    ...spec.scalars.map((s) => s.name),
    ...spec.results.map((r) => r.name),
    ...spec.sizes,
    ...a.axes.flatMap((x) => sizeNames(x.size)),
  ]);
  const axisNames = new Map<AxisId, string>();
  const axisName = (axis: AxisId): string => {
    let name = axisNames.get(axis);
    if (name === undefined) {
      name = fresh(a.axes[axis]?.name ?? "i");
      axisNames.set(axis, name);
    }
    return name;
  };
  const writer: Writer = {
    a,
    span: spec.span,
    tensors: new Map(spec.tensors.map((t) => [t.name, t])),
    axisName,
    inScope: (axis) => scope.has(axis),
    defined: (e) => defined.get(e) ?? null,
    stateName: (state) => stateNames.get(state) ?? "?",
  };
  const signature = signatureSyntax(a, spec, scope, axisName, (e) => syntaxOf(writer, e));
  const body: Stmt[] = [];
  const lets = letsOf(a, order, roots);
  // The kernel's own names are kept.
  const own = new Map<SExpr, string>();
  for (const e of order) {
    const name = a.names.get(e);
    if (lets.has(e) && name !== undefined && a.forward.has(e)) own.set(e, fresh(name));
  }
  for (const e of order) if (lets.has(e)) define(e);
  for (const r of spec.results) assign(r);
  return {
    kind: "kernel",
    doc: spec.doc,
    name: nameOf(spec.name),
    typeVars: spec.typeVars.map((v) => ({ name: nameOf(v.name), options: v.options.map(nameOf) })),
    params: signature.params,
    results: signature.results,
    resultList: signature.results.length > 1,
    body,
    unread: null,
    span: NO_SPAN,
  };

  /** The union axes below a value are declared, once their parts are. */
  function declareUnions(e: SExpr): void {
    for (const x of inOrder(a, [e], (p) => defined.has(p))) {
      const axes = [...x.axes, ...(x.kind === "reduce" ? x.over : x.kind === "at" ? x.subst.map((s) => s.axis) : [])];
      axes.forEach(declareUnion);
    }
  }
  function declareUnion(axis: AxisId): void {
    const parts = a.axes[axis]?.parts;
    if (!parts || unions.has(axis)) return;
    unions.add(axis);
    parts.forEach(declareUnion);
    body.push({
      kind: "axis",
      name: nameOf(axisName(axis)),
      parts: parts.map((p) => nameOf(axisName(p))),
      span: NO_SPAN,
    });
    scope.add(axis);
  }

  function define(e: SExpr): void {
    declareUnions(e);
    const name = own.get(e) ?? fresh(a.names.get(e) ?? fallback(a, e));
    const introduces = e.axes.filter((x) => !scope.has(x));
    const listed = e.kind === "scan" ? [...scanAxes(e)] : introduces.length > 0 ? e.axes : null;
    const indices: Dim[] | null = listed?.map((x) => axisSyntax(a, x, axisName(x), !scope.has(x))) ?? null;
    introduces.forEach((x) => scope.add(x));
    if (e.kind === "scan") stateNames.set(e.state, name);
    const { value, where } = valueSyntax(e.kind === "scan" ? e.step : e);
    body.push({ kind: "let", name: nameOf(name), indices, value, where, span: NO_SPAN });
    defined.set(e, name);
  }

  function assign(r: SpecResult): void {
    declareUnions(r.value);
    const { value, where } = valueSyntax(r.value);
    body.push({ kind: "assign", name: nameOf(r.name), value, where, span: NO_SPAN });
    if (!defined.has(r.value) && mentionedLater(r)) defined.set(r.value, r.name);
  }

  function mentionedLater(r: SpecResult): boolean {
    const n = spec.results.indexOf(r);
    return spec.results.slice(n + 1).some((x) => x.value === r.value);
  }

  function valueSyntax(e: SExpr) {
    const isDomain = e.kind === "where" && !defined.has(e);
    return {
      value: syntaxOf(writer, isDomain ? e.arg : e),
      where: isDomain ? syntaxOf(writer, e.cond) : null,
    };
  }

  function scanAxes(e: SExpr & { kind: "scan" }): readonly AxisId[] {
    return [e.axis, ...e.dims].toSorted((x, y) => x - y);
  }
};

const axisSyntax = (a: Arena, axis: AxisId, name: string, sized: boolean): Dim => ({
  kind: "axis",
  name: nameOf(name),
  size: sized ? sizeSyntax(a.axes[axis]?.size ?? 0) : null,
  span: NO_SPAN,
});

/** The head: parameters in the order of the source, then those that it does not have; an index has its size where it is first written. */
const signatureSyntax = (
  a: Arena,
  spec: Spec,
  scope: Set<AxisId>,
  axisName: (axis: AxisId) => string,
  syntax: (e: SExpr) => Expr,
): { readonly params: readonly Param[]; readonly results: readonly Result[] } => {
  const dims = (all: readonly SpecDim[]): readonly Dim[] | null =>
    all.length === 0
      ? null
      : all.map((d) => {
          const axes = d.axes.map((x) => {
            const out = axisSyntax(a, x, axisName(x), !scope.has(x));
            scope.add(x);
            return out;
          });
          return axes.length === 1 ? (axes[0] as Dim) : { kind: "product", dims: axes, span: NO_SPAN };
        });
  const place = (x: { readonly span: { readonly file: string; readonly start: number } }): number =>
    x.span.file === "" ? Infinity : x.span.start;
  const all = [
    ...spec.tensors.map((t) => ({ ...t, kind: "tensor" as const })),
    ...spec.scalars.map((s) => ({ ...s, kind: "scalar" as const })),
  ].toSorted((x, y) => (place(x) === place(y) ? 0 : place(x) - place(y)));
  const params = all.map((p): Param => ({
    isStatic: p.kind === "scalar" && p.isStatic,
    name: nameOf(p.name),
    type: nameOf(p.dtype),
    dims: p.kind === "tensor" ? dims(p.dims) : null,
    init: p.kind === "scalar" && p.init !== null ? syntax(p.init) : null,
    span: NO_SPAN,
  }));
  const results = spec.results.map((r): Result => ({
    name: nameOf(r.name),
    type: nameOf(r.dtype),
    dims: dims(r.dims),
    span: NO_SPAN,
  }));
  return { params, results };
};
