/**
 * A readable text form of a spec. Every named or shared expression has a line `name[free axes]: type = …`; the others are
 * written where they stand. Deterministic, and not meant to be read back.
 */
import { printSize } from "../base/size.ts";
import { children } from "./sexpr.ts";
import type { AxisId, SExpr, Spec, SpecDim } from "./spec.ts";
import { postOrder } from "./walk-spec.ts";

type Names = ReadonlyMap<SExpr, string>;

const axisName = (spec: Spec, id: AxisId): string => {
  const axis = spec.axes[id];
  if (axis === undefined) return `?${id}`;
  // Ranges may reuse a name: later ones are numbered.
  const same = spec.axes.filter((a) => a.name === axis.name && a.id < id).length;
  return same === 0 ? axis.name : `${axis.name}.${same + 1}`;
};

const printAxes = (spec: Spec, axes: readonly AxisId[]): string =>
  axes.length === 0 ? "" : `[${axes.map((a) => axisName(spec, a)).join(", ")}]`;

const printDims = (spec: Spec, dims: readonly SpecDim[]): string => {
  const texts = dims
    .map((d) => d.axes.map((a) => axisName(spec, a)).join(", "))
    .map((t, n) => (dims[n]!.axes.length === 1 ? t : `(${t})`));
  return texts.length === 0 ? "" : `[${texts.join(", ")}]`;
};

/** A read at exactly its declared indices is written as the bare name. */
const isBare = (spec: Spec, e: Extract<SExpr, { kind: "read" }>): boolean => {
  const declared = spec.tensors.find((t) => t.name === e.tensor)?.dims.flatMap((d) => d.axes) ?? [];
  return e.at.length === declared.length && e.at.every((a, n) => a.kind === "index" && a.axis === declared[n]);
};

/** The text of one expression, given the texts of those below it. */
const printNode = (spec: Spec, e: SExpr, sub: (x: SExpr) => string): string => {
  switch (e.kind) {
    case "const":
      return e.type === "bool"
        ? String(e.value === 1)
        : e.type === "float" && Number.isInteger(e.value)
          ? `${e.value}.0`
          : String(e.value);
    case "index":
      return axisName(spec, e.axis);
    case "size":
      return typeof e.size === "object" ? `(${printSize(e.size)})` : printSize(e.size);
    case "scalar":
      return e.scalar;
    case "read":
      return isBare(spec, e) ? e.tensor : `${e.tensor}[${e.at.map(sub).join(", ")}]`;
    case "at":
      return `at(${sub(e.arg)}; ${e.subst.map((s) => `${axisName(spec, s.axis)} := ${sub(s.to)}`).join(", ")})`;
    case "unary":
      return e.op === "neg" ? `-${sub(e.arg)}` : e.op === "not" ? `not ${sub(e.arg)}` : `${e.op}(${sub(e.arg)})`;
    case "binary":
      return e.op === "min" || e.op === "max"
        ? `${e.op}(${sub(e.left)}, ${sub(e.right)})`
        : `(${sub(e.left)} ${e.op} ${sub(e.right)})`;
    case "select":
      return `(if ${sub(e.cond)} then ${sub(e.then)} else ${sub(e.else)})`;
    case "reduce":
      return `${e.op}${printAxes(spec, e.over)}(${sub(e.arg)}${e.k === null ? "" : `, ${sub(e.k)}`})`;
    case "where":
      return `(${sub(e.arg)} where ${sub(e.cond)})`;
    case "concat":
      return `concat[${axisName(spec, e.axis)}](${e.parts.map(sub).join(", ")})`;
    case "prev":
      return `prev.${e.state}[${axisName(spec, e.axis)}](${sub(e.init)})`;
    case "scan":
      return `scan.${e.state}[${axisName(spec, e.axis)}](${sub(e.step)})`;
    case "in":
      return `(${axisName(spec, e.axis)} in ${axisName(spec, spec.axes[e.axis]?.parts?.[e.part] ?? -1)})`;
  }
};

const isLeaf = (e: SExpr): boolean => e.kind === "read" || children(e).length === 0;

/** Names for what gets a line of its own: `let`s, results, and what is used more than once. */
const nameShared = (order: readonly SExpr[], results: ReadonlySet<SExpr>): Names => {
  const uses = new Map<SExpr, number>();
  for (const e of order) for (const c of children(e)) uses.set(c, (uses.get(c) ?? 0) + 1);
  const taken = new Map<string, number>();
  const names = new Map<SExpr, string>();
  for (const e of order) {
    if (results.has(e) || (e.name === null && (isLeaf(e) || (uses.get(e) ?? 0) < 2))) continue;
    const base = e.name ?? "t";
    const n = (taken.get(base) ?? 0) + 1;
    taken.set(base, n);
    names.set(e, n === 1 ? base : `${base}.${n}`);
  }
  return names;
};

const header = (spec: Spec): string[] => [
  `kernel ${spec.name}`,
  ...(spec.sizes.length === 0 ? [] : [`  sizes ${spec.sizes.join(", ")}`]),
  ...spec.typeVars.map((t) => `  type ${t.name} = ${t.options.join(" | ")}`),
  ...spec.axes.map(
    (a) =>
      `  axis ${axisName(spec, a.id)}: ${printSize(a.size)}${a.parts === null ? "" : ` = ${a.parts.map((p) => axisName(spec, p)).join(" | ")}`}`,
  ),
  ...spec.tensors.map((t) => `  tensor ${t.name}: ${t.dtype}${printDims(spec, t.dims)}`),
];

/** The text of a spec, with a final newline. */
export const printSpec = (spec: Spec): string => {
  const results = new Set(spec.results.map((r) => r.value));
  const order = postOrder([...spec.scalars.flatMap((s) => s.init ?? []), ...spec.results.map((r) => r.value)]);
  const names = nameShared(order, results);
  const texts = new Map<SExpr, string>();
  const resultNames = new Map(spec.results.map((r) => [r.value, r.name] as const));
  const sub = (x: SExpr): string => names.get(x) ?? resultNames.get(x) ?? texts.get(x) ?? "?";
  const lines: string[] = [];
  for (const e of order) {
    const text = printNode(spec, e, sub);
    texts.set(e, text);
    const name = names.get(e);
    const outer = text.startsWith("(") && e.kind !== "size" ? text.slice(1, -1) : text;
    if (name !== undefined) lines.push(`  let ${name}${printAxes(spec, e.axes)}: ${e.type} = ${outer}`);
    for (const r of spec.results) {
      if (r.value === e) lines.push(`  result ${r.name}: ${r.dtype}${printDims(spec, r.dims)} = ${outer}`);
    }
  }
  const scalars = spec.scalars.map(
    (s) => `  ${s.isStatic ? "static" : "scalar"} ${s.name}: ${s.dtype}${s.init === null ? "" : ` = ${sub(s.init)}`}`,
  );
  return [...header(spec), ...scalars, ...lines].join("\n") + "\n";
};
