/** One program at every level of the compiler, each held against the interpreter. */
import { checkProgram } from "../../src/check/check.ts";
import type { Spec } from "../../src/check/spec.ts";
import type { StorageType } from "../../src/base/storage-type.ts";
import { verifySpec } from "../../src/check/verify-spec.ts";
import { TARGETS, type Target } from "../../src/base/target.ts";
import { compileSpec, type Compiled, type CompileOptions } from "../../src/compile.ts";
import { evaluateGraph } from "../../src/ir/graph/eval.ts";
import { drawSchedule } from "../../src/ir/schedule/legal-space.ts";
import { printSchedule, type Schedule } from "../../src/ir/schedule/schedule.ts";
import { evaluateTile } from "../../src/ir/tile/eval.ts";
import { verifyTile } from "../../src/ir/tile/verify.ts";
import { interpret, measure, type Inputs, type Measures, type Results } from "../../src/meaning/interpret.ts";
import { sizeValue } from "../../src/meaning/walk.ts";
import { parseProgram } from "../../src/parser/parse.ts";
import type { Diagnostic } from "../../src/base/diagnostic.ts";
import { randomFrom, resolveImport } from "../numeric/harness.ts";
import { evaluatePlan } from "../plan/tiny.ts";
import { wherever } from "../property/schedules.ts";
import { compare32, compare64, type Difference } from "./compare.ts";
import { dataOf, type Program } from "./program.ts";
import { viewOf } from "../../src/ir/graph/view.ts";

/** Diagnostics that say no, with a reason, to a program that is well typed. */
const REFUSALS: ReadonlySet<string> = new Set([
  "TFX3001",
  "TFX4001",
  "TFX4002",
  "TFX4003",
  "TFX4004",
  "TFX4005",
  "TFX4006",
  "TFX4007",
]);

export type Verdict =
  /** `skipped`: cells that no level could be asked about, of all. */
  | { readonly kind: "right" }
  | { readonly kind: "invalid" | "refused" | "wrong" | "crashed"; readonly where: string; readonly what: string };

/** A checked program with its meaning. */
export type Meant = {
  readonly program: Program;
  readonly spec: Spec;
  readonly inputs: Inputs;
  readonly measures: Readonly<Record<string, Measures>>;
  readonly naive: Results;
};

const words = (e: unknown): string =>
  e instanceof Error ? (e.stack ?? e.message).split("\n").slice(0, 4).join("\n") : String(e);
const errorsOf = (d: readonly Diagnostic[]): readonly Diagnostic[] => d.filter((x) => x.severity === "error");

/** Storage type of a tensor under the program's choice. */
const storageOf = (program: Program, spec: Spec, dtype: string): string =>
  program.types[dtype] ?? spec.typeVars.find((v) => v.name === dtype)?.options[0] ?? dtype;

const count = (spec: Spec, program: Program, name: string): number => {
  const valueOf = (s: string): number => program.sizes[s] ?? program.statics[s] ?? NaN;
  const tensor = [...spec.tensors, ...spec.results].find((t) => t.name === name);
  return (tensor?.dims ?? [])
    .flatMap((d) => d.axes)
    .reduce((n, a) => n * sizeValue(spec.axes[a]?.size ?? NaN, valueOf), 1);
};

/** Checks a program and computes what it means; a verdict where that is impossible. */
export const meantBy = (program: Program): Meant | Verdict => {
  try {
    const parsed = parseProgram(program.source, "fuzz.tfx");
    const checked =
      errorsOf(parsed.diagnostics).length > 0 ? null : checkProgram(parsed.program, "fuzz.tfx", { resolveImport });
    const errors = errorsOf([...parsed.diagnostics, ...(checked?.diagnostics ?? [])]);
    const spec = checked?.specs[0];
    // A constant that is no number (`log(-1)`) is said to be none: a refusal, not a fault of the generator.
    if (errors.length > 0 && errors.every((d) => d.code === "TFX2210"))
      return { kind: "refused", where: "check", what: `${errors[0]!.code} ${errors[0]!.message}` };
    if (errors.length > 0 || spec === undefined)
      return { kind: "invalid", where: "check", what: errors.map((d) => `${d.code} ${d.message}`).join("; ") };
    const violations = verifySpec(spec);
    if (violations.length > 0) return { kind: "crashed", where: "spec", what: violations.join("; ") };
    const tensors = Object.fromEntries(
      spec.tensors.map((t) => [
        t.name,
        dataOf(program, t.name, storageOf(program, spec, t.dtype), count(spec, program, t.name)),
      ]),
    );
    const inputs = { sizes: program.sizes, scalars: program.scalars, statics: program.statics, tensors };
    return { program, spec, inputs, measures: measure(spec, inputs), naive: interpret(spec, inputs, "f32") };
  } catch (e) {
    return { kind: "crashed", where: "interpreter", what: words(e) };
  }
};

const say = (d: Difference): string =>
  `${d.result}[${d.cell}] is ${d.found}, not ${d.expected} (± ${d.allowed.toExponential(1)})`;
const wrong = (where: string, d: Difference): Verdict => ({ kind: "wrong", where, what: say(d) });

/** Compiles for a target; the sizes that the plan asks for are given, as the command line does. */
export const compileOn = (m: Meant, target: Target, more: Partial<CompileOptions> = {}): Compiled | Verdict => {
  const { program, spec } = m;
  let known: readonly string[] = program.known;
  for (;;) {
    const result = compileSpec(spec, {
      file: "fuzz.tfx",
      target,
      resolveImport,
      statics: program.statics,
      types: (target.f16 ? program.types : {}) as Readonly<Record<string, StorageType>>,
      dims: Object.fromEntries(known.map((n) => [n, program.sizes[n] ?? 0])),
      ...(program.parts === null ? {} : { parts: program.parts }),
      ...more,
    });
    if (!("code" in result)) return result;
    const asked = [...(result.help ?? "").matchAll(/--dim (\w+)=/g)]
      .map((x) => x[1] ?? "")
      .filter((n) => !known.includes(n));
    if (result.code === "TFX4002" && asked.length > 0) {
      known = [...known, ...asked];
      continue;
    }
    const kind = REFUSALS.has(result.code) ? "refused" : "crashed";
    return { kind, where: target.name, what: `${result.code} ${result.message}` };
  }
};

/** Values of runtime scalars, with their defaults. */
export const scalarsOf = (m: Meant): Record<string, number> => {
  const given: Record<string, number> = {};
  for (const s of m.spec.scalars.filter((x) => !x.isStatic)) {
    const value = m.inputs.scalars[s.name];
    const init = s.init;
    given[s.name] =
      value ??
      (init === null
        ? 0
        : (interpret(
            { ...m.spec, results: [{ name: "s", dtype: "f32", dims: [], span: s.span, value: init }] },
            m.inputs,
          )["s"]?.[0] ?? 0));
  }
  return given;
};

type Pass = { readonly where: string; readonly found: Readonly<Record<string, ArrayLike<number>>> };

const check64 = (m: Meant, { where, found }: Pass): Verdict | null => {
  for (const r of m.spec.results) {
    const d = compare64(r.name, found[r.name], m.measures[r.name]!);
    if (d !== null) return wrong(where, d);
  }
  return null;
};

/** What numbers that were rounded to f32 on the way may be. */
export const check32 = (m: Meant, where: string, half: boolean, found: Pass["found"]): Verdict | null => {
  for (const r of m.spec.results) {
    const dtype = half ? storageOf(m.program, m.spec, r.dtype) : r.dtype === "T" ? "f32" : r.dtype;
    const d = compare32(r.name, dtype, found[r.name], m.naive[r.name]!, m.measures[r.name]!);
    if (d !== null) return wrong(where, d);
  }
  return null;
};

const tile = (m: Meant, compiled: Compiled, target: Target, precision: "f64" | "f32"): Pass["found"] => {
  const buffers = Object.fromEntries(
    compiled.tile.storage.map((b) => {
      const given = m.inputs.tensors[b.name];
      if (given !== undefined) return [b.name, given];
      const tensor = compiled.artifact.tensors.find((t) => t.name === b.name);
      const lookup = (name: string): number => m.program.sizes[name] ?? 0;
      const size = (e: unknown): number =>
        typeof e === "number"
          ? e
          : typeof e === "string"
            ? lookup(e)
            : sizeOp(e as readonly [string, unknown, unknown], size);
      return [b.name, new Float64Array((tensor?.dims ?? []).reduce((n, d) => n * size(d.extent), 1)).fill(12345)];
    }),
  );
  return evaluateTile(compiled.tile, {
    sizes: m.program.sizes,
    uniforms: { ...m.program.sizes, ...scalarsOf(m) },
    buffers,
    precision,
    subgroupSize: target.subgroups?.min ?? 4,
  }).buffers;
};
const sizeOp = ([op, a, b]: readonly [string, unknown, unknown], size: (e: unknown) => number): number => {
  const [x, y] = [size(a), size(b)];
  return op === "+"
    ? x + y
    : op === "-"
      ? x - y
      : op === "*"
        ? x * y
        : op === "ceil/"
          ? Math.ceil(x / y)
          : op === "/"
            ? Math.floor(x / y)
            : op === "min"
              ? Math.min(x, y)
              : Math.max(x, y);
};

/** All targets; f16 ones only where half floats are stored. */
const targetsOf = (program: Program): readonly Target[] =>
  Object.values(TARGETS).filter((t) => (Object.keys(program.types).length > 0 ? true : !t.f16));

/** The chosen schedules of one target, and on request random legal ones, evaluated. */
export const onTarget = (m: Meant, target: Target, drawn: boolean): Verdict | null => {
  const where = `${target.name}${drawn ? ", drawn schedule" : ""}`;
  let schedules = "";
  try {
    const random = randomFrom(m.program.seed + (drawn ? 7 : 0));
    const draw = (chosen: Schedule): Schedule => chosen;
    const first = compileOn(m, target, drawn ? { schedule: draw } : {});
    if ("kind" in first) return first;
    let compiled = first;
    if (drawn) {
      const folded = new Map(
        first.folded.kernels.map((k) => [k.name, drawSchedule(viewOf(first.folded.graph), k, target, random)]),
      );
      schedules = JSON.stringify([...folded]);
      const again = compileOn(m, target, { schedule: (chosen, kernel) => folded.get(kernel) ?? chosen });
      if ("kind" in again) return { ...again, what: `${"what" in again ? again.what : ""} ${schedules}` } as Verdict;
      compiled = again;
    }
    const violations = verifyTile(compiled.tile, target);
    if (violations.length > 0)
      return { kind: "crashed", where: `tile of ${where}`, what: `${violations.slice(0, 3).join("; ")} ${schedules}` };
    const exact = check64(m, { where: `tile of ${where}`, found: tile(m, compiled, target, "f64") });
    if (exact !== null)
      return drawn ? ({ ...exact, what: `${"what" in exact ? exact.what : ""} ${schedules}` } as Verdict) : exact;
    return null;
  } catch (e) {
    return { kind: "crashed", where: `tile of ${where}`, what: `${words(e)} ${schedules}` };
  }
};

/** Tiles in f64 of a program whose kernels take a schedule wherever it is legal; null: right. "nowhere": it is legal for none. */
export const onSchedule = (m: Meant, target: Target, schedule: Schedule): Verdict | "nowhere" | null => {
  const first = compileOn(m, target);
  if ("kind" in first) return first;
  const { schedule: laid, kernels } = wherever(first, target, schedule);
  if (kernels === 0) return "nowhere";
  const compiled = compileOn(m, target, { schedule: laid });
  if ("kind" in compiled) return compiled;
  const where = `${target.name}, ${printSchedule(schedule)}`;
  const violations = verifyTile(compiled.tile, target);
  if (violations.length > 0) return { kind: "crashed", where, what: violations.join("; ") };
  return check64(m, { where, found: tile(m, compiled, target, "f64") });
};

/** What two failures of one kind have in common. */
export const signature = (v: Verdict): string => {
  if (!("what" in v)) return v.kind;
  const line = (v.what.split("\n")[0] ?? "").replace(/[`"'][^`"']*[`"']|\w*\d\w*|\w+(_\w+)+/g, "_").slice(0, 50);
  const place = v.where.replace(/,.*/, "").replace(/^tile of (?!baseline in).*/, "tile");
  return `${v.kind} ${place} ${v.kind === "crashed" ? line : ""}`;
};

/** Judges a program only where another one failed: what making it short takes. */
export const failsAs =
  (verdict: Verdict) =>
  (program: Program): Verdict => {
    const m = meantBy(program);
    return "kind" in m ? m : judgeAt(m, "where" in verdict ? verdict.where : "");
  };

/** Only what was found at one place. */
const judgeAt = (m: Meant, where: string): Verdict => {
  const target = Object.values(TARGETS).find((t) => where === t.name || where === `tile of ${t.name}`);
  if (target !== undefined) return onTarget(m, target, false) ?? { kind: "right" };
  if (where.includes("drawn")) return judge(m);
  return judgeBase(m) ?? { kind: "right" };
};

/** Graph and plan by the graph's own evaluator, the baseline's tile in f32; null: right. */
const judgeBase = (m: Meant): Verdict | null => {
  try {
    const compiled = compileOn(m, TARGETS["baseline"]!);
    if ("kind" in compiled) return compiled;
    return (
      check64(m, { where: "graph", found: evaluateGraph(compiled.graph, m.inputs) }) ??
      check64(m, { where: "plan", found: evaluatePlan(compiled, m.inputs) }) ??
      check32(m, "tile of baseline in f32", false, tile(m, compiled, TARGETS["baseline"]!, "f32"))
    );
  } catch (e) {
    return { kind: "crashed", where: "graph or plan", what: words(e) };
  }
};

/** Graph and plan, by the graph's own evaluator; tiles of all targets in f64, of one in f32. */
export const judge = (m: Meant, thorough = true): Verdict => {
  const base = judgeBase(m);
  if (base !== null && base.kind !== "refused") return base;
  let refused = base;
  const targets = targetsOf(m.program);
  for (const target of targets) {
    const v = onTarget(m, target, false);
    if (v?.kind === "refused") refused ??= v;
    else if (v !== null) return v;
  }
  if (refused !== null) return refused;
  const random = randomFrom(m.program.seed + 1);
  for (let n = 0; n < (thorough ? 2 : 1); n++) {
    const v = onTarget(
      { ...m, program: { ...m.program, seed: m.program.seed + n } },
      targets[Math.floor(random() * targets.length)]!,
      true,
    );
    if (v !== null && v.kind !== "refused") return v;
  }
  return { kind: "right" };
};
