/** A state of the page compiled: which kernel, at which values, with what the plan asks for. */
import type { Diagnostic } from "../../src/base/diagnostic.ts";
import { BASELINE, TARGETS, type Target } from "../../src/base/target.ts";
import type { Spec } from "../../src/check/spec.ts";
import { compileSpec } from "../../src/compile.ts";
import type { Compiled } from "../../src/compiled.ts";
import { constantOf } from "../../src/ir/statics.ts";
import { createSession } from "../../src/session/session.ts";
import { std } from "../../src/std/library.ts";
import type { Parameter, State, TypeChoice } from "../protocol.ts";

/** What the text of the editor is called. */
export const FILE = "kernel.tfx";

/** The one file that is edited, and the library that it may use. */
export const session = createSession((path) => std(path));

/** Sizes by the letters that the library uses throughout: two heads, rows of a few vectors; small enough for the interpreter. */
const USUAL: Readonly<Record<string, number>> = { B: 1, H: 2, G: 2, R: 2, N: 256, M: 256, D: 32, E: 32, V: 256, P: 16 };
const OTHERWISE = 16;
const WINDOW = 64;

const SIZE_NEEDED = "TFX4002";

export const targetOf = (state: State): Target => TARGETS[state.target] ?? BASELINE;

/** The value of a default over sizes and parameters that are known, or null. */
type Known = ReadonlyMap<string, number>;

/** Every size and parameter with its value; `fixed` is filled in by `compileState`. */
const parametersOf = (spec: Spec, state: State): readonly Parameter[] => {
  const known = new Map<string, number>();
  const scalar = new Set(spec.scalars.map((s) => s.name));
  const sizes = spec.sizes
    .filter((name) => !scalar.has(name))
    .map((name): Parameter => {
      const value = state.values[name] ?? USUAL[name] ?? OTHERWISE;
      known.set(name, value);
      return { name, kind: "size", value, whole: true, fixed: state.fixed.includes(name) ? "chosen" : null };
    });
  const scalars = spec.scalars.map((s): Parameter => {
    const whole = s.dtype !== "f32";
    const other = s.dtype === "bool" ? 1 : whole ? WINDOW : 1;
    const value = state.values[s.name] ?? (s.init === null ? null : defaultOf(s.init, known)) ?? other;
    known.set(s.name, value);
    return { name: s.name, kind: s.isStatic ? "static" : "scalar", value, whole, fixed: s.isStatic ? "chosen" : null };
  });
  return [...sizes, ...scalars];
};

const defaultOf = (init: NonNullable<Spec["scalars"][number]["init"]>, known: Known): number | null => {
  const value = constantOf(init, known);
  return value === null || !Number.isFinite(value) ? null : value;
};

const typesOf = (spec: Spec, state: State): readonly TypeChoice[] =>
  spec.typeVars.map(({ name, options }) => {
    const wanted = state.types[name];
    const value = options.find((o) => o === wanted) ?? options[0] ?? "f32";
    return { name, value, options };
  });

/** What became of a state. `compiled` is null where an error stands in the way. */
export type Outcome = {
  readonly spec: Spec | null;
  readonly compiled: Compiled | null;
  readonly diagnostics: readonly Diagnostic[];
  readonly parameters: readonly Parameter[];
  readonly types: readonly TypeChoice[];
};

export const valuesOf = (parameters: readonly Parameter[], kind: Parameter["kind"]): Record<string, number> =>
  Object.fromEntries(parameters.filter((p) => p.kind === kind).map((p) => [p.name, p.value]));

/** Sizes that a diagnostic says must be known. */
const asked = (diagnostics: readonly Diagnostic[], names: readonly string[]): readonly string[] =>
  diagnostics
    .filter((d) => d.code === SIZE_NEEDED)
    .flatMap((d) => names.filter((n) => new RegExp(`--dim ${n}=`).test(d.help ?? "")));

/** Puts the text into the session and says what is wrong with it. */
export const checkState = (
  state: State,
): { readonly specs: readonly Spec[]; readonly diagnostics: readonly Diagnostic[] } => {
  session.set(FILE, state.text);
  return session.check(FILE);
};

export const specOf = (specs: readonly Spec[], state: State): Spec | null =>
  specs.find((s) => s.name === state.kernel) ?? specs[0] ?? null;

/** The kernel of a checked state, down to the artifact; sizes that the plan must know are told to it. */
export const compileState = (state: State, spec: Spec | null): Outcome => {
  if (spec === null) return { spec, compiled: null, diagnostics: [], parameters: [], types: [] };
  const parameters = parametersOf(spec, state);
  const types = typesOf(spec, state);
  const sizes = valuesOf(parameters, "size");
  const told = new Set(Object.keys(sizes).filter((name) => state.fixed.includes(name)));
  const needed = new Set<string>();
  for (;;) {
    const dims = Object.fromEntries(Object.entries(sizes).filter(([name]) => told.has(name) || needed.has(name)));
    const options = {
      kernel: spec.name,
      dims,
      statics: valuesOf(parameters, "static"),
      types: Object.fromEntries(types.map((t) => [t.name, t.value])),
      target: targetOf(state),
    };
    // Gives up with the first thing that is wrong: a size that is asked for is told, without a look at what follows.
    const found = compileSpec(spec, { file: FILE, ...options });
    const isWrong = "severity" in found;
    const more = asked(isWrong ? [found] : [], Object.keys(sizes)).filter((n) => !told.has(n) && !needed.has(n));
    for (const name of more) needed.add(name);
    if (more.length > 0) continue;
    const diagnostics = isWrong ? session.compile(FILE, options).diagnostics : found.warnings;
    const shown = parameters.map((p) =>
      needed.has(p.name) && p.fixed === null ? { ...p, fixed: "asked" as const } : p,
    );
    return { spec, compiled: isWrong ? null : found, diagnostics, parameters: shown, types };
  }
};
