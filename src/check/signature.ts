/** A kernel's signature: type variables, sizes, axes, scalars, tensors and results. */
import type { Dim, Expr, Kernel, Name, Param, Result } from "../parser/ast.ts";
import type { Span } from "../base/span.ts";
import { allExprs } from "./print-expr.ts";
import { axisWithoutSize } from "./rules/axis-without-size.ts";
import { defaultValue } from "./rules/default-value.ts";
import { duplicateName } from "./rules/duplicate-name.ts";
import { packedResult } from "./rules/packed-result.ts";
import { repeatedIndex } from "./rules/repeated-index.ts";
import { scalarType } from "./rules/scalar-type.ts";
import { sizeConflict } from "./rules/size-conflict.ts";
import { tensorDefault } from "./rules/tensor-default.ts";
import { typeOptions } from "./rules/type-options.ts";
import { unknownType } from "./rules/unknown-type.ts";
import { addAxis, checkPart, report, typeOfStorage, type Binding, type Cx, type Dims } from "./scope.ts";
import { PACKED_TYPES, STORAGE_TYPES } from "../base/storage-type.ts";
import { indexOf, read, scalar, sizeOf } from "./sexpr.ts";
import { checkSizeExpr, flatDims, introducedSizes, sameSize, signatureDims } from "./sizes.ts";
import type { SExpr, SpecScalar, SpecTensor } from "./spec.ts";
import type { StorageType } from "../base/storage-type.ts";
import { convertTo } from "./typing.ts";

/** The declared interface; `null` dims: the declaration has an error. */
export type Signature = {
  readonly sizes: readonly string[];
  readonly tensors: readonly SpecTensor[];
  readonly scalars: readonly SpecScalar[];
  readonly results: readonly (Omit<SpecTensor, "dims"> & { readonly dims: Dims | null; readonly source: Result })[];
};

/** Declares a name, unless it is taken. */
export const declare = (cx: Cx, name: Name, what: string, binding: Binding): boolean => {
  const first = cx.scope.get(name.text);
  if (first === undefined) {
    cx.scope.set(name.text, binding);
    return true;
  }
  report(cx, duplicateName(name, what, describe(first), first.span));
  return false;
};

const describe = (b: Binding): string => {
  if (b.kind === "axis") return "an index";
  if (b.kind === "state") return "a `let`";
  if (b.kind === "unassigned" || b.what === "result") return "a result";
  return b.what === "let" ? "a `let`" : `a ${b.what}`;
};

const checkTypeVars = (cx: Cx, kernel: Kernel): void => {
  const known: readonly string[] = STORAGE_TYPES;
  for (const v of kernel.typeVars) {
    if (cx.builder.typeVars.has(v.name.text))
      report(cx, duplicateName(v.name, "a type variable", "a type variable", null));
    if (known.includes(v.name.text)) report(cx, duplicateName(v.name, "a type variable", "a storage type", null));
    const options: StorageType[] = [];
    for (const o of v.options) {
      const type = STORAGE_TYPES.find((t) => t === o.text);
      if (type === undefined) report(cx, unknownType(o, ["f32", "f16"]));
      else if (typeOfStorage(type) !== "float" || options.includes(type))
        report(cx, typeOptions(v.name, o, options.includes(type)));
      else options.push(type);
    }
    cx.builder.typeVars.set(v.name.text, options);
  }
};

const checkType = (cx: Cx, type: Name): void => {
  const known: readonly string[] = [...cx.builder.typeVars.keys(), ...STORAGE_TYPES];
  if (!known.includes(type.text)) report(cx, unknownType(type, known));
};

const declareSizes = (cx: Cx, kernel: Kernel): string[] => {
  const sizes = introducedSizes(kernel);
  const spans = new Map(
    signatureDims(kernel)
      .reverse()
      .flatMap((d) => (d.size?.kind === "apply" ? [[d.size.name.text, d.size.span] as const] : [])),
  );
  for (const s of sizes) {
    const span = spans.get(s) ?? kernel.name.span;
    cx.scope.set(s, { kind: "value", what: "size", expr: sizeOf(s, span), dims: null, span });
  }
  return sizes;
};

/** Declares the axis of a sized index, or compares its size with the one it has. */
export const checkSizedAxis = (cx: Cx, name: Name, size: Expr, span: Span): void => {
  const value = checkSizeExpr(cx, size);
  const found = cx.scope.get(name.text);
  if (found?.kind === "axis") {
    const axis = found.id === null ? undefined : cx.builder.axes[found.id];
    if (value !== null && axis !== undefined && !sameSize(axis.size, value)) {
      report(cx, sizeConflict(name, span, value, axis.size, axis.span));
    }
    return;
  }
  const id = value === null ? null : addAxis(cx.builder, name.text, value, span).id;
  declare(cx, name, "an index", { kind: "axis", id, from: null, span: name.span });
};

/** Binds every index of the signature to an axis, in order of first appearance. */
const declareAxes = (cx: Cx, kernel: Kernel): void => {
  const all = signatureDims(kernel);
  const first = new Map(all.toReversed().map((d) => [d.name.text, d] as const));
  const order = [...new Set(all.map((d) => d.name.text))];
  const sizedNames = all.flatMap((d) => (d.size === null ? [] : [d.name.text]));
  for (const text of order) {
    const d = first.get(text)!;
    const sized = all.find((x) => x.name.text === text && x.size !== null);
    if (sized?.size) {
      checkSizedAxis(cx, sized.name, sized.size, sized.span);
    } else {
      // A size in the place of an index keeps its meaning as a size.
      report(cx, axisWithoutSize(d.name, sizedNames));
      if (!cx.scope.has(text)) cx.scope.set(text, { kind: "axis", id: null, from: null, span: d.span });
    }
  }
  for (const d of all) {
    const decided = all.find((x) => x.name.text === d.name.text && x.size !== null);
    if (d.size !== null && d !== decided) checkSizedAxis(cx, d.name, d.size, d.span);
  }
};

/** Dimensions as axes; null when one of them has an error. */
export const resolveDims = (cx: Cx, dims: readonly Dim[], where: string): Dims | null => {
  const seen = new Set<string>();
  let failed = false;
  const axisId = (d: Extract<Dim, { kind: "axis" }>): number => {
    const found = cx.scope.get(d.name.text);
    if (seen.has(d.name.text)) report(cx, repeatedIndex(d.name, where));
    failed ||= seen.has(d.name.text) || found?.kind !== "axis" || found.id === null;
    seen.add(d.name.text);
    return found?.kind === "axis" ? (found.id ?? 0) : 0;
  };
  const out = dims.map((d) => flatDims([d]).map(axisId));
  return failed ? null : out;
};

/** The names that a default may not use, with what they are: tensors, indices and scalars from this one on. */
const laterNames = (cx: Cx, kernel: Kernel, from: number): Map<string, string> => {
  const names = new Map<string, string>();
  for (const d of signatureDims(kernel)) if (!cx.scope.has(d.name.text)) names.set(d.name.text, "the index");
  for (const r of kernel.results) names.set(r.name.text, "the result");
  kernel.params.forEach((p, n) => {
    if (p.dims !== null) names.set(p.name.text, "the tensor");
    else if (n >= from) names.set(p.name.text, "the scalar");
  });
  return names;
};

const checkDefault = (cx: Cx, kernel: Kernel, p: Param, n: number): SExpr | null => {
  if (p.init === null) return null;
  const later = laterNames(cx, kernel, n);
  const wrong = allExprs([p.init]).flatMap((e) =>
    e.kind === "apply" && e.args === null && later.has(e.name.text) ? [e.name] : [],
  );
  for (const name of wrong) report(cx, defaultValue(p.name, name, later.get(name.text)!));
  if (wrong.length > 0) return null;
  const value = checkPart(cx, p.init);
  return value && convertTo(cx, value, typeOfStorage(p.type.text), p.init.span, `for \`${p.name.text}\``);
};

const SCALAR_TYPES: readonly SpecScalar["dtype"][] = ["f32", "i32", "u32", "bool"];

/** Scalars in order, each default seeing the sizes and the scalars before it. */
const checkScalars = (cx: Cx, kernel: Kernel): SpecScalar[] => {
  const inits: Cx = { ...cx, scope: new Map([...cx.scope].filter(([, b]) => b.kind === "value" && b.what === "size")) };
  const out: SpecScalar[] = [];
  kernel.params.forEach((p, n) => {
    if (p.dims !== null) return;
    const dtype = SCALAR_TYPES.find((t) => t === p.type.text);
    const known: readonly string[] = [...STORAGE_TYPES, ...cx.builder.typeVars.keys()];
    if (dtype === undefined)
      report(cx, known.includes(p.type.text) ? scalarType(p.name, p.type) : unknownType(p.type, SCALAR_TYPES));
    const init = dtype === undefined ? null : checkDefault(inits, kernel, p, n);
    const expr = dtype === undefined ? null : scalar(p.name.text, typeOfStorage(dtype), p.name.span);
    const binding: Binding = { kind: "value", what: "scalar", expr, dims: null, span: p.name.span };
    inits.scope.set(p.name.text, binding);
    if (dtype !== undefined) out.push({ name: p.name.text, dtype, isStatic: p.isStatic, init, span: p.name.span });
  });
  return out;
};

const declareScalars = (cx: Cx, kernel: Kernel): void => {
  for (const p of kernel.params) {
    if (p.dims !== null) continue;
    cx.builder.scalars.set(p.name.text, p.type.text);
    const known = SCALAR_TYPES.some((t) => t === p.type.text);
    const expr = known ? scalar(p.name.text, typeOfStorage(p.type.text), p.name.span) : null;
    declare(cx, p.name, "a scalar", { kind: "value", what: "scalar", expr, dims: null, span: p.name.span });
  }
};

const checkTensor = (cx: Cx, p: Param, dims: readonly Dim[]): SpecTensor | null => {
  checkType(cx, p.type);
  if (p.init !== null) report(cx, tensorDefault(p.name, p.init.span, "default"));
  if (p.isStatic) report(cx, tensorDefault(p.name, p.span, "static"));
  const axes = resolveDims(cx, dims, `the brackets of \`${p.name.text}\``);
  const at = axes?.flat().map((a) => indexOf(a, p.span)) ?? null;
  const expr = at && read(p.name.text, typeOfStorage(p.type.text), at, p.span);
  declare(cx, p.name, "a tensor", { kind: "value", what: "tensor", expr, dims: axes, span: p.name.span });
  return axes && { name: p.name.text, dtype: p.type.text, dims: axes.map((d) => ({ axes: d })), span: p.span };
};

/** Checks a signature and declares all its names in the scope of `cx`, which starts empty. */
export const checkSignature = (cx: Cx, kernel: Kernel): Signature => {
  checkTypeVars(cx, kernel);
  const sizes = declareSizes(cx, kernel);
  declareScalars(cx, kernel);
  const scalars = checkScalars(cx, kernel);
  declareAxes(cx, kernel);
  const tensors = kernel.params.flatMap((p) => (p.dims === null ? [] : (checkTensor(cx, p, p.dims) ?? [])));
  const results = kernel.results.map((r) => {
    checkType(cx, r.type);
    if (PACKED_TYPES.some((t) => t === r.type.text)) report(cx, packedResult(r.name, r.type));
    const dims = resolveDims(cx, r.dims ?? [], `the brackets of \`${r.name.text}\``);
    declare(cx, r.name, "a result", { kind: "unassigned", span: r.name.span });
    return { name: r.name.text, dtype: r.type.text, dims, span: r.span, source: r };
  });
  return { sizes, tensors, scalars, results };
};
