/** One kernel: its signature, its statements, and its results. */
import type { Assign, AxisDecl, Kernel, Let } from "../parser/ast.ts";
import { size } from "../base/size.ts";
import type { Diagnostic } from "../base/diagnostic.ts";
import { partOffset } from "./align.ts";
import { checkLetValue } from "./call.ts";
import { checkExpr } from "./expr.ts";
import { axisOf } from "./names.ts";
import { reportFreeIndices } from "./free-indices.ts";
import { badUnion } from "./rules/bad-union.ts";
import { ownState, scanOf } from "./prev.ts";
import { letIndices } from "./rules/let-indices.ts";
import { notAResult } from "./rules/not-a-result.ts";
import { repeatedIndex } from "./rules/repeated-index.ts";
import { resultAssignedTwice } from "./rules/result-assigned-twice.ts";
import { resultUnassigned } from "./rules/result-unassigned.ts";
import { sizeConflict } from "./rules/size-conflict.ts";
import { unknownIndex } from "./rules/unknown-index.ts";
import {
  addAxis,
  axisNames,
  report,
  typeOfStorage,
  visibleIndices,
  type Builder,
  type Cx,
  type Dims,
  type Module,
} from "./scope.ts";
import { named, withoutAxes } from "./sexpr.ts";
import { checkSignature, checkSizedAxis, declare, resolveDims, type Signature } from "./signature.ts";
import { flatDims, sameSize } from "./sizes.ts";
import type { AxisId, Spec, SpecResult } from "./spec.ts";
import { convertTo } from "./typing.ts";

type Body = {
  readonly cx: Cx;
  readonly kernel: Kernel;
  readonly signature: Signature;
  /** Results with their values, in the order of assignment; null after an error. */
  readonly assigned: Map<string, { readonly statement: Assign; readonly value: SpecResult | null }>;
  readonly lineOf: (offset: number) => number | null;
  /** A statement assigned to something else: what it was meant for is not reported as missing. */
  misassigned: boolean;
};

/** The index order of a `let`; indices with sizes are introduced here. */
const letDims = (cx: Cx, l: Let): Dims | null => {
  if (l.indices === null) return null;
  for (const d of flatDims(l.indices)) {
    if (d.size !== null) checkSizedAxis(cx, d.name, d.size, d.span);
    else if (cx.scope.get(d.name.text)?.kind !== "axis") report(cx, unknownIndex(d.name, "", visibleIndices(cx), null));
  }
  return resolveDims(cx, l.indices, `the brackets of \`${l.name.text}\``);
};

const checkLet = (cx: Cx, l: Let): void => {
  const dims = letDims(cx, l);
  const own = ownState(cx, l.name.text, dims, l.indices !== null && dims === null);
  // In sight while its own value is checked, and not behind it.
  const isNew = !cx.scope.has(l.name.text);
  if (isNew) cx.scope.set(l.name.text, { kind: "state", state: own, span: l.name.span });
  const checked = checkLetValue(cx, l.value, l.where);
  if (isNew) cx.scope.delete(l.name.text);
  const value = scanOf(cx, own, checked, l.value.span);
  if (value !== null && dims !== null) {
    const listed = dims.flat();
    const varies = value.kind === "scan" ? value.step.axes : value.axes;
    const [missing, extra] = [withoutAxes(varies, listed), withoutAxes(listed, varies)];
    const order = [...listed.filter((a) => varies.includes(a)), ...missing];
    if (missing.length + extra.length > 0) {
      report(cx, letIndices(l.name, l.name.span, axisNames(cx, missing), axisNames(cx, extra), axisNames(cx, order)));
    }
  }
  const expr = value && named(value, l.name.text);
  declare(cx, l.name, "a `let`", { kind: "value", what: "let", expr, dims, span: l.name.span });
};

/** The parts of a union axis; null after an error. */
const unionParts = (cx: Cx, d: AxisDecl): readonly AxisId[] | null => {
  const ids: AxisId[] = [];
  let failed = false;
  for (const p of d.parts) {
    const axis = axisOf(cx, p.text);
    const known = axis === undefined || axis === null ? null : axis.id;
    if (axis === undefined) report(cx, unknownIndex(p, "", visibleIndices(cx), null));
    else if (known !== null && ids.includes(known)) report(cx, repeatedIndex(p, `the parts of \`${d.name.text}\``));
    failed ||= known === null || ids.includes(known);
    if (known !== null) ids.push(known);
  }
  if (!failed && ids.length < 2)
    return report(
      cx,
      badUnion(d.span, `\`${d.name.text}\` needs two or more parts`, `write axis ${d.name.text} = m | s`),
    );
  return failed ? null : ids;
};

const checkAxisDecl = (cx: Cx, d: AxisDecl): void => {
  const parts = unionParts(cx, d);
  const { axes } = cx.builder;
  const total = parts === null ? 0 : parts.map((p) => axes[p]?.size ?? 0).reduce((a, b) => size("+", a, b));
  const found = cx.scope.get(d.name.text);
  if (found?.kind !== "axis") {
    const id = parts === null ? null : addAxis(cx.builder, d.name.text, total, d.name.span).id;
    if (id !== null) axes[id]!.parts = parts;
    declare(cx, d.name, "an index", { kind: "axis", id, from: null, span: d.name.span });
    return;
  }
  // The signature may have introduced the index with its size, for a result that has it.
  const axis = found.id === null ? undefined : axes[found.id];
  if (axis === undefined || parts === null) return;
  const loops = parts.some((p) => p === axis.id || partOffset(axes, p, axis.id) !== null);
  if (axis.parts !== null || loops) {
    report(
      cx,
      badUnion(
        d.span,
        axis.parts !== null ? `\`${d.name.text}\` has parts already` : `\`${d.name.text}\` cannot be a part of itself`,
        "use another name",
      ),
    );
  } else if (!sameSize(axis.size, total)) {
    report(cx, sizeConflict(d.name, d.span, total, axis.size, axis.span));
    cx.scope.set(d.name.text, { ...found, id: null });
  } else {
    axis.parts = parts;
  }
};

const checkAssign = (body: Body, a: Assign): void => {
  const { cx, signature, assigned } = body;
  const checked = checkLetValue(cx, a.value, a.where);
  const result = signature.results.find((r) => r.name === a.name.text);
  if (result === undefined) {
    body.misassigned = true;
    const isKnown = cx.scope.has(a.name.text);
    // What it was meant for is told once, here.
    if (!isKnown) cx.scope.set(a.name.text, { kind: "value", what: "let", expr: null, dims: null, span: a.name.span });
    report(
      cx,
      notAResult(
        a.name,
        signature.results.map((r) => r.name),
        isKnown,
      ),
    );
    return;
  }
  const before = assigned.get(a.name.text);
  if (before !== undefined) {
    report(cx, resultAssignedTwice(a.name, before.statement.name.span));
    return;
  }
  const converted =
    checked &&
    convertTo(cx, checked, typeOfStorage(result.dtype), a.value.span, `for \`${result.name}: ${result.dtype}\``);
  const value = converted && named(converted, result.name);
  const { dims } = result;
  const fits =
    value !== null && dims !== null && reportFreeIndices(cx, value, dims, result.source, body.kernel, body.lineOf);
  const spec = fits
    ? { name: result.name, dtype: result.dtype, dims: dims.map((d) => ({ axes: d })), span: result.span, value }
    : null;
  assigned.set(a.name.text, { statement: a, value: spec });
  if (cx.scope.get(a.name.text)?.kind === "unassigned") {
    cx.scope.set(a.name.text, { kind: "value", what: "result", expr: fits ? value : null, dims, span: a.name.span });
  }
};

/** Names whose statements could not be read stand for values that are known to be wrong. */
const declareUnread = ({ cx, kernel }: Body): void => {
  for (const name of kernel.unread?.names ?? []) {
    const found = cx.scope.get(name.text);
    if (found === undefined || found.kind === "unassigned")
      cx.scope.set(name.text, { kind: "value", what: "let", expr: null, dims: null, span: name.span });
  }
};

const checkBody = (body: Body): void => {
  declareUnread(body);
  const unread = body.kernel.unread?.names.map((name) => name.text) ?? [];
  for (const s of body.kernel.body) {
    if (unread.includes(s.name.text)) continue;
    switch (s.kind) {
      case "let":
        checkLet(body.cx, s);
        break;
      case "axis":
        checkAxisDecl(body.cx, s);
        break;
      case "assign":
        checkAssign(body, s);
        break;
    }
  }
  if (body.misassigned || body.kernel.unread !== null) return;
  for (const r of body.signature.results)
    if (!body.assigned.has(r.name)) report(body.cx, resultUnassigned(r.source.name));
};

/** Checks a kernel; null when it has an error. `lineOf` gives line numbers for messages, where the text is known. */
export const checkKernel = (
  module: Module,
  kernel: Kernel,
  reportAll: (d: Diagnostic) => void,
  lineOf: (offset: number) => number | null,
): Spec | null => {
  if (kernel.unread?.head === true) return null;
  let failed = kernel.unread !== null;
  const builder: Builder = {
    axes: [],
    scalars: new Map(),
    typeVars: new Map(),
    states: 0,
    inlined: 0,
    depth: 0,
    report: (d) => {
      failed ||= d.severity === "error";
      reportAll(d);
    },
  };
  const cx: Cx = { builder, module, scope: new Map(), inlined: null, checkExpr };
  const signature = checkSignature(cx, kernel);
  const body: Body = { cx, kernel, signature, assigned: new Map(), lineOf, misassigned: false };
  checkBody(body);
  const results = signature.results.flatMap((r) => body.assigned.get(r.name)?.value ?? []);
  if (failed || results.length < kernel.results.length) return null;
  return {
    name: kernel.name.text,
    doc: kernel.doc,
    file: module.file,
    axes: builder.axes,
    sizes: signature.sizes,
    typeVars: [...builder.typeVars].map(([name, options]) => ({ name, options })),
    tensors: signature.tensors,
    scalars: signature.scalars,
    results,
    span: kernel.span,
    nameSpan: kernel.name.span,
  };
};
