/** The gradient of a checked kernel as another program. */
import type { Diagnostic } from "../base/diagnostic.ts";
import { NO_SPAN } from "../base/span.ts";
import { didYouMean } from "../base/suggest.ts";
import type { AxisId, SExpr, Spec, SpecResult, SpecScalar, SpecTensor } from "../check/spec.ts";
import { postOrder } from "../check/walk-spec.ts";
import { formatProgram } from "../format/format.ts";
import { printProgram } from "../parser/print-ast.ts";
import { asValue, summed, type Adjoint } from "./adjoint.ts";
import { createArena, index, type Arena } from "./arena.ts";
import { children, read, scalar, withoutAxes } from "../check/sexpr.ts";
import { createDomains, EVERYWHERE } from "./domain.ts";
import { gaugesOf } from "./gauges.ts";
import { kernelSyntax } from "./program.ts";
import { message, NoGradient } from "./refuse.ts";
import { splitAt } from "./split.ts";
import { activeOf, reverse, type ReverseCx } from "./reverse.ts";

/** What the forward kernel hands on: nothing, what pays, or results and `let`s by name. */
export type Save = "none" | "auto" | readonly string[];

export type GradientOptions = {
  /** `none` (and left out): one kernel that computes everything again. Else a forward and a backward kernel. */
  readonly save?: Save;
  /** Results that have cotangents; all float ones where left out. */
  readonly of?: readonly string[];
  /** Parameters whose gradients are wanted; all float tensors where left out. */
  readonly wrt?: readonly string[];
};

export type Gradient =
  | {
      readonly ok: true;
      readonly text: string;
      /** The kernel that gives the gradients. */
      readonly kernel: string;
      /** The kernel that gives the results and what is saved; null where nothing is. */
      readonly forward: string | null;
      /** Results of the forward kernel that the backward one takes. */
      readonly saved: readonly string[];
      readonly diagnostics: readonly Diagnostic[];
    }
  | { readonly ok: false; readonly diagnostics: readonly Diagnostic[] };

export const isFloat = (spec: Spec, dtype: string): boolean =>
  dtype === "f32" || dtype === "f16" || spec.typeVars.some((t) => t.name === dtype);

/** The text of a program with one kernel, `NAME_grad`: it takes the parameters of the kernel and a cotangent `d_o` for each result `o`. */
export const gradient = async (spec: Spec, options: GradientOptions = {}): Promise<Gradient> => {
  try {
    const derived = gradientSpec(spec, options);
    const pair = options.save === undefined || options.save === "none" ? null : splitAt(derived, spec, options.save);
    const specs = pair === null ? [derived.spec] : [pair.forward, pair.backward];
    const items = specs.map((s) => kernelSyntax(derived.a, s));
    const formatted = await formatProgram(printProgram({ items, span: NO_SPAN }));
    if (!formatted.ok) throw new Error(`the text of a gradient is not TFX: ${formatted.diagnostics[0]?.message}`);
    return {
      ok: true,
      text: formatted.text,
      kernel: (pair?.backward ?? derived.spec).name,
      forward: pair?.forward.name ?? null,
      saved: pair?.saved ?? [],
      diagnostics: derived.warnings,
    };
  } catch (e) {
    if (e instanceof NoGradient) return { ok: false, diagnostics: [e.diagnostic] };
    throw e;
  }
};

/** The names of an option, which must be among `known`. */
export const among = (spec: Spec, option: string, given: readonly string[], known: readonly string[]): void => {
  for (const name of given) {
    if (known.includes(name)) continue;
    const help = didYouMean(name, known) ?? (known.length === 0 ? "there is none" : `there are: ${known.join(", ")}`);
    throw new NoGradient(
      message("TFX7002", spec.span, `\`${spec.name}\` has no ${option} of floats \`${name}\``, { help }),
    );
  }
};

type Derived = {
  readonly a: Arena;
  readonly cx: ReverseCx;
  readonly spec: Spec;
  readonly warnings: readonly Diagnostic[];
};

const gradientSpec = (spec: Spec, options: GradientOptions): Derived => {
  const floats = spec.results.filter((r) => isFloat(spec, r.dtype)).map((r) => r.name);
  const tensors = spec.tensors.filter((t) => isFloat(spec, t.dtype)).map((t) => t.name);
  const scalars = spec.scalars.filter((s) => s.dtype === "f32").map((s) => s.name);
  const of = options.of ?? floats;
  const wrt = options.wrt ?? tensors;
  among(spec, "result", of, floats);
  among(spec, "parameter", wrt, [...tensors, ...scalars]);
  const inits = spec.scalars.flatMap((s) => s.init ?? []);
  const { a, cx, results } = prepared(spec, of, wrt, inits);
  const seeds = results.map(({ result, value }) => [value, cotangentOf(a, spec, result)] as const);
  // What a result does not vary along is summed.
  const found = reverse(
    cx,
    seeds.map(([e, s]) => [e, summed(cx, s.adjoint, withoutAxes(s.axes, e.axes))] as const),
  );
  const warnings: Diagnostic[] = [];
  const values = results.map((r) => r.value);
  const out = wrt.flatMap((name): readonly SpecResult[] => {
    const adj = found.tensors.get(name) ?? found.scalars.get(name);
    const tensor = spec.tensors.find((t) => t.name === name);
    if (adj === undefined) {
      const why = (severity: "error" | "warning"): Diagnostic => withoutGradient(spec, cx, values, name, severity);
      if (options.wrt !== undefined) throw new NoGradient(why("error"));
      warnings.push(why("warning"));
      return [];
    }
    return [
      {
        name: `d_${name}`,
        dtype: tensor?.dtype ?? "f32",
        dims: tensor?.dims ?? [],
        span: NO_SPAN,
        value: asValue(cx, adj),
      },
    ];
  });
  if (out.length === 0)
    throw new NoGradient(
      warnings.length > 0
        ? { ...(warnings[0] as Diagnostic), severity: "error" }
        : message(
            "TFX7001",
            spec.span,
            `\`${spec.name}\` has no gradient: it takes no tensor of floats, or gives none`,
          ),
    );
  const clash = out.find((r) => [...spec.tensors, ...spec.scalars].some((p) => p.name === r.name));
  if (clash !== undefined)
    throw new NoGradient(
      message("TFX7002", spec.span, `a gradient is called \`${clash.name}\`, a name that the kernel has already`),
    );
  const cotangents = seeds.map(([, s]) => s.parameter);
  const derived: Spec = {
    ...spec,
    name: `${spec.name}_grad`,
    doc: docOf(spec, of, out),
    axes: a.axes,
    tensors: [...spec.tensors, ...cotangents.flatMap((c) => ("dims" in c ? c : []))],
    scalars: [
      ...spec.scalars.map((s) => ({ ...s, init: s.init === null ? null : a.intern(s.init) })),
      ...cotangents.flatMap((c) => ("dims" in c ? [] : c)),
    ],
    results: out,
  };
  return { a, cx, spec: derived, warnings };
};

/** Why a parameter has no gradient: where it ends. */
const withoutGradient = (
  spec: Spec,
  cx: ReverseCx,
  values: readonly SExpr[],
  name: string,
  severity: "error" | "warning",
): Diagnostic => {
  const order = postOrder(values);
  const wanted = { tensors: new Set([name]), scalars: new Set([name]) };
  const active = activeOf({ ...cx, wanted }, order);
  const end = order.find((e) => !active.has(e) && e.span.file === spec.file && children(e).some((c) => active.has(c)));
  const own = [...spec.tensors, ...spec.scalars].find((p) => p.name === name)?.span ?? spec.span;
  const text =
    active.size === 0
      ? `\`${name}\` has no gradient: no result with a cotangent depends on it`
      : `\`${name}\` has no gradient: the results depend on it through steps only`;
  return message("TFX7001", end?.span ?? own, text, {
    severity,
    label: end === undefined ? "" : "constant between jumps",
  });
};

const docOf = (spec: Spec, of: readonly string[], out: readonly SpecResult[]): string =>
  `The gradient of \`${spec.name}\`: ${out.map((r) => r.name).join(", ")} from the cotangents of ${of.join(", ")}.\n\n` +
  "Made by `tfx grad`.";

/** The values of the chosen results in an arena, and what their derivatives ask. */
export const prepared = (spec: Spec, of: readonly string[], wrt: readonly string[], inits: readonly SExpr[]) => {
  const chosen = spec.results.filter((r) => of.includes(r.name));
  const { arena: a, imported } = createArena(spec.axes, [...inits, ...spec.results.map((r) => r.value)]);
  const results = chosen.map((result) => ({ result, value: imported(result.value) }));
  const tensors = new Map(spec.tensors.map((t) => [t.name, t] as const));
  const axesOf = (tensor: string): readonly AxisId[] => tensors.get(tensor)?.dims.flatMap((d) => d.axes) ?? [];
  const domainOf = createDomains(a, axesOf);
  const values = results.map((r) => r.value);
  const gauges = gaugesOf(postOrder(values), new Set(values));
  const wanted = { tensors: new Set(wrt), scalars: new Set(wrt) };
  for (const r of spec.results) if (a.names.get(imported(r.value)) === r.name) a.names.delete(imported(r.value));
  return { a, cx: { a, domainOf, tensors, gauges, wanted }, results };
};

type Cotangent = {
  readonly adjoint: Adjoint;
  readonly parameter: SpecTensor | SpecScalar;
  readonly axes: readonly AxisId[];
};

/** `d_o`, of the type and the indices of `o`. */
const cotangentOf = (a: Arena, spec: Spec, r: SpecResult): Cotangent => {
  const name = `d_${r.name}`;
  const taken = [...spec.tensors, ...spec.scalars, ...spec.results].some((x) => x.name === name);
  if (taken)
    throw new NoGradient(
      message(
        "TFX7002",
        r.span,
        `the cotangent of \`${r.name}\` is called \`${name}\`, a name that the kernel has already`,
        {
          help: "rename one of them",
        },
      ),
    );
  const axes = r.dims.flatMap((d) => d.axes);
  if (axes.length === 0) {
    const parameter: SpecScalar = { name, dtype: "f32", isStatic: false, init: null, span: NO_SPAN };
    return { adjoint: { expr: a.intern(scalar(name, "float", NO_SPAN)), dom: EVERYWHERE }, parameter, axes };
  }
  const expr = a.intern(
    read(
      name,
      "float",
      axes.map((x) => index(a, x)),
      NO_SPAN,
    ),
  );
  const parameter: SpecTensor = { name, dtype: r.dtype, dims: r.dims, span: NO_SPAN };
  return { adjoint: { expr, dom: EVERYWHERE }, parameter, axes };
};
