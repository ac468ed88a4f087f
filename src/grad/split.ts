/** A gradient as two kernels: one that gives the results and what is saved, one that takes it. */
import { NO_SPAN } from "../base/span.ts";
import { sizeNames } from "../base/size.ts";
import { read } from "../check/sexpr.ts";
import type { AxisId, SExpr, Spec, SpecResult, SpecTensor } from "../check/spec.ts";
import { postOrder } from "../check/walk-spec.ts";
import { index, type Arena } from "./arena.ts";
import type { AdjointCx } from "./adjoint.ts";
import { fallback } from "./lets.ts";
import { createNames } from "./names.ts";
import { rewritten } from "./recurrence.ts";
import { message, NoGradient } from "./refuse.ts";
import { withStatistics, worthSaving } from "./save.ts";

type Saved = { readonly tensor: SpecTensor; readonly axes: readonly AxisId[]; readonly result: SpecResult | null };

/** `derived` is the gradient of `spec` as one kernel. */
export const splitAt = (
  { a, cx, spec: derived }: { readonly a: Arena; readonly cx: AdjointCx; readonly spec: Spec },
  spec: Spec,
  save: "auto" | readonly string[],
): { readonly forward: Spec; readonly backward: Spec; readonly saved: readonly string[] } => {
  const own = spec.results.map((r) => ({ ...r, value: a.intern(r.value), axes: r.dims.flatMap((d) => d.axes) }));
  // What a result holds is its value only where that exists at every cell, with all of its indices.
  const faithful = own.filter(
    (r) => isEverywhere(r.value) && r.value.axes.length === r.axes.length && r.axes.length > 0,
  );
  const given = derived.results.map((r) => r.value);
  const isAuto = save === "auto";
  const values = isAuto
    ? withStatistics(
        a,
        given,
        faithful.map((r) => r.value),
      )
    : given;
  const chosen = isAuto ? worthSaving(a, values, faithful, isEverywhere) : save.map(named);
  const fresh = createNames([...derived.tensors, ...derived.scalars, ...own, ...derived.results].map((x) => x.name));
  const saved = new Map<SExpr, Saved>();
  for (const e of chosen) {
    const result = faithful.find((r) => r.value === e) ?? null;
    const name = result?.name ?? fresh(a.names.get(e) ?? fallback(a, e));
    const axes = result?.axes ?? e.axes;
    const dims = result?.dims ?? axes.map((x) => ({ axes: [x] }));
    saved.set(e, { tensor: { name, dtype: result?.dtype ?? "f32", dims, span: NO_SPAN }, axes, result });
  }
  const extra = [...saved].flatMap(([value, s]) => (s.result === null ? [{ ...s.tensor, value }] : []));
  const list = [...saved.values()].map((s) => s.tensor.name);
  const forward: Spec = {
    ...spec,
    name: `${spec.name}_forward`,
    doc: `\`${spec.name}\` with what \`${spec.name}_backward\` takes of it: ${list.join(", ") || "nothing"}.`,
    axes: a.axes,
    scalars: derived.scalars.slice(0, spec.scalars.length),
    results: [...own, ...extra],
  };
  const results = derived.results.map((r, n) => ({
    ...r,
    value: rewritten(a, values[n] as SExpr, (x) => {
      const s = saved.get(x);
      if (s === undefined) return null;
      return a.intern(
        read(
          s.tensor.name,
          "float",
          s.axes.map((axis) => index(a, axis)),
          NO_SPAN,
        ),
      );
    }),
  }));
  const tensors = [...derived.tensors, ...[...saved.values()].map((s) => s.tensor)];
  const backward = pruned({ ...derived, name: `${spec.name}_backward`, tensors, results });
  return { forward, backward, saved: list };

  function isEverywhere(e: SExpr): boolean {
    return cx.domainOf(e).size === 0;
  }

  /** A result or a `let` of the kernel, by its name. */
  function named(name: string): SExpr {
    const result = faithful.find((r) => r.name === name);
    const found = result?.value ?? [...a.forward].find((e) => a.names.get(e) === name && e.type === "float");
    const local = found?.axes.some((x) => !own.some((r) => r.axes.includes(x)) && !isOfInput(x)) === true;
    if (found !== undefined && isEverywhere(found) && !local && found.axes.length > 0) return found;
    const why = found === undefined ? "has no result or `let` of floats" : "cannot save";
    const help =
      found === undefined ? null : "what is saved has indices of the signature and exists at all of their cells";
    throw new NoGradient(message("TFX7002", spec.span, `\`${spec.name}\` ${why} \`${name}\``, { help }));
  }
  function isOfInput(x: AxisId): boolean {
    return spec.tensors.some((t) => t.dims.some((d) => d.axes.includes(x)));
  }
};

/** Without the parameters that neither values nor sizes mention: tensors that have a gradient stay, they tell its sizes. */
const pruned = (spec: Spec): Spec => {
  const used = new Set<string>(spec.results.map((r) => r.name.slice(2)));
  for (const e of postOrder(spec.results.map((r) => r.value))) {
    if (e.kind === "read") used.add(e.tensor);
    if (e.kind === "scalar") used.add(e.scalar);
    if (e.kind === "size") for (const s of sizeNames(e.size)) used.add(s);
    for (const x of e.axes) for (const s of sizeNames(spec.axes[x]?.size ?? 0)) used.add(s);
  }
  for (const d of [...spec.tensors, ...spec.results].flatMap((t) => t.dims.flatMap((x) => x.axes)))
    for (const s of sizeNames(spec.axes[d]?.size ?? 0)) used.add(s);
  for (const s of spec.scalars.toReversed())
    if (used.has(s.name) && s.init !== null)
      for (const e of postOrder([s.init])) if (e.kind === "scalar") used.add(e.scalar);
  return {
    ...spec,
    tensors: spec.tensors.filter((t) => used.has(t.name)),
    scalars: spec.scalars.filter((s) => used.has(s.name)),
  };
};
