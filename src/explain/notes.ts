/** Notes for the user about a plan that is not the cheapest one imaginable (TFX3002). */
import type { Compiled } from "../compiled.ts";
import type { Accumulator, KernelPlan } from "../ir/derive/plan.ts";
import type { Node, NodeId } from "../ir/graph/graph.ts";
import { operands } from "../ir/graph/graph.ts";
import { printNode } from "../ir/graph/print.ts";
import type { Diagnostic } from "../base/diagnostic.ts";
import type { Span } from "../base/span.ts";
import { passCost } from "./cost.ts";
import { namesOf, type Names } from "./names.ts";
import { passCauses, type PassCause } from "./passes.ts";
import { placeOf } from "../base/span.ts";
import { exampleOf } from "./sizes.ts";
import { penOf } from "./pen.ts";

/**
 * One note for each result that is reduced in several passes: `o` takes 2 passes over `j`. A result that is written along
 * the stream (a norm) needs its statistics first and is no surprise: no note.
 */
export const planNotes = (compiled: Compiled): readonly Diagnostic[] =>
  compiled.plan.kernels.flatMap((kernel) => {
    const causes = passCauses(compiled, kernel).filter((c) => c.kind === "statistic");
    const [first] = causes;
    if (first === undefined) return [];
    const names = namesOf(compiled);
    const { origins } = penOf(compiled);
    const at = (id: NodeId): Span | null => placeOf(origins[id] ?? [], compiled.graph.span.file);
    const results = resultsOf(compiled, kernel, causes);
    const passes = Math.max(...causes.map((c) => c.pass)) + 1;
    const over = names.axes(kernel.stream);
    const whole = spanOfResult(compiled, results[0] ?? "");
    return [
      {
        code: "TFX3002",
        severity: "note",
        message: `${results.map((r) => `\`${r}\``).join(", ")} ${results.length === 1 ? "takes" : "take"} ${passes} passes over \`${over}\``,
        primary: {
          span: at(first.because) ?? at(first.what.node) ?? whole,
          text: `depends on ${reasonOf(compiled, first, names)} in a way that cannot be corrected afterwards${first.why === null ? "" : `: ${first.why}`}`,
        },
        related: causes.slice(1).map((c) => ({
          span: at(c.because) ?? whole,
          text: `so does this, on ${reasonOf(compiled, c, names)}`,
        })),
        help: `cost: ${costText(compiled, kernel, names)}`,
      } satisfies Diagnostic,
    ];
  });

const spanOfResult = (compiled: Compiled, name: string): Span =>
  compiled.spec.results.find((r) => r.name === name)?.value.span ?? compiled.spec.span;

/** The results that need a statistic of the passes after the first. */
const resultsOf = (compiled: Compiled, kernel: KernelPlan, causes: readonly PassCause[]): readonly string[] => {
  const late = kernel.accumulators.filter((a) => causes.some((c) => a.pass >= c.pass)).map((a) => a.node);
  const found = kernel.stores.filter((s) => {
    const reached = penOf(compiled).reach([s.value]);
    return late.some((id) => reached.has(id));
  });
  const own = found.map((s) => s.tensor).filter((t) => compiled.spec.results.some((r) => r.name === t));
  return own.length > 0 ? own : compiled.spec.results.map((r) => r.name).slice(0, 1);
};

/** `tau`, a reduction over `j`: the user's name of what stands between the statistics and the cause, where there is one. */
const reasonOf = (compiled: Compiled, cause: PassCause, names: Names): string => {
  const { graph } = compiled;
  const b = penOf(compiled);
  const stats = new Set(cause.on.map((a) => a.node));
  const depends = (id: NodeId): boolean => [...b.reach([id])].some((x) => stats.has(x));
  const still = (n: Node): boolean => !n.axes.some((a) => isStream(compiled, cause, a));
  const named = [...b.reach([cause.because])].filter(
    (id) => graph.names.has(id) && depends(id) && still(b.node(id)) && id !== cause.because,
  );
  // The largest named value: not what it is made of.
  const outer = named.filter((id) => !named.some((x) => x !== id && b.reach([x]).has(id)));
  const covered = (a: Accumulator): boolean => outer.some((id) => b.reach([id]).has(a.node));
  const what = [
    ...outer.map((id) => graph.names.get(id) ?? ""),
    ...cause.on.filter((a) => !covered(a)).map((a) => plainly(compiled, a)),
  ];
  const over = names.axes(streamOf(compiled, cause.what as Accumulator));
  const [one, ...more] = what;
  return more.length === 0
    ? `\`${one ?? ""}\`, a reduction over \`${over}\`,`
    : `${what.map((w) => `\`${w}\``).join(" and ")}, reductions over \`${over}\`,`;
};

/** A statistic as the user would write it, without its condition. */
const plainly = (compiled: Compiled, a: Accumulator): string => {
  const { graph } = compiled;
  const b = penOf(compiled);
  const n = b.node(a.node);
  if (n.kind !== "reduce") return a.name;
  return printNode({ nodes: b.nodes, axes: b.axes, names: graph.names }, b.reduce(n.op, n.over, n.body, null, n.k));
};

const streamOf = (compiled: Compiled, a: Accumulator): readonly number[] => {
  const n = penOf(compiled).node(a.node);
  return n.kind === "reduce" ? n.over : [];
};

const isStream = (compiled: Compiled, cause: PassCause, axis: number): boolean =>
  streamOf(compiled, cause.what as Accumulator).includes(axis);

/** Contractions below a value that are not carried: what a further pass computes again. */
const contractions = (
  compiled: Compiled,
  kernel: KernelPlan,
  pass: number,
): readonly (Node & { readonly kind: "reduce" })[] => {
  const b = penOf(compiled);
  const carried = new Set(kernel.accumulators.map((a) => a.node));
  const found = new Map<NodeId, Node & { readonly kind: "reduce" }>();
  const seen = new Set<NodeId>();
  const visit = (id: NodeId): void => {
    if (seen.has(id) || carried.has(id)) return;
    seen.add(id);
    const n = b.node(id);
    if (n.kind === "reduce" && n.axes.some((a) => kernel.stream.includes(a))) found.set(id, n);
    operands(n).forEach(visit);
  };
  kernel.accumulators
    .filter((a) => a.pass === pass)
    .forEach((a) => (a.where === null ? [a.body] : [a.body, a.where]).forEach(visit));
  return [...found.values()];
};

/** `q·k`: the tensors that a contraction multiplies. */
const productName = (compiled: Compiled, n: Node & { readonly kind: "reduce" }): string => {
  const tensors = [...penOf(compiled).reach([n.body])]
    .sort((x, y) => x - y)
    .flatMap((id) => {
      const m = penOf(compiled).node(id);
      return m.kind === "load" ? [m.tensor] : [];
    });
  return [...new Set(tensors)].join("·");
};

const NUMBERS = ["no", "one", "two", "three", "four"];

/** What the passes after the first cost: contractions computed again, and the share of sums of products that they add. */
const costText = (compiled: Compiled, kernel: KernelPlan, names: Names): string => {
  const b = penOf(compiled);
  const example = exampleOf(compiled, {});
  const first = new Set(contractions(compiled, kernel, 0).map((n) => n.id));
  const again = new Map<string, number>();
  let repeated = 0;
  for (let pass = 1; pass < kernel.passes; pass++) {
    const list = contractions(compiled, kernel, pass).filter((n) => first.has(n.id));
    for (const n of list) {
      repeated += 2 * [...new Set([...b.node(n.body).axes, ...n.over])].reduce((k, a) => k * example.extent(a), 1);
      const inner = list.some((other) => other !== n && b.reach([other.body]).has(n.id));
      const name = productName(compiled, n);
      if (!inner) again.set(name, (again.get(name) ?? 0) + 1);
    }
  }
  const rows = kernel.rows.at(-1);
  const buffer = `no ${rows === undefined ? "" : `${sizeName(compiled, rows)}×`}${kernel.stream.map((a) => sizeName(compiled, a)).join("×")} buffer`;
  const all = Array.from(
    { length: kernel.passes },
    (_, pass) => passCost(compiled, kernel, pass, example, 1).products,
  ).reduce((x, y) => x + y, 0);
  const share = Math.round((100 * repeated) / Math.max(1, all - repeated));
  const parts = [...again].map(([name, n]) => `${NUMBERS[n] ?? n} more ${name}`);
  return parts.length === 0
    ? `${names.axes(kernel.stream)} is walked once more; ${buffer}`
    : `${parts.join(", ")} (+${share} % arithmetic), ${buffer}`;
};

const sizeName = (compiled: Compiled, axis: number): string => {
  const size = penOf(compiled).axis(axis).size;
  return typeof size === "object" ? penOf(compiled).axis(axis).name : String(size);
};
