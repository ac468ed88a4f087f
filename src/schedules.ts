/** The schedules of a plan: the planner's choice, or what the caller makes of it. */
import type { Span } from "./base/span.ts";
import { isRecord, show } from "./base/unknown.ts";
import type { GraphOptions } from "./compile-options.ts";
import type { KernelPlan } from "./ir/derive/plan.ts";
import type { Graph } from "./ir/graph/graph.ts";
import { viewOf } from "./ir/graph/view.ts";
import { LoweringError } from "./ir/lowering-error.ts";
import { chooseSchedule } from "./ir/schedule/choose.ts";
import { illegal } from "./ir/schedule/legal.ts";
import { readSchedule } from "./ir/schedule/read.ts";
import { printSchedule, type Schedule } from "./ir/schedule/schedule.ts";

/** The schedule of one kernel: the planner's choice, or what the caller makes of it, if that is legal. */
export const scheduleOf = (graph: Graph, kernel: KernelPlan, options: GraphOptions): Schedule => {
  const b = viewOf(graph);
  const chosen = chooseSchedule(b, kernel, options.target);
  const given = askSchedule(chosen, kernel.name, options, graph.span);
  const read = given === null ? chosen : readSchedule(given);
  // What fits into workgroup memory is counted exactly in the lowered program (TFX4001).
  const faults = "kind" in read ? illegal(b, kernel, read, options.target) : read;
  if ("kind" in read && faults.length === 0) return read;
  if (given === null) throw new Error(`the planner's schedule of ${kernel.name} is not legal: ${faults.join("; ")}`);
  const result = graph.results.find((r) => kernel.stores.some((s) => s.tensor === r.tensor));
  throw new LoweringError(
    "TFX4007",
    `the schedule given for \`${kernel.name}\` is not legal: ${faults.join("; ")}`,
    result?.span ?? graph.span,
    `the planner's own: ${printSchedule(chosen)}`,
  );
};

/** What the caller makes of the planner's choice; null: it stays. */
const askSchedule = (
  chosen: Schedule,
  kernel: string,
  { schedule }: GraphOptions,
  span: Span,
): Readonly<Record<string, unknown>> | null => {
  if (schedule === undefined) return null;
  const refuse = (why: string): LoweringError => new LoweringError("TFX6003", `\`schedule\` ${why}`, span);
  let given: unknown;
  try {
    given = schedule(chosen, kernel) ?? chosen;
  } catch (thrown) {
    throw refuse(`throws for \`${kernel}\`: ${thrown instanceof Error ? thrown.message : String(thrown)}`);
  }
  if (!isRecord(given)) throw refuse(`gives ${show(given)} for \`${kernel}\`, not a schedule`);
  return given === chosen ? null : given;
};
