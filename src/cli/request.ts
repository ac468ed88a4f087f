/** What a command line says about a kernel, checked against the kernel's signature. */
import { checkProgram } from "../check/check.ts";
import type { Spec, SpecDim, StorageType } from "../check/spec.ts";
import { didYouMean } from "../check/suggest.ts";
import { size, type SizeExpr } from "../ir/scalar/size.ts";
import { parseProgram } from "../parser/parse.ts";
import { UsageError } from "./errors.ts";
import { report, type Format } from "./report.ts";
import type { Dim } from "./sizes.ts";
import type { SourceStore } from "./sources.ts";

/** The kernels of a file, or only the one named; null after its errors have been reported. */
export const loadSpecs = (
  file: string,
  kernel: string | undefined,
  sources: SourceStore,
  format: Format,
): readonly Spec[] | null => {
  const text = sources.read(file);
  const { program, diagnostics } = parseProgram(text, file);
  const only = kernel === undefined ? {} : { only: kernel };
  const checked = checkProgram(program, file, { resolveImport: sources.resolveImport, text, ...only });
  const errors = [...diagnostics, ...checked.diagnostics].filter((d) => d.severity === "error");
  if (errors.length > 0) {
    report(errors, sources, format);
    return null;
  }
  if (checked.specs.length === 0) throw new UsageError(`${file}: no kernel in this file`);
  return checked.specs;
};

/** The only kernel, or a UsageError that names them all. */
export const theOnly = (specs: readonly Spec[], file: string): Spec => {
  const [spec] = specs;
  if (spec !== undefined && specs.length === 1) return spec;
  throw new UsageError(`${file} has several kernels; choose one with --kernel: ${specs.map((s) => s.name).join(", ")}`);
};

/** Throws UsageError when a name of an option is not among those that the kernel has. */
export const checkNames = (option: string, given: Iterable<string>, known: readonly string[], what: string): void => {
  for (const name of given) {
    if (known.includes(name)) continue;
    const there = known.length === 0 ? `there are no ${what}` : `${what}: ${known.join(", ")}`;
    throw new UsageError(
      [`${option} ${name}: no such name`, didYouMean(name, known), there].filter((x) => x !== null).join("; "),
    );
  }
};

/** Type variables chosen on the command line. */
export const chosenTypes = (spec: Spec, types: Readonly<Record<string, string>>): Record<string, StorageType> => {
  checkNames(
    "--type",
    Object.keys(types),
    spec.typeVars.map((t) => t.name),
    "type variables",
  );
  const chosen: Record<string, StorageType> = {};
  for (const { name, options } of spec.typeVars) {
    const type = types[name];
    if (type === undefined) continue;
    const option = options.find((o) => o === type);
    if (option === undefined) throw new UsageError(`--type ${name}=${type}: ${name} may be ${options.join(" or ")}`);
    chosen[name] = option;
  }
  return chosen;
};

/** The storage type of a tensor, with type variables chosen; a variable's first option where none is. */
export const storageOf = (spec: Spec, dtype: string, types: Readonly<Record<string, StorageType>>): StorageType => {
  const variable = spec.typeVars.find((t) => t.name === dtype);
  return variable === undefined ? (dtype as StorageType) : (types[dtype] ?? variable.options[0] ?? "f32");
};

/** The dimensions of a tensor of the signature as equations over sizes; static parameters may be sizes too. */
export const dimsOf = (spec: Spec, dims: readonly SpecDim[]): readonly Dim[] =>
  dims.map(({ axes }) => {
    const found = axes.flatMap((id) => spec.axes.filter((axis) => axis.id === id));
    return {
      axes: found.map((axis) => axis.name),
      extent: found.map((axis) => axis.size).reduce<SizeExpr>((a, b) => size("*", a, b), 1),
    };
  });

/** The options that choose a version of a kernel at compile time. */
export type Choice = {
  readonly dims: Record<string, number>;
  readonly statics: Record<string, number>;
  readonly types: Record<string, StorageType>;
};

/** Checks `--dim`, `--static` and `--type` against a kernel. */
export const choose = (
  spec: Spec,
  dims: Record<string, number>,
  statics: Record<string, number>,
  types: Readonly<Record<string, string>>,
): Choice => {
  const names = (isStatic: boolean): string[] => spec.scalars.filter((s) => s.isStatic === isStatic).map((s) => s.name);
  checkNames("--dim", Object.keys(dims), spec.sizes, "sizes");
  const runtime = Object.keys(statics).find((name) => names(false).includes(name));
  if (runtime !== undefined)
    throw new UsageError(`--static ${runtime}: not a static parameter; give its value with --set`);
  checkNames("--static", Object.keys(statics), names(true), "static parameters");
  return { dims, statics, types: chosenTypes(spec, types) };
};
