/** What a caller chooses of a kernel, checked: sizes, static parameters and element types. */
import { PLANNING } from "./base/costs.ts";
import { type Diagnostic, error } from "./base/diagnostic.ts";
import { type SizeExpr, bindSize, printSize, size, sizeNames } from "./base/size.ts";
import { didYouMean } from "./base/suggest.ts";
import { isWhole, MAX_SIZE, show } from "./base/unknown.ts";
import type { Spec, SpecScalar } from "./check/spec.ts";
import { postOrder } from "./check/walk-spec.ts";
import { constantOf } from "./ir/statics.ts";

/** The part of the options that chooses a version of a kernel. Values are checked here, so they may be anything. */
export type Choices = {
  readonly dims?: Readonly<Record<string, unknown>>;
  readonly statics?: Readonly<Record<string, unknown>>;
  readonly types?: Readonly<Record<string, unknown>>;
};

/** `name`: of the size, parameter or type variable; `reason` without it. */
export type ChoiceFault = {
  readonly option: keyof Choices;
  readonly name: string;
  readonly code: "TFX6001" | "TFX6002";
  readonly reason: string;
};

const WHOLE = { i32: [-(2 ** 31), 2 ** 31 - 1], u32: [0, 2 ** 32 - 1] } as const;

/** Why a value does not suit a scalar parameter, or null. */
export const scalarFault = ({ name, dtype }: SpecScalar, value: unknown): string | null => {
  if (dtype === "bool") return value === 0 || value === 1 ? null : `\`${name}\` is a bool, true or false`;
  if (dtype === "f32") {
    if (typeof value !== "number" || Number.isNaN(value)) return `\`${name}\` is of type f32, a number`;
    return Number.isFinite(value) && !Number.isFinite(Math.fround(value)) ? "too large for f32" : null;
  }
  const [low, high] = WHOLE[dtype];
  return isWhole(value, low, high) ? null : `\`${name}\` is of type ${dtype}, a whole number from ${low} to ${high}`;
};

const sizeFault = (value: unknown): string | null =>
  isWhole(value, 0)
    ? null
    : typeof value === "number" && value > MAX_SIZE
      ? `a size is at most ${MAX_SIZE}`
      : "a size is a whole number >= 0";

const unknown = (name: string, known: readonly string[], what: string): string =>
  [
    "no such name",
    didYouMean(name, known),
    known.length === 0 ? `there are no ${what}` : `${what}: ${known.join(", ")}`,
  ]
    .filter((x) => x !== null)
    .join("; ");

/** Names that a kernel lacks and values that do not suit it. */
export const choiceFaults = (spec: Spec, { dims = {}, statics = {}, types = {} }: Choices): readonly ChoiceFault[] => {
  const out: ChoiceFault[] = [];
  const add = (option: keyof Choices, code: ChoiceFault["code"], name: string, reason: string | null): void => {
    if (reason !== null) out.push({ option, name, code, reason });
  };
  for (const [name, value] of Object.entries(dims)) {
    if (spec.sizes.includes(name)) add("dims", "TFX6002", name, sizeFault(value));
    else add("dims", "TFX6001", name, unknown(name, spec.sizes, "sizes"));
  }
  const fixed = spec.scalars.filter((s) => s.isStatic);
  for (const [name, value] of Object.entries(statics)) {
    const scalar = spec.scalars.find((s) => s.name === name);
    if (scalar === undefined)
      add(
        "statics",
        "TFX6001",
        name,
        unknown(
          name,
          fixed.map((s) => s.name),
          "static parameters",
        ),
      );
    else if (!scalar.isStatic) add("statics", "TFX6001", name, "not a static parameter; give its value with --set");
    else add("statics", "TFX6002", name, scalarFault(scalar, value));
  }
  for (const [name, value] of Object.entries(types)) {
    const variable = spec.typeVars.find((t) => t.name === name);
    if (variable === undefined)
      add(
        "types",
        "TFX6001",
        name,
        unknown(
          name,
          spec.typeVars.map((t) => t.name),
          "type variables",
        ),
      );
    else
      add(
        "types",
        "TFX6002",
        name,
        variable.options.some((o) => o === value) ? null : `${name} may be ${variable.options.join(" or ")}`,
      );
  }
  return out;
};

/** A fault as a diagnostic, at the declaration of what it is about. */
export const choiceDiagnostic = (spec: Spec, fault: ChoiceFault, given: unknown): Diagnostic => {
  const { option, name, code } = fault;
  const declared =
    option === "dims"
      ? spec.axes.find((a) => sizeNames(a.size).includes(name))?.span
      : option === "statics"
        ? spec.scalars.find((s) => s.name === name)?.span
        : undefined;
  const reason = fault.reason.replace("give its value with --set", "it is a value of the run");
  const place = declared === undefined || declared.file !== spec.file ? spec.span : declared;
  return error(code, place, `\`${option}.${name}\`${code === "TFX6002" ? ` is ${show(given)}` : ""}: ${reason}`);
};

/**
 * What cannot be with the sizes and static parameters chosen, each fault at its place: parameters without a value, axes and tensors
 * without a size, ranks out of range. The choices themselves are right.
 */
export const chosenFaults = (
  spec: Spec,
  dims: Readonly<Record<string, number>>,
  statics: Readonly<Record<string, number>>,
): readonly Diagnostic[] => {
  const out: Diagnostic[] = [];
  const known = new Map(Object.entries(dims));
  for (const s of spec.scalars) {
    if (!s.isStatic) continue;
    const value = statics[s.name] ?? (s.init === null ? null : constantOf(s.init, known));
    if (value === null)
      out.push(error("TFX4003", s.span, `static parameter \`${s.name}\` has no value`, `--static ${s.name}=…`));
    else known.set(s.name, value);
  }
  if (out.length > 0) return out;
  const withNames = (e: SizeExpr): string =>
    typeof e === "string"
      ? ""
      : ` with ${sizeNames(e)
          .map((n) => `${n} = ${known.get(n)}`)
          .join(", ")}`;
  for (const axis of spec.axes) {
    const bound = bindSize(axis.size, known);
    if (typeof bound !== "number" || isWhole(bound, 0)) continue;
    const what = Number.isInteger(bound) && bound > 0 ? `is more than ${MAX_SIZE}` : "is no size, a whole number >= 0";
    out.push(
      error(
        "TFX6002",
        axis.span.file === spec.file ? axis.span : spec.span,
        `axis \`${axis.name}\`: ${printSize(axis.size)} is ${bound}${withNames(axis.size)}: it ${what}`,
      ),
    );
  }
  if (out.length > 0) return out;
  for (const t of [...spec.tensors, ...spec.results]) {
    const axes = t.dims.flatMap((d) => d.axes).flatMap((id) => spec.axes.filter((a) => a.id === id));
    const count = axes.reduce<SizeExpr>((n, a) => size("*", n, bindSize(a.size, known)), 1);
    if (typeof count === "number" && count > MAX_SIZE)
      out.push(error("TFX6002", t.span, `\`${t.name}\` has ${count} elements, more than ${MAX_SIZE}: indices are i32`));
  }
  for (const e of postOrder(spec.results.map((r) => r.value))) {
    if (e.kind !== "reduce" || e.k === null) continue;
    const k = constantOf(e.k, known);
    const place = e.k.span.file === spec.file ? e.k.span : e.span;
    if (k !== null && k < 1) out.push(error("TFX6002", place, `the rank of \`kth_largest\` is ${k}: the largest is 1`));
    if (k !== null && k > PLANNING.carried)
      out.push(
        error(
          "TFX4006",
          place,
          `\`kth_largest\` of rank ${k} carries as many numbers for a row in registers, more than ${PLANNING.carried}`,
        ),
      );
  }
  return out;
};
