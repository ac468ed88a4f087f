/** Rows that do the same work again: a result's axis of unknown size that no score depends on makes a stream for each of its cells. */
import type { KernelPlan, Plan } from "./ir/derive/plan.ts";
import { viewOf, type GraphView } from "./ir/graph/view.ts";
import type { AxisId } from "./ir/graph/graph.ts";
import { sizeNames } from "./base/size.ts";
import type { Diagnostic } from "./base/diagnostic.ts";

/**
 * Axes of unknown size among a kernel's rows, where contractions inside the loop (`sum[d](q * k)`) do not have them: each of their
 * cells computes those again. Told the size, the plan may keep all of the axis in one row.
 */
const repeatedAxes = (b: GraphView, kernel: KernelPlan): readonly AxisId[] => {
  const [stream] = kernel.stream;
  if (stream === undefined) return [];
  const carried = new Set(kernel.accumulators.map((a) => a.node));
  const bodies = kernel.accumulators.flatMap((a) => (a.where === null ? [a.body] : [a.body, a.where]));
  const contractions = [...b.reach(bodies)].filter(
    (id) => b.node(id).kind === "reduce" && !carried.has(id) && b.node(id).axes.some((a) => kernel.stream.includes(a)),
  );
  if (contractions.length === 0) return [];
  return kernel.rows.filter(
    (a) => typeof b.axis(a).size !== "number" && contractions.every((id) => !b.node(id).axes.includes(a)),
  );
};

/** A warning for each such axis of a plan that naming a size would help. */
export const repeatedDiagnostics = (plan: Plan): readonly Diagnostic[] => {
  const { graph } = plan;
  const b = viewOf(graph);
  const axes = [...new Set(plan.kernels.flatMap((kernel) => repeatedAxes(b, kernel)))].map((id) => b.axis(id));
  return axes.flatMap((axis) => {
    const names = sizeNames(axis.size).filter((name) => graph.sizes.includes(name));
    if (names.length === 0) return [];
    const span = axis.span.file === graph.span.file ? axis.span : graph.span;
    return [
      {
        code: "TFX4008",
        severity: "warning",
        message: `the size of \`${axis.name}\` (${names.map((n) => `\`${n}\``).join(", ")}) is not known: the plan computes the scores again for each \`${axis.name}\``,
        primary: { span, text: "" },
        related: [],
        help: names.map((n) => `--dim ${n}=…`).join(" "),
      } satisfies Diagnostic,
    ];
  });
};
