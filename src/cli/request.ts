/** What a command line says about a kernel, checked against the kernel's signature. */
import { checkProgram } from "../check/check.ts";
import type { Spec, SpecDim } from "../check/spec.ts";
import type { StorageType } from "../base/storage-type.ts";
import { didYouMean } from "../base/suggest.ts";
import { constantOf } from "../ir/statics.ts";
import { size, type SizeExpr } from "../base/size.ts";
import { choiceFaults, scalarFault, type Choices } from "../choices.ts";
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

/** Throws UsageError when a value does not suit the type of its scalar parameter. */
const checkValues = (option: string, spec: Spec, values: Readonly<Record<string, number>>): void => {
  for (const scalar of spec.scalars) {
    const value = values[scalar.name];
    const why = value === undefined ? null : scalarFault(scalar, value);
    if (why !== null) throw new UsageError(`${option} ${scalar.name}=${value}: ${why}`);
  }
};

/** Checks `--set` against a kernel: names, types, and that nothing without a default is left out. */
export const chooseScalars = (spec: Spec, values: Record<string, number>): Record<string, number> => {
  const fixed = spec.scalars.find((s) => s.isStatic && values[s.name] !== undefined);
  if (fixed !== undefined)
    throw new UsageError(`--set ${fixed.name}: a static parameter; give its value with --static`);
  const runtime = spec.scalars.filter((s) => !s.isStatic);
  checkNames(
    "--set",
    Object.keys(values),
    runtime.map((s) => s.name),
    "scalar parameters",
  );
  checkValues("--set", spec, values);
  const missing = runtime.filter((s) => s.init === null && values[s.name] === undefined).map((s) => s.name);
  if (missing.length > 0)
    throw new UsageError(
      `no value for ${missing.map((name) => `\`${name}\``).join(", ")}: give ${missing.map((name) => `--set ${name}=…`).join(" ")}`,
    );
  return values;
};

/** `sizes` with the integer parameters, which may be sizes too: those chosen, and defaults as far as `sizes` decide them. */
export const integersOf = (
  spec: Spec,
  chosen: Readonly<Record<string, number>>,
  sizes: Readonly<Record<string, number>>,
): Record<string, number> => {
  const known = new Map(Object.entries(sizes));
  for (const { name, dtype, init } of spec.scalars) {
    if (dtype !== "i32" && dtype !== "u32") continue;
    const value = chosen[name] ?? known.get(name) ?? (init === null ? null : constantOf(init, known));
    if (value !== null) known.set(name, value);
  }
  return Object.fromEntries(known);
};

/** The options that choose a version of a kernel at compile time. */
export type Choice = {
  readonly dims: Record<string, number>;
  readonly statics: Record<string, number>;
  readonly types: Record<string, StorageType>;
};

const OPTION = { dims: "--dim", statics: "--static", types: "--type" } as const;

/** Checks `--dim`, `--static` and `--type` against a kernel. */
export const choose = (
  spec: Spec,
  dims: Record<string, number>,
  statics: Record<string, number>,
  types: Readonly<Record<string, string>>,
): Choice => {
  const given: Choices = { dims, statics, types };
  const [fault] = choiceFaults(spec, given);
  if (fault === undefined) return { dims, statics, types: types as Record<string, StorageType> };
  const value = fault.code === "TFX6002" ? `=${String(given[fault.option]?.[fault.name])}` : "";
  throw new UsageError(`${OPTION[fault.option]} ${fault.name}${value}: ${fault.reason}`);
};
