/** Why a kernel takes the passes it takes, read off the plan again with the separability test that made it. */
import type { Compiled } from "../compiled.ts";
import { deriveCascade } from "../ir/derive/cascade.ts";
import { liveOver, separateExtremum, separateSum } from "../ir/derive/separate.ts";
import type { Accumulator, KernelPlan, Store } from "../ir/derive/plan.ts";
import type { NodeId } from "../ir/graph/graph.ts";
import { isExtremum } from "../ir/graph/reduction.ts";
import { conjuncts } from "../ir/graph/walk.ts";
import { namesOf } from "./names.ts";
import { penOf } from "./pen.ts";

/** What starts a pass after the first: a statistic that cannot be corrected afterwards, or a result written cell by cell. */
export type PassCause = {
  /** The pass it starts, from 1 (the second). */
  readonly pass: number;
  readonly on: readonly Accumulator[];
} &
  /** `why`: the rule whose condition is not proved, where there is one. */
  (
    | { readonly kind: "statistic"; readonly what: Accumulator; readonly because: NodeId; readonly why: string | null }
    | { readonly kind: "store"; readonly what: Store; readonly because: NodeId }
  );

/**
 * The statistics of a kernel as the source has them, without the rewrites before planning (shifted means, constant gauges),
 * so that reasons are in the user's words. The kernel itself where that would be another plan.
 */
const asWritten = (compiled: Compiled, kernel: KernelPlan): KernelPlan => {
  const { graph, plan } = compiled;
  const b = penOf(compiled);
  if (plan.kernels.length > 1 || kernel.stream.length === 0) return kernel;
  const names = namesOf(compiled);
  const { carried, values } = deriveCascade(
    b,
    graph.results.map((r) => r.value),
    kernel.stream,
    names.of,
  );
  const accumulators = carried.flatMap((c): readonly Accumulator[] => {
    const n = b.node(c.node);
    if (n.kind !== "reduce") return [];
    const known = kernel.accumulators.find((a) => a.node === n.id);
    return [
      known ?? {
        node: n.id,
        name: names.of(n.id),
        op: n.op,
        body: n.body,
        where: n.where,
        k: n.k,
        gauge: c.gauge,
        pass: c.pass,
        local: n.axes.filter((a) => !kernel.rows.includes(a)),
      },
    ];
  });
  const stores = kernel.stores.map((s) => {
    const result = graph.results.find((r) => r.tensor === s.tensor);
    return result === undefined ? s : { ...s, value: b.replaceNodes(result.value, values) };
  });
  const passes = 1 + Math.max(0, ...accumulators.map((a) => a.pass), ...stores.map((s) => s.pass ?? 0));
  return passes === kernel.passes ? { ...kernel, accumulators, stores } : kernel;
};

/** The causes of all passes of a kernel, in order. */
export const passCauses = (compiled: Compiled, planned: KernelPlan): readonly PassCause[] => {
  const out: PassCause[] = [];
  const kernel = asWritten(compiled, planned);
  for (let pass = 1; pass < kernel.passes; pass++) {
    const before = kernel.accumulators.filter((a) => a.pass === pass - 1);
    const here = kernel.accumulators.filter((x) => x.pass === pass);
    for (const a of here) {
      // What needs another statistic of this pass is here because of that one.
      const parts = a.where === null ? [a.body] : [a.body, a.where];
      if (parts.some((id) => reachedFrom(compiled, id, here).length > 0)) continue;
      const cause = mixed(compiled, kernel, a, before);
      if (cause === null) continue;
      out.push({ kind: "statistic", pass, what: a, ...cause, on: reachedFrom(compiled, cause.because, before) });
    }
    for (const s of kernel.stores.filter((x) => x.pass === pass)) {
      out.push({ kind: "store", pass, what: s, because: s.value, on: reachedFrom(compiled, s.value, before) });
    }
  }
  return out;
};

const reachedFrom = (compiled: Compiled, id: NodeId, among: readonly Accumulator[]): readonly Accumulator[] => {
  const reached = penOf(compiled).reach([id]);
  return among.filter((a) => reached.has(a.node));
};

type Mixture = { readonly because: NodeId; readonly why: string | null };

/** The smallest part of an accumulator that mixes the stream with statistics of the pass before; null when it waits for other reasons. */
const mixed = (
  compiled: Compiled,
  kernel: KernelPlan,
  a: Accumulator,
  before: readonly Accumulator[],
): Mixture | null => {
  const b = penOf(compiled);
  const live = liveOver(b, new Set(before.map((x) => x.node)), kernel.stream, a.where);
  if (a.where !== null && live.depends(a.where)) {
    return { because: conjuncts(b, a.where).find((c) => live.depends(c)) ?? a.where, why: null };
  }
  if (!live.depends(a.body)) return null;
  const isSum = a.op === "sum" && b.node(a.body).ty === "f32";
  const split = isSum ? separateSum(b, a.body, live) : isExtremum(a.op) ? separateExtremum(b, a.body, live) : null;
  return split === null || split.summands !== null
    ? { because: a.body, why: null }
    : { because: split.because, why: split.why };
};

/** A cause in a sentence. */
export const causeText = (compiled: Compiled, cause: PassCause): string => {
  const names = namesOf(compiled);
  const on = cause.on.map((a) => `\`${names.of(a.node)}\``).join(", ");
  if (cause.kind === "store")
    return `\`${cause.what.tensor}\` is written cell by cell and needs ${on || "finished statistics"}, known after pass ${cause.pass}`;
  return `\`${cause.what.name}\` waits for ${on}: \`${names.of(cause.because)}\` mixes it with the stream in a way that cannot be corrected afterwards${cause.why === null ? "" : `: ${cause.why}`}`;
};
