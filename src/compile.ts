/**
 * From a source text to artifacts: the passes of `passes.ts` over the file, then over each of its kernels.
 * `compile` never throws for bad input: problems are diagnostics.
 */
import type { Artifact } from "./codegen/artifact.ts";
import { type Diagnostic, error, hasErrors } from "./base/diagnostic.ts";
import { placeOf } from "./base/span.ts";
import type { Spec } from "./check/spec.ts";
import { compileGraph } from "./compile-graph.ts";
import type { CompileOptions } from "./compile-options.ts";
import type { Compiled } from "./compiled.ts";
import { guarded } from "./imports.ts";
import type { Graph } from "./ir/graph/graph.ts";
import { UnknownSize, Unsupported, sizesAsked } from "./ir/graph/unsupported.ts";
import { LoweringError } from "./ir/lowering-error.ts";
import { callFaults } from "./call-form.ts";
import { choiceDiagnostic, choiceFaults, chosenFaults, type ChoiceFault } from "./choices.ts";
import { refuseBroken, runPasses } from "./pass.ts";
import { FILE_PASSES, SPEC_PASSES } from "./passes.ts";
import { faultsOfSpec, isVerified } from "./verify.ts";

export type { CompileOptions } from "./compile-options.ts";
export type { Compiled } from "./compiled.ts";

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

/** Compiles the kernels of a source text. With an error in `diagnostics` there are no artifacts of the kernels concerned. */
export const compile = (text: string, options: CompileOptions): CompileResult => {
  const misused = callFaults(text, options);
  if (misused.length > 0) return failed(misused);
  const cx = { options, imports: guarded(options.resolveImport) };
  const read = runPasses(FILE_PASSES, { text }, cx, isVerified(options.verify));
  const diagnostics: Diagnostic[] = [...read.diagnostics];
  if (read.levels === null) return failed(diagnostics);
  const wanted = read.levels.specs.filter((s) => options.kernel === undefined || s.name === options.kernel);
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
  // What is looked for behind the first error is no compilation that anybody follows.
  const { onPass: _, ...again } = options;
  if (first.cause instanceof UnknownSize)
    return { compiled: null, diagnostics: [...first.diagnostics, ...askedAfter(spec, again, first.cause)] };
  if (first.cause instanceof Unsupported && spec.results.length > 1) {
    const each = spec.results.flatMap((r) =>
      attempt({ ...spec, results: [r] }, again).diagnostics.filter((d) => d.code === fault.code),
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
  try {
    const verify = isVerified(options.verify);
    if (verify) refuseBroken("check", faultsOfSpec(spec));
    const { levels, diagnostics: warnings } = runPasses(SPEC_PASSES, { spec }, options, verify, options.onPass);
    if (levels === null) return refused(warnings);
    const found = compileGraph(levels.graph, options);
    const diagnostics = [...warnings, ...found.diagnostics];
    if (found.compiled === null) return refused(diagnostics);
    return { compiled: { ...found.compiled, spec, warnings: diagnostics }, diagnostics, cause: null };
  } catch (e) {
    return refused([diagnosticOf(e, spec)], e);
  }
};

/** What planning and lowering give up with, at the user's expression; other errors are thrown on. */
const diagnosticOf = (e: unknown, spec: Spec): Diagnostic => {
  if (e instanceof LoweringError) return error(e.code, e.span, e.message, e.help);
  if (e instanceof UnknownSize) {
    const names = sizesAsked(e);
    const place = placeOf(e.origin, spec.file);
    const related =
      place === null ? [] : [{ span: place, text: `computed inside the loop, all of \`${e.axis.name}\` at once` }];
    const span = e.axis.span.file === "" ? spec.span : e.axis.span;
    const message = `the plan must know the size of axis \`${e.axis.name}\` (${names.map((n) => `\`${n}\``).join(", ")})`;
    return { ...error("TFX4002", span, message, names.map((n) => `--dim ${n}=…`).join(" ")), related };
  }
  if (e instanceof Unsupported)
    return error("TFX3001", placeOf(e.origin, spec.file) ?? spec.span, `cannot be fused yet: ${e.message}`);
  if (e instanceof RangeError && /call stack/i.test(e.message))
    return error(
      "TFX2304",
      spec.span,
      "its values are made of each other through more steps than the stack has room for",
      "store a value in between: a kernel for each part",
    );
  throw e;
};
