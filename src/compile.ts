/**
 * The pipeline on one page: source -> AST -> spec -> graph -> plan -> schedules -> tile -> WGSL -> artifact.
 * `compile` never throws for bad input: problems are diagnostics.
 */
import { artifactFromTile } from "./codegen/artifact-from-tile.ts";
import type { Artifact, ScalarExpr } from "./codegen/artifact.ts";
import type { Target } from "./codegen/target.ts";
import { checkProgram } from "./check/check.ts";
import type { ResolveImport } from "./check/check.ts";
import type { Spec, StorageType } from "./check/spec.ts";
import { foldBase2 } from "./ir/derive/base2.ts";
import { planKernels } from "./ir/derive/partition.ts";
import type { KernelPlan, Note, Plan } from "./ir/derive/plan.ts";
import { prepare } from "./ir/derive/prepare.ts";
import type { GraphBuilder } from "./ir/graph/build.ts";
import type { Graph, NodeId, Tensor } from "./ir/graph/graph.ts";
import { printNode } from "./ir/graph/print.ts";
import { chooseSchedule } from "./ir/lower/choose.ts";
import { illegal } from "./ir/lower/legal.ts";
import { cutStreams } from "./ir/lower/parts.ts";
import { UnknownSize, Unsupported, sizesAsked } from "./ir/unsupported.ts";
import { printSchedule } from "./ir/lower/schedule.ts";
import type { Schedule } from "./ir/lower/schedule.ts";
import { LoweringError, lowerToGraph } from "./ir/lower-to-graph.ts";
import { lowerToTile } from "./ir/lower-to-tile.ts";
import { size } from "./ir/scalar/size.ts";
import type { SizeExpr } from "./ir/scalar/size.ts";
import type { TileProgram } from "./ir/tile/tile.ts";
import { limitDiagnostics } from "./explain/limits.ts";
import { nearestPlace, type Located } from "./explain/place.ts";
import { parseProgram } from "./parser/parse.ts";
import type { Diagnostic } from "./source/diagnostic.ts";
import type { Span } from "./source/span.ts";

export type CompileOptions = {
  /** Name of the source in messages. */
  readonly file: string;
  /** The kernel to compile; all of the file when absent. */
  readonly kernel?: string;
  /** Sizes known at compile time, by name. */
  readonly dims?: Readonly<Record<string, number>>;
  /** Values of static parameters. */
  readonly statics?: Readonly<Record<string, number>>;
  /** Element types of type variables. */
  readonly types?: Readonly<Record<string, string>>;
  readonly target: Target;
  readonly resolveImport: ResolveImport;
  /** Replaces the chosen schedule of each kernel. */
  readonly schedule?: (chosen: Schedule, kernel: string) => Schedule;
  /** In place of the planner's choice: into how many parts, a workgroup's each, streams are cut that can be; 1: none is cut. */
  readonly parts?: number;
};

/** Everything the compiler knows about one compiled kernel, level by level. */
export type Compiled = {
  readonly spec: Spec;
  readonly graph: Graph;
  readonly builder: GraphBuilder;
  readonly plan: Plan;
  /** The plan with its exponentials to base 2: what is lowered. */
  readonly folded: Plan;
  readonly schedules: readonly Schedule[];
  readonly tile: TileProgram;
  readonly artifact: Artifact;
  /** What the user should hear of although it compiles. */
  readonly warnings: readonly Diagnostic[];
};

export type CompileResult = {
  readonly artifacts: readonly Artifact[];
  readonly graphs: readonly Graph[];
  readonly compiled: readonly Compiled[];
  readonly diagnostics: readonly Diagnostic[];
};

/** Compiles the kernels of a source text. With an error in `diagnostics` there are no artifacts of the kernels concerned. */
export const compile = (text: string, options: CompileOptions): CompileResult => {
  const parsed = parseProgram(text, options.file);
  if (parsed.diagnostics.some((d) => d.severity === "error")) {
    return { artifacts: [], graphs: [], compiled: [], diagnostics: parsed.diagnostics };
  }
  const checked = checkProgram(parsed.program, options.file, {
    resolveImport: options.resolveImport,
    ...(options.kernel === undefined ? {} : { only: options.kernel }),
  });
  const diagnostics: Diagnostic[] = [...parsed.diagnostics, ...checked.diagnostics];
  if (diagnostics.some((d) => d.severity === "error")) return { artifacts: [], graphs: [], compiled: [], diagnostics };
  const wanted = checked.specs.filter((s) => options.kernel === undefined || s.name === options.kernel);
  const compiled = wanted.flatMap((spec) => {
    const one = compileSpec(spec, options);
    if ("code" in one) {
      diagnostics.push(one);
      return [];
    }
    diagnostics.push(...one.warnings);
    return [one];
  });
  return { artifacts: compiled.map((c) => c.artifact), graphs: compiled.map((c) => c.graph), compiled, diagnostics };
};

/** One checked kernel, from the graph down. */
export const compileSpec = (spec: Spec, options: CompileOptions): Compiled | Diagnostic => {
  let placeOf = (_id: NodeId): Span | null => null;
  try {
    const types = (options.types ?? {}) as Readonly<Record<string, StorageType>>;
    const lowered = lowerToGraph(spec, { dims: options.dims ?? {}, statics: options.statics ?? {}, types });
    const { builder } = lowered;
    const located: Located = { spec, builder, graph: lowered.graph, dims: options.dims ?? {} };
    placeOf = (id) => nearestPlace(located, id, { statics: options.statics ?? {} });
    const notes: Note[] = [];
    const graph = prepare(lowered.graph, builder, notes);
    const nameOf = (id: NodeId): string => graph.names.get(id) ?? short(printNode({ nodes: builder.nodes, axes: builder.axes, names: graph.names }, id, false, 64));
    const plan = cutStreams(graph, builder, planKernels(graph, builder, nameOf, notes), options.target, options.parts);
    const schedules = plan.kernels.map((k) => scheduleOf(builder, k, options, spec));
    const folded = foldBase2(plan, builder, (id) => plan.names.get(id) ?? graph.names.get(id));
    const tile = lowerToTile(graph, builder, folded, schedules);
    const artifact = artifactFromTile({
      program: tile, target: options.target, kernel: spec.name, doc: spec.doc,
      tensors: [...graph.tensors, ...plan.scratch].map((t) => ({ name: t.name, role: t.role, dtype: t.dtype, dims: dimsOf(builder, t) })),
      sizes: graph.sizes,
      constants: { ...(options.dims ?? {}) },
      scalars: graph.scalars.map((s) => ({ name: s.name, type: s.ty, init: s.init === null ? null : scalarExpr(builder, s.init) })),
      plan: planLine(plan, schedules),
    });
    checkTarget(artifact, options.target, spec);
    const compiled = { spec, graph: lowered.graph, builder, plan, folded, schedules, tile, artifact, warnings: lowered.warnings };
    return limitDiagnostics(compiled, options.target)[0] ?? compiled;
  } catch (e) {
    return diagnosticOf(e, spec, placeOf);
  }
};

/** The schedule of one kernel: the planner's choice, or what the caller makes of it, if that is legal. */
const scheduleOf = (builder: GraphBuilder, kernel: KernelPlan, options: CompileOptions, spec: Spec): Schedule => {
  const chosen = chooseSchedule(builder, kernel, options.target);
  const given = options.schedule?.(chosen, kernel.name) ?? chosen;
  // What fits into workgroup memory is counted exactly in the lowered program (TFX4001).
  const faults = illegal(builder, kernel, given, options.target);
  if (faults.length === 0) return given;
  if (given === chosen) throw new Error(`the planner's schedule of ${kernel.name} is not legal: ${faults.join("; ")}`);
  const result = spec.results.find((r) => kernel.stores.some((s) => s.tensor === r.name));
  throw new LoweringError("TFX4007", `the schedule given for \`${kernel.name}\` is not legal: ${faults.join("; ")}`, result?.value.span ?? spec.span, `the planner's own: ${printSchedule(chosen)}`);
};

/** What the target lacks: half floats, or room for as many bindings. */
const checkTarget = (artifact: Artifact, target: Target, spec: Spec): void => {
  if (artifact.requires.features.includes("shader-f16") && !target.f16) {
    throw new LoweringError("TFX4005", `f16 storage needs the feature shader-f16, which the target \`${target.name}\` lacks`, spec.span, "--type T=f32");
  }
  for (const d of artifact.dispatches) {
    const used = d.bindings.filter((n) => n > 0).length;
    if (used <= target.storageBuffers) continue;
    throw new LoweringError("TFX4004", `\`${d.entryPoint}\` binds ${used} tensors, the target has ${target.storageBuffers} storage buffers`, spec.span, "put tensors of one type together, or ask for fewer results at once");
  }
};

const short = (s: string): string => (s.length > 48 ? `${s.slice(0, 45)}...` : s);

const dimsOf = (b: GraphBuilder, t: Tensor): Artifact["tensors"][number]["dims"] =>
  t.dims.map((axes) => ({ axes: axes.map((a) => b.axis(a).name), extent: axes.reduce<SizeExpr>((n, a) => size("*", n, b.axis(a).size), 1) }));

/** A default value as an expression that the runtime evaluates. */
const scalarExpr = (b: GraphBuilder, id: NodeId): ScalarExpr => {
  const n = b.node(id);
  switch (n.kind) {
    case "const": return n.value;
    case "size": case "scalar": return n.name;
    case "unary": return [n.op, scalarExpr(b, n.a)];
    case "binary": return [n.op === "/" && n.ty === "i32" ? "floordiv" : n.op, scalarExpr(b, n.a), scalarExpr(b, n.b)];
    case "index": case "load": case "select": case "reduce": case "carried": case "scan": throw new Error("a default value may only use sizes and scalars");
  }
};

/** The plan in one line. */
const planLine = (plan: Plan, schedules: readonly Schedule[]): string =>
  plan.kernels.map((k, n) => {
    const s = schedules[n];
    const passes = k.stream.length === 0 ? "elementwise" : `${k.passes} pass${k.passes === 1 ? "" : "es"}`;
    return `${k.name}: ${passes}, ${s === undefined ? "" : printSchedule(s)}`;
  }).join("; ");

/** What planning and lowering give up with, at the user's expression (`placeOf`); other errors are thrown on. */
const diagnosticOf = (e: unknown, spec: Spec, placeOf: (id: NodeId) => Span | null): Diagnostic => {
  const error = (code: string, message: string, span: Span, help: string | null, related: Diagnostic["related"] = []): Diagnostic => ({
    code, severity: "error", message, primary: { span, text: "" }, related, help,
  });
  if (e instanceof LoweringError) return error(e.code, e.message, e.span, e.help);
  if (e instanceof UnknownSize) {
    const names = sizesAsked(e);
    const what = names.map((n) => `\`${n}\``).join(", ");
    const place = e.node === null ? null : placeOf(e.node);
    const related = place === null ? [] : [{ span: place, text: `computed inside the loop, all of \`${e.axis.name}\` at once` }];
    return error("TFX4002", `the plan must know the size of axis \`${e.axis.name}\` (${what})`, e.axis.span.file === "" ? spec.span : e.axis.span, names.map((n) => `--dim ${n}=…`).join(" "), related);
  }
  if (e instanceof Unsupported) return error("TFX3001", `cannot be fused yet: ${e.message}`, placeOf(e.node.id) ?? spec.span, null);
  throw e;
};
