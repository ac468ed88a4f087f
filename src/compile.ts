/**
 * The pipeline on one page: source -> AST -> spec -> graph -> plan -> schedules -> tile -> WGSL -> artifact.
 * `compile` never throws for bad input: problems are diagnostics.
 */
import { artifactFromTile } from "./codegen/artifact-from-tile.ts";
import type { Artifact, ScalarExpr } from "./codegen/artifact.ts";
import type { Target } from "./base/target.ts";
import { checkProgram } from "./check/check.ts";
import type { ResolveImport } from "./check/check.ts";
import type { Spec } from "./check/spec.ts";
import type { StorageType } from "./base/storage-type.ts";
import { foldBase2 } from "./ir/derive/base2.ts";
import { planKernels } from "./ir/derive/partition.ts";
import type { KernelPlan, Note, Plan } from "./ir/derive/plan.ts";
import { prepare } from "./ir/derive/prepare.ts";
import type { GraphBuilder } from "./ir/graph/build.ts";
import type { Graph, NodeId, Tensor } from "./ir/graph/graph.ts";
import { printNode } from "./ir/graph/print.ts";
import { chooseSchedule } from "./ir/schedule/choose.ts";
import { illegal } from "./ir/schedule/legal.ts";
import { cutStreams } from "./ir/schedule/parts.ts";
import { UnknownSize, Unsupported, sizesAsked } from "./ir/unsupported.ts";
import { printSchedule } from "./ir/schedule/schedule.ts";
import type { Schedule } from "./ir/schedule/schedule.ts";
import { LoweringError, lowerToGraph } from "./ir/lower-to-graph.ts";
import { lowerToTile } from "./ir/lower-to-tile.ts";
import { size } from "./base/size.ts";
import type { SizeExpr } from "./base/size.ts";
import type { TileProgram } from "./ir/tile/tile.ts";
import { limitDiagnostics, registerDiagnostics } from "./explain/limits.ts";
import { nearestPlace, type Located } from "./explain/place.ts";
import { repeatedDiagnostics } from "./explain/repeated.ts";
import { guarded, withImports } from "./imports.ts";
import {
  callFaults,
  choiceDiagnostic,
  choiceFaults,
  chosenFaults,
  error,
  isRecord,
  show,
  type ChoiceFault,
} from "./options.ts";
import { parseProgram } from "./parser/parse.ts";
import type { Diagnostic } from "./base/diagnostic.ts";
import type { Span } from "./base/span.ts";
import { checksOf } from "./verify.ts";

export type CompileOptions = {
  /** Run the verifiers of all levels between the stages: a mistake of the compiler is an Error that names the pass. */
  readonly verify?: boolean;
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

const failed = (diagnostics: readonly Diagnostic[]): CompileResult => ({
  artifacts: [],
  graphs: [],
  compiled: [],
  diagnostics,
});
const hasErrors = (diagnostics: readonly Diagnostic[]): boolean => diagnostics.some((d) => d.severity === "error");

/** Compiles the kernels of a source text. With an error in `diagnostics` there are no artifacts of the kernels concerned. */
export const compile = (text: string, options: CompileOptions): CompileResult => {
  const misused = callFaults(text, options);
  if (misused.length > 0) return failed(misused);
  const parsed = parseProgram(text, options.file);
  if (hasErrors(parsed.diagnostics)) return failed(parsed.diagnostics);
  const imports = guarded(options.resolveImport);
  const checked = checkProgram(parsed.program, options.file, {
    resolveImport: imports.resolve,
    ...(options.kernel === undefined ? {} : { only: options.kernel }),
  });
  const diagnostics: Diagnostic[] = [...parsed.diagnostics, ...withImports(checked.diagnostics, imports, options.file)];
  if (hasErrors(diagnostics)) return failed(diagnostics);
  const wanted = checked.specs.filter((s) => options.kernel === undefined || s.name === options.kernel);
  const choices = choicesOf(wanted, options);
  diagnostics.push(...choices.flatMap((c) => c.faults));
  if (hasErrors(diagnostics)) return failed(diagnostics);
  const compiled = choices.flatMap(({ spec, options: chosen }) => {
    const { compiled: one, diagnostics: found } = compileKernel(spec, chosen);
    diagnostics.push(...found);
    return one ?? [];
  });
  return { artifacts: compiled.map((c) => c.artifact), graphs: compiled.map((c) => c.graph), compiled, diagnostics };
};

/** The options as they concern each of the kernels; a name that no kernel has is a fault, told once. */
const choicesOf = (specs: readonly Spec[], options: CompileOptions) => {
  const found = specs.map((spec) => ({ spec, faults: choiceFaults(spec, options) }));
  const isOdd = (f: ChoiceFault): boolean => f.code === "TFX6001";
  const everywhere = (f: ChoiceFault): boolean =>
    found.every(({ faults }) => faults.some((g) => isOdd(g) && g.option === f.option && g.name === f.name));
  return found.map(({ spec, faults }, n) => {
    const own = faults.filter((f) => (isOdd(f) ? n === 0 && everywhere(f) : true));
    const without = <T>(
      option: ChoiceFault["option"],
      values: Readonly<Record<string, T>> = {},
    ): Readonly<Record<string, T>> =>
      Object.fromEntries(
        Object.entries(values).filter(
          ([name]) => !faults.some((f) => isOdd(f) && f.option === option && f.name === name),
        ),
      );
    return {
      spec,
      faults: own.map((f) => choiceDiagnostic(spec, f, options[f.option]?.[f.name])),
      options: {
        ...options,
        dims: without("dims", options.dims),
        statics: without("statics", options.statics),
        types: without("types", options.types),
      },
    };
  });
};

/** What became of one kernel: with an error in `diagnostics` it is null. */
export type KernelResult = { readonly compiled: Compiled | null; readonly diagnostics: readonly Diagnostic[] };

/** Stands for a size that the plan asks for, to find what it asks for after it. */
const EXAMPLE = 64;

/** One checked kernel, from the graph down, with all that is wrong: every size that the plan must know, every result that is refused. */
const compileKernel = (spec: Spec, options: CompileOptions): KernelResult => {
  const chosen = choicesOf([spec], options)[0];
  if (chosen !== undefined && chosen.faults.length > 0) return { compiled: null, diagnostics: chosen.faults };
  const first = attempt(spec, options);
  const [fault] = first.diagnostics;
  if (first.compiled !== null || fault === undefined) return first;
  if (first.cause instanceof UnknownSize)
    return { compiled: null, diagnostics: [...first.diagnostics, ...askedAfter(spec, options, first.cause)] };
  if (first.cause instanceof Unsupported && spec.results.length > 1) {
    const each = spec.results.flatMap((r) =>
      attempt({ ...spec, results: [r] }, options).diagnostics.filter((d) => d.code === fault.code),
    );
    const others = each.filter((d) => d.primary.span.start !== fault.primary.span.start || d.message !== fault.message);
    return { compiled: null, diagnostics: [fault, ...others] };
  }
  return first;
};

/** The sizes that the plan asks for when it is told those that it asked for first. */
const askedAfter = (spec: Spec, options: CompileOptions, first: UnknownSize): readonly Diagnostic[] => {
  const dims: Record<string, number> = { ...options.dims };
  const out: Diagnostic[] = [];
  for (let asked: unknown = first; asked instanceof UnknownSize;) {
    const more = sizesAsked(asked).filter((name) => !(name in dims));
    if (more.length === 0) break;
    for (const name of more) dims[name] = EXAMPLE;
    let next: Attempt;
    try {
      next = attempt(spec, { ...options, dims });
    } catch {
      // With made-up sizes nothing that goes wrong is worth more than what is known already.
      break;
    }
    asked = next.cause;
    if (asked instanceof UnknownSize) out.push(...next.diagnostics);
  }
  return out;
};

/** One checked kernel, or the first error of it. */
export const compileSpec = (spec: Spec, options: CompileOptions): Compiled | Diagnostic => {
  const { compiled, diagnostics } = attempt(spec, options);
  const [fault] = diagnostics.filter((d) => d.severity === "error");
  if (compiled !== null) return compiled;
  if (fault === undefined) throw new Error(`${spec.name}: neither a kernel nor a reason`);
  return fault;
};

/** `cause`: what planning gave up with. */
type Attempt = KernelResult & { readonly cause: unknown };

const attempt = (spec: Spec, options: CompileOptions): Attempt => {
  const refused = (diagnostics: readonly Diagnostic[], cause: unknown = null): Attempt => ({
    compiled: null,
    diagnostics,
    cause,
  });
  const { dims = {}, statics = {} } = options;
  const unfit = chosenFaults(spec, dims, statics);
  if (unfit.length > 0) return refused(unfit);
  let placeOf = (_id: NodeId): Span | null => null;
  try {
    const checks = checksOf(options.verify);
    checks.spec("checking", spec);
    const lowered = lowerToGraph(spec, {
      dims,
      statics,
      types: (options.types ?? {}) as Readonly<Record<string, StorageType>>,
    });
    const { builder } = lowered;
    checks.graph("lowering to a graph", lowered.graph, builder);
    const located: Located = { spec, builder, graph: lowered.graph, dims };
    placeOf = (id) => nearestPlace(located, id, { statics });
    const notes: Note[] = [];
    const graph = prepare(lowered.graph, builder, notes);
    checks.graph("preparing", graph, builder);
    const printed = new Map<NodeId, string>();
    const nameOf = (id: NodeId): string => {
      const name =
        graph.names.get(id) ??
        printed.get(id) ??
        short(printNode({ nodes: builder.nodes, axes: builder.axes, names: graph.names }, id, false, 64));
      printed.set(id, name);
      return name;
    };
    const whole = planKernels(graph, builder, nameOf, notes);
    checks.plan("planning", graph, builder, whole);
    const plan = cutStreams(graph, builder, whole, options.target, options.parts);
    checks.plan("cutting streams", graph, builder, plan);
    const carried = registerDiagnostics({ spec, builder, graph: lowered.graph, plan });
    if (carried.length > 0) return refused(carried);
    const schedules = plan.kernels.map((k) => scheduleOf(builder, k, options, spec));
    const folded = foldBase2(plan, builder, (id) => plan.names.get(id) ?? graph.names.get(id));
    checks.plan("base 2", graph, builder, folded);
    const tile = lowerToTile(graph, builder, folded, schedules);
    checks.tile("lowering to tiles", tile, options.target);
    const artifact = artifactFromTile({
      program: tile,
      target: options.target,
      kernel: spec.name,
      doc: spec.doc,
      tensors: [...graph.tensors, ...plan.scratch].map((t) => ({
        name: t.name,
        role: t.role,
        dtype: t.dtype,
        dims: dimsOf(builder, t),
      })),
      sizes: graph.sizes,
      constants: { ...dims },
      scalars: graph.scalars.map((s) => ({
        name: s.name,
        type: s.ty,
        init: s.init === null ? null : scalarExpr(builder, s.init),
      })),
      plan: planLine(plan, schedules),
    });
    const warnings = [...lowered.warnings, ...repeatedDiagnostics(spec, builder, plan)];
    const compiled = { spec, graph: lowered.graph, builder, plan, folded, schedules, tile, artifact, warnings };
    const lacking = [
      ...targetDiagnostics(artifact, options.target, spec),
      ...limitDiagnostics(compiled, options.target),
    ];
    return lacking.length > 0 ? refused([...warnings, ...lacking]) : { compiled, diagnostics: warnings, cause: null };
  } catch (e) {
    return refused([diagnosticOf(e, spec, placeOf)], e);
  }
};

/** The schedule of one kernel: the planner's choice, or what the caller makes of it, if that is legal. */
const scheduleOf = (builder: GraphBuilder, kernel: KernelPlan, options: CompileOptions, spec: Spec): Schedule => {
  const chosen = chooseSchedule(builder, kernel, options.target);
  const given = askSchedule(chosen, kernel.name, options, spec);
  // What fits into workgroup memory is counted exactly in the lowered program (TFX4001).
  const faults = illegal(builder, kernel, given, options.target);
  if (faults.length === 0) return given;
  if (given === chosen) throw new Error(`the planner's schedule of ${kernel.name} is not legal: ${faults.join("; ")}`);
  const result = spec.results.find((r) => kernel.stores.some((s) => s.tensor === r.name));
  throw new LoweringError(
    "TFX4007",
    `the schedule given for \`${kernel.name}\` is not legal: ${faults.join("; ")}`,
    result?.value.span ?? spec.span,
    `the planner's own: ${printSchedule(chosen)}`,
  );
};

/** What the caller makes of the planner's choice. */
const askSchedule = (chosen: Schedule, kernel: string, { schedule }: CompileOptions, spec: Spec): Schedule => {
  if (schedule === undefined) return chosen;
  const refuse = (why: string): LoweringError => new LoweringError("TFX6003", `\`schedule\` ${why}`, spec.span);
  let given: unknown;
  try {
    given = schedule(chosen, kernel) ?? chosen;
  } catch (thrown) {
    throw refuse(`throws for \`${kernel}\`: ${thrown instanceof Error ? thrown.message : String(thrown)}`);
  }
  if (!isRecord(given)) throw refuse(`gives ${show(given)} for \`${kernel}\`, not a schedule`);
  return given as Schedule;
};

/** All that the target lacks: half floats, room for as many bindings. */
const targetDiagnostics = (artifact: Artifact, target: Target, spec: Spec): readonly Diagnostic[] => {
  const halves = artifact.requires.features.includes("shader-f16") && !target.f16;
  const wide = artifact.dispatches
    .map((d) => ({ ...d, used: d.bindings.filter((n) => n > 0).length }))
    .filter((d) => d.used > target.storageBuffers);
  return [
    ...(halves
      ? [
          error(
            "TFX4005",
            spec.span,
            `f16 storage needs the feature shader-f16, which the target \`${target.name}\` lacks`,
            "--type T=f32",
          ),
        ]
      : []),
    ...wide.map((d) =>
      error(
        "TFX4004",
        spec.span,
        `\`${d.entryPoint}\` binds ${d.used} tensors, the target has ${target.storageBuffers} storage buffers`,
        "put tensors of one type together, or ask for fewer results at once",
      ),
    ),
  ];
};

const short = (s: string): string => (s.length > 48 ? `${s.slice(0, 45)}...` : s);

const dimsOf = (b: GraphBuilder, t: Tensor): Artifact["tensors"][number]["dims"] =>
  t.dims.map((axes) => ({
    axes: axes.map((a) => b.axis(a).name),
    extent: axes.reduce<SizeExpr>((n, a) => size("*", n, b.axis(a).size), 1),
  }));

/** A default value as an expression that the runtime evaluates. */
const scalarExpr = (b: GraphBuilder, id: NodeId): ScalarExpr => {
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

/** What planning and lowering give up with, at the user's expression (`placeOf`); other errors are thrown on. */
const diagnosticOf = (e: unknown, spec: Spec, placeOf: (id: NodeId) => Span | null): Diagnostic => {
  if (e instanceof LoweringError) return error(e.code, e.span, e.message, e.help);
  if (e instanceof UnknownSize) {
    const names = sizesAsked(e);
    const place = e.node === null ? null : placeOf(e.node);
    const related =
      place === null ? [] : [{ span: place, text: `computed inside the loop, all of \`${e.axis.name}\` at once` }];
    const span = e.axis.span.file === "" ? spec.span : e.axis.span;
    const message = `the plan must know the size of axis \`${e.axis.name}\` (${names.map((n) => `\`${n}\``).join(", ")})`;
    return { ...error("TFX4002", span, message, names.map((n) => `--dim ${n}=…`).join(" ")), related };
  }
  if (e instanceof Unsupported)
    return error("TFX3001", placeOf(e.node.id) ?? spec.span, `cannot be fused yet: ${e.message}`);
  if (e instanceof RangeError && /call stack/i.test(e.message))
    return error(
      "TFX2304",
      spec.span,
      "its values are made of each other through more steps than the stack has room for",
      "store a value in between: a kernel for each part",
    );
  throw e;
};
