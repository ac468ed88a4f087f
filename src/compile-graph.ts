/**
 * From a finished graph down to the artifact: prepare, plan, cut streams, choose schedules, fold to base 2, lower to tiles, write. Every
 * level is a value with its own graph; none writes into that of another.
 */
import { artifactFromTile } from "./codegen/artifact-from-tile.ts";
import type { Artifact, ScalarExpr } from "./codegen/artifact.ts";
import type { CompiledGraph } from "./compiled.ts";
import type { Target } from "./base/target.ts";
import { limitDiagnostics, registerDiagnostics } from "./limits.ts";
import { repeatedDiagnostics } from "./repeated.ts";
import { foldBase2 } from "./ir/derive/base2.ts";
import { planKernels } from "./ir/derive/partition.ts";
import type { KernelPlan, Note, Plan } from "./ir/derive/plan.ts";
import { prepare } from "./ir/derive/prepare.ts";
import type { Graph, NodeId, Tensor } from "./ir/graph/graph.ts";
import { viewOf, type GraphView } from "./ir/graph/view.ts";
import { chooseSchedule } from "./ir/schedule/choose.ts";
import { illegal } from "./ir/schedule/legal.ts";
import { cutStreams } from "./ir/schedule/parts.ts";
import { printSchedule } from "./ir/schedule/schedule.ts";
import type { Schedule } from "./ir/schedule/schedule.ts";
import { readSchedule } from "./ir/schedule/read.ts";
import { LoweringError } from "./ir/lower-to-graph.ts";
import { lowerToTile } from "./ir/lower/lower-to-tile.ts";
import { size } from "./base/size.ts";
import type { SizeExpr } from "./base/size.ts";
import type { TileProgram } from "./ir/tile/tile.ts";
import { isRecord, show } from "./base/unknown.ts";
import { error } from "./options.ts";
import type { Diagnostic } from "./base/diagnostic.ts";
import type { Span } from "./base/span.ts";
import { checksOf } from "./verify.ts";

export type GraphOptions = {
  /** Run the verifiers of all levels between the stages: a mistake of the compiler is an Error that names the pass. */
  readonly verify?: boolean;
  /** Sizes known at compile time, by name: the graph has them as numbers already, the artifact tells them. */
  readonly dims?: Readonly<Record<string, number>>;
  readonly target: Target;
  /** Replaces the chosen schedule of each kernel. */
  readonly schedule?: (chosen: Schedule, kernel: string) => Schedule;
  /** In place of the planner's choice: into how many parts, a workgroup's each, streams are cut that can be; 1: none is cut. */
  readonly parts?: number;
};

/** What became of a graph: with an error in `diagnostics` it is null. */
export type CompileGraphResult = {
  readonly compiled: CompiledGraph | null;
  readonly diagnostics: readonly Diagnostic[];
};

/**
 * Compiles a finished graph, by whomever it was made. Throws `Unsupported` or `UnknownSize` where the plan gives up, and `LoweringError`
 * for a schedule that is refused; `compile` makes diagnostics of them.
 */
export const compileGraph = (graph: Graph, options: GraphOptions): CompileGraphResult => {
  const { target } = options;
  const checks = checksOf(options.verify);
  checks.graph("making the graph", graph);
  const notes: Note[] = [];
  const prepared = prepare(graph, notes);
  checks.graph("preparing", prepared);
  const whole = planKernels(prepared, notes);
  checks.plan("planning", whole);
  const plan = cutStreams(whole, target, options.parts);
  checks.plan("cutting streams", plan);
  const carried = registerDiagnostics({ graph, plan });
  if (carried.length > 0) return { compiled: null, diagnostics: carried };
  const schedules = plan.kernels.map((k) => scheduleOf(plan.graph, k, options));
  const folded = foldBase2(plan);
  checks.plan("base 2", folded);
  const tile = lowerToTile(folded, schedules);
  checks.tile("lowering to tiles", tile, target);
  const artifact = artifactOf(plan, tile, schedules, options);
  const compiled = { graph, plan, folded, schedules, tile, artifact, warnings: repeatedDiagnostics(plan) };
  const lacking = [...targetDiagnostics(artifact, target, graph.span), ...limitDiagnostics(compiled, target)];
  return lacking.length > 0
    ? { compiled: null, diagnostics: [...compiled.warnings, ...lacking] }
    : { compiled, diagnostics: compiled.warnings };
};

const artifactOf = (plan: Plan, tile: TileProgram, schedules: readonly Schedule[], options: GraphOptions): Artifact => {
  const { graph } = plan;
  const b = viewOf(graph);
  return artifactFromTile({
    program: tile,
    target: options.target,
    kernel: graph.name,
    doc: graph.doc,
    tensors: [...graph.tensors, ...plan.scratch].map((t) => ({
      name: t.name,
      role: t.role,
      dtype: t.dtype,
      dims: dimsOf(b, t),
    })),
    sizes: graph.sizes,
    constants: { ...options.dims },
    scalars: graph.scalars.map((s) => ({
      name: s.name,
      type: s.ty,
      init: s.init === null ? null : scalarExpr(b, s.init),
    })),
    plan: planLine(plan, schedules),
  });
};

/** The schedule of one kernel: the planner's choice, or what the caller makes of it, if that is legal. */
const scheduleOf = (graph: Graph, kernel: KernelPlan, options: GraphOptions): Schedule => {
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

/** All that the target lacks: half floats, room for as many bindings. */
const targetDiagnostics = (artifact: Artifact, target: Target, span: Span): readonly Diagnostic[] => {
  const halves = artifact.requires.features.includes("shader-f16") && !target.f16;
  const wide = artifact.dispatches
    .map((d) => ({ ...d, used: d.bindings.filter((n) => n > 0).length }))
    .filter((d) => d.used > target.storageBuffers);
  return [
    ...(halves
      ? [
          error(
            "TFX4005",
            span,
            `f16 storage needs the feature shader-f16, which the target \`${target.name}\` lacks`,
            "--type T=f32",
          ),
        ]
      : []),
    ...wide.map((d) =>
      error(
        "TFX4004",
        span,
        `\`${d.entryPoint}\` binds ${d.used} tensors, the target has ${target.storageBuffers} storage buffers`,
        "put tensors of one type together, or ask for fewer results at once",
      ),
    ),
  ];
};

const dimsOf = (b: GraphView, t: Tensor): Artifact["tensors"][number]["dims"] =>
  t.dims.map((axes) => ({
    axes: axes.map((a) => b.axis(a).name),
    extent: axes.reduce<SizeExpr>((n, a) => size("*", n, b.axis(a).size), 1),
  }));

/** A default value as an expression that the runtime evaluates. */
const scalarExpr = (b: GraphView, id: NodeId): ScalarExpr => {
  const n = b.node(id);
  switch (n.kind) {
    case "const":
      return n.value;
    case "size":
    case "scalar":
      return n.name;
    case "unary":
      return [n.op, scalarExpr(b, n.a)];
    case "binary":
      return [n.op === "/" && n.ty === "i32" ? "floordiv" : n.op, scalarExpr(b, n.a), scalarExpr(b, n.b)];
    case "index":
    case "load":
    case "select":
    case "reduce":
    case "carried":
    case "scan":
      throw new Error("a default value may only use sizes and scalars");
  }
};

/** The plan in one line. */
const planLine = (plan: Plan, schedules: readonly Schedule[]): string =>
  plan.kernels
    .map((k, n) => {
      const s = schedules[n];
      const passes = k.stream.length === 0 ? "elementwise" : `${k.passes} pass${k.passes === 1 ? "" : "es"}`;
      return `${k.name}: ${passes}, ${s === undefined ? "" : printSchedule(s)}`;
    })
    .join("; ");
