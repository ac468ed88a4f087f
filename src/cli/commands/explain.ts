/** `tfx explain FILE` and `tfx explain TFX2103` */
import { CHECK_CODES } from "../../check/codes.ts";
import type { Spec } from "../../check/spec.ts";
import { TARGETS, BASELINE, type Target } from "../../base/target.ts";
import { explainKernel } from "../../explain/explain.ts";
import { limitDiagnostics } from "../../limits.ts";
import { planNotes } from "../../explain/notes.ts";
import { CODES } from "../../base/codes.ts";
import { printable } from "../../base/plain-text.ts";
import { GRADIENT_CODES } from "../../base/codes-gradient.ts";
import { ONNX_CODES } from "../../base/codes-onnx.ts";
import { OPTION_CODES } from "../../base/codes-options.ts";
import { PLAN_CODES } from "../../base/codes-plan.ts";
import { UsageError, type ExitCode } from "../errors.ts";
import { numbers, sizes, strings, type Pairs } from "../options.ts";
import { passesNamed, type PassName, type PrintAfter } from "../level-names.ts";
import { parsedText, textAfter } from "../print-after.ts";
import { planWith, type OnPass } from "../planned.ts";
import { report } from "../report.ts";
import { checkNames, choose, loadSpecs } from "../request.ts";
import { createSources } from "../sources.ts";
import type { CompileOptions } from "./compile.ts";

export type ExplainOptions = Omit<CompileOptions, "out"> & {
  /** Scalar parameters, for counting. */
  readonly set?: Pairs;
  /** Sizes to count at that stay free in the kernel. */
  readonly at?: Pairs;
  readonly map?: boolean;
  /** What a pass made, in place of the report. */
  readonly printAfter?: PrintAfter;
};

const explainCode = (code: string): ExitCode => {
  const codes = { ...CODES, ...CHECK_CODES, ...PLAN_CODES, ...OPTION_CODES, ...ONNX_CODES, ...GRADIENT_CODES };
  const entry = codes[code.toUpperCase()];
  if (entry === undefined) {
    checkNames("explain", [code], Object.keys(codes), "codes");
    throw new UsageError(`no code ${code}`);
  }
  console.log(`${code.toUpperCase()}: ${entry.title}\n\n${entry.explain}`);
  return 0;
};

/** Prints what a pass made, where it is asked for. The text is not made otherwise. */
const printLevel = (asked: PrintAfter | undefined, pass: string, textOf: (pass: PassName) => string): void => {
  const name = asked === undefined ? undefined : passesNamed(asked).find((p) => p === pass);
  if (name === undefined) return;
  const text = textOf(name).trimEnd();
  if (text === "") return;
  if (asked === "all") console.log(`// ---- ${pass} ----`);
  console.log(text.split("\n").map(printable).join("\n"));
};

/** The names that the counting options may use. */
const checkCounting = (spec: Spec, options: ExplainOptions): Readonly<Record<string, number>> => {
  const at = sizes(options.at);
  const set = numbers(options.set);
  checkNames("--at", Object.keys(at), spec.sizes, "sizes");
  checkNames(
    "--set",
    Object.keys(set),
    spec.scalars.filter((s) => !s.isStatic).map((s) => s.name),
    "scalar parameters",
  );
  return { ...at, ...set };
};

const explainSpec = (
  file: string,
  spec: Spec,
  options: ExplainOptions,
  target: Target,
  sources: ReturnType<typeof createSources>,
): number => {
  const choice = choose(spec, sizes(options.dim), numbers(options.static), strings(options.type));
  const counted = checkCounting(spec, options);
  const { printAfter, verify } = options;
  const source = { text: sources.read(file), file };
  const onPass: OnPass = (pass, levels) => printLevel(printAfter, pass, (p) => textAfter(p, source, spec, levels));
  onPass("parse", {});
  onPass("check", {});
  const { compiled, diagnostics, madeUp } = planWith(file, spec, choice, target, sources, { verify, onPass });
  const errors = report(diagnostics, sources, options.format);
  if (printAfter !== undefined) return errors;
  const made = Object.entries(madeUp).map(([name, n]) => `${name}=${n}`);
  for (const c of compiled) {
    console.log(explainKernel(c, { target, sizes: counted, map: options.map ?? true }));
    if (made.length > 0) console.log(`not given, so taken as examples: ${made.join(" ")}`);
    console.log("");
    report([...limitDiagnostics(c, target), ...planNotes(c)], sources, options.format);
  }
  return errors;
};

/** Prints how a kernel is computed and why so; for a message's code, what it means. */
export const explain = (file: string, options: ExplainOptions): ExitCode => {
  if (/^TFX\d+$/i.test(file)) return explainCode(file);
  const sources = createSources();
  const specs = loadSpecs(file, options.kernel, sources, options.format);
  if (specs === null) {
    printLevel(options.printAfter, "parse", () => parsedText(sources.read(file), file, options.kernel));
    return 1;
  }
  const target = TARGETS[options.target] ?? BASELINE;
  const errors = specs.reduce((n, spec) => n + explainSpec(file, spec, options, target, sources), 0);
  return errors === 0 ? 0 : 1;
};
