/** The Jacobian-vector product of a checked kernel as another program: results and how they move along a direction, in one go. */
import { NO_SPAN } from "../base/span.ts";
import { read, scalar } from "../check/sexpr.ts";
import type { Spec, SpecResult } from "../check/spec.ts";
import { postOrder } from "../check/walk-spec.ts";
import { formatProgram } from "../format/format.ts";
import { printProgram } from "../parser/print-ast.ts";
import { asValue } from "./adjoint.ts";
import { isZero } from "./algebra.ts";
import { num } from "./arena.ts";
import { tangents } from "./forward.ts";
import { among, isFloat, prepared, type Gradient, type GradientOptions } from "./gradient.ts";
import { kernelSyntax } from "./program.ts";
import { message, NoGradient } from "./refuse.ts";

export type JvpOptions = Pick<GradientOptions, "of" | "wrt">;

/**
 * The text of a program with one kernel, `NAME_jvp`: it takes the parameters of the kernel and a tangent `t_q` for each parameter `q` of
 * `wrt`, and gives each result `o` of `of` and its tangent `t_o`.
 */
export const jvp = async (spec: Spec, options: JvpOptions = {}): Promise<Gradient> => {
  try {
    const { text, name } = await derived(spec, options);
    return { ok: true, text, kernel: name, forward: null, saved: [], diagnostics: [] };
  } catch (e) {
    if (e instanceof NoGradient) return { ok: false, diagnostics: [e.diagnostic] };
    throw e;
  }
};

const derived = async (spec: Spec, options: JvpOptions): Promise<{ readonly text: string; readonly name: string }> => {
  const floats = spec.results.filter((r) => isFloat(spec, r.dtype)).map((r) => r.name);
  const tensors = spec.tensors.filter((t) => isFloat(spec, t.dtype)).map((t) => t.name);
  const scalars = spec.scalars.filter((s) => s.dtype === "f32").map((s) => s.name);
  const of = options.of ?? floats;
  among(spec, "result", of, floats);
  among(spec, "parameter", options.wrt ?? [], [...tensors, ...scalars]);
  const inits = spec.scalars.flatMap((s) => s.init ?? []);
  const given = options.wrt ?? tensors;
  const taken = [...spec.tensors, ...spec.scalars, ...spec.results].map((x) => x.name);
  const clash = [...given, ...of].find((name) => taken.includes(`t_${name}`));
  if (clash !== undefined)
    throw new NoGradient(
      message("TFX7002", spec.span, `a tangent is called \`t_${clash}\`, a name that the kernel has already`),
    );
  const { a, cx, results } = prepared(spec, of, given, inits);
  const values = results.map((r) => r.value);
  const tangentOf = tangents(cx, values, (e) =>
    a.intern(
      e.kind === "read" ? read(`t_${e.tensor}`, "float", e.at, NO_SPAN) : scalar(`t_${e.scalar}`, "float", NO_SPAN),
    ),
  );
  const out = results.flatMap(({ result, value }): readonly SpecResult[] => {
    const t = tangentOf(value);
    const moved = isZero(t) ? num(a, 0) : asValue(cx, { expr: t, dom: cx.domainOf(value) });
    return [
      { ...result, value },
      { ...result, name: `t_${result.name}`, value: moved, span: NO_SPAN },
    ];
  });
  // Those that the tangents are made of.
  const used = new Set(
    postOrder(out.map((r) => r.value)).map((e) => (e.kind === "read" ? e.tensor : e.kind === "scalar" ? e.scalar : "")),
  );
  const wrt = given.filter((name) => used.has(`t_${name}`));
  if (wrt.length === 0)
    throw new NoGradient(
      message(
        "TFX7001",
        spec.span,
        `no result of \`${spec.name}\` moves with ${options.wrt?.join(", ") ?? "a tensor of floats"}`,
      ),
    );
  const own = <T extends { readonly name: string }>(all: readonly T[]): readonly T[] =>
    all.filter((x) => wrt.includes(x.name)).map((x) => ({ ...x, name: `t_${x.name}`, span: NO_SPAN }));
  const name = `${spec.name}_jvp`;
  const made: Spec = {
    ...spec,
    name,
    doc: `\`${spec.name}\` and its derivative along ${wrt.map((n) => `t_${n}`).join(", ")}.\n\nMade by \`tfx jvp\`.`,
    axes: a.axes,
    tensors: [...spec.tensors, ...own(spec.tensors)],
    scalars: [
      ...spec.scalars.map((s) => ({ ...s, init: s.init === null ? null : a.intern(s.init) })),
      ...own(spec.scalars).map((s) => ({ ...s, init: null, isStatic: false })),
    ],
    results: out,
  };
  const formatted = await formatProgram(printProgram({ items: [kernelSyntax(a, made)], span: NO_SPAN }));
  if (!formatted.ok) throw new Error(`the text of a derivative is not TFX: ${formatted.diagnostics[0]?.message}`);
  return { text: formatted.text, name };
};
