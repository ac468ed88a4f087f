/** Whether a compiled kernel fits its target's workgroup memory (TFX4001) and a lane's registers (TFX4006). */
import { PLANNING } from "./base/costs.ts";
import { workgroupBytes } from "./codegen/artifact-from-tile.ts";
import type { Target } from "./base/target.ts";
import type { GraphLevels } from "./compiled.ts";
import type { Plan } from "./ir/derive/plan.ts";
import type { AxisId } from "./ir/graph/graph.ts";
import { viewOf } from "./ir/graph/view.ts";
import type { Buffer } from "./ir/tile/tile.ts";
import type { Diagnostic } from "./base/diagnostic.ts";
import { registersOf } from "./ir/derive/state.ts";

/** The levels that are looked at. */
type Levels = Pick<GraphLevels, "graph" | "plan" | "schedules" | "tile">;

/** One error for each kernel that needs more than there is, with the buffers and what would help most. */
export const limitDiagnostics = (compiled: Levels, target: Target): readonly Diagnostic[] => [
  ...registerDiagnostics(compiled),
  ...workgroupDiagnostics(compiled, target),
];

/** What a plan carries, before anything is lowered: code for so many numbers would be long in the making. */
export const registerDiagnostics = (compiled: Pick<GraphLevels, "graph" | "plan">): readonly Diagnostic[] =>
  compiled.plan.kernels.flatMap((kernel) => {
    const carried = kernel.accumulators
      .map((a) => ({ a, numbers: registersOf(viewOf(compiled.plan.graph), a) }))
      .sort((x, y) => y.numbers - x.numbers);
    const total = carried.reduce((n, c) => n + c.numbers, 0);
    const [most] = carried;
    if (total <= PLANNING.carried || most === undefined) return [];
    const result = compiled.graph.results.find((r) => kernel.stores.some((s) => s.tensor === r.tensor));
    return [
      {
        code: "TFX4006",
        severity: "error",
        message: `this plan carries ${total} numbers for a row in registers, more than ${PLANNING.carried}`,
        primary: {
          span: result?.span ?? compiled.graph.span,
          text: `\`${most.a.name}\` is ${most.numbers} of them`,
        },
        related: [],
        help: most.a.local.length === 0 ? null : `call it for slices of \`${axesText(compiled.plan, most.a.local)}\``,
      } satisfies Diagnostic,
    ];
  });

const workgroupDiagnostics = (compiled: Levels, target: Target): readonly Diagnostic[] =>
  compiled.tile.kernels.flatMap((tile, at) => {
    const bytes = workgroupBytes(tile.workgroup);
    if (bytes <= target.workgroupBytes) return [];
    const kernel = compiled.plan.kernels[at];
    const result = compiled.graph.results.find((r) => kernel?.stores.some((s) => s.tensor === r.tensor));
    return [
      {
        code: "TFX4001",
        severity: "error",
        message: `this plan needs ${bytes} bytes of workgroup storage, the target has ${target.workgroupBytes}`,
        primary: {
          span: result?.span ?? compiled.graph.span,
          text: tile.workgroup.map((w) => `${w.name} ${workgroupBytes([w])}`).join(" + "),
        },
        related: [],
        help: leverOf(compiled, at, tile.workgroup),
      } satisfies Diagnostic,
    ];
  });

const axesText = ({ graph }: Plan, axes: readonly AxisId[]): string =>
  axes.map((a) => viewOf(graph).axis(a).name).join(", ");

/** Half a tile of the stream, or fewer lanes: whichever saves more. */
const leverOf = (compiled: Levels, at: number, buffers: readonly Buffer[]): string | null => {
  const schedule = compiled.schedules[at];
  const kernel = compiled.plan.kernels[at];
  if (schedule === undefined || kernel === undefined) return null;
  const half = (unit: number): number =>
    workgroupBytes(
      buffers.map((w) => (w.length !== null && unit > 1 && w.length % unit === 0 ? { ...w, length: w.length / 2 } : w)),
    );
  const over = axesText(compiled.plan, kernel.stream);
  const staged = "source" in schedule && schedule.source === "workgroup" ? schedule.tile : 0;
  const tile = {
    bytes: staged > 1 ? half(staged) : Infinity,
    text: `tile ${over} ${staged} -> ${staged / 2}`,
  };
  const lanes = { bytes: half(schedule.lanes), text: `${schedule.lanes} lanes -> ${schedule.lanes / 2}` };
  const best = tile.bytes <= lanes.bytes ? tile : lanes;
  return `the largest lever: ${best.text} (${best.bytes} bytes)`;
};
