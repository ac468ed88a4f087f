/**
 * Every kernel of the standard library with a type variable, once in half floats: inputs rounded to f16, compared with their f64
 * meaning. Allowed is the rounding of what is stored and twice the error of naive f32. lavapipe takes seconds to compile a
 * kernel: every fourth runs, all do with TFX_ALL_STACKS=1.
 */
import { readdirSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { checkProgram } from "../../src/check/check.ts";
import type { Spec } from "../../src/check/spec.ts";
import { accuracy } from "../../src/cli/accuracy.ts";
import type { Target } from "../../src/base/target.ts";
import { compile, type Compiled } from "../../src/compile.ts";
import { parseProgram } from "../../src/parser/parse.ts";
import { stacks, type Stack } from "../gpu/stacks.ts";
import { faults, inputsOf } from "../numeric/harness.ts";
import { resolveStd, stdlibText, toNumbers, toTyped } from "./oracles-norm/run.ts";

const SIZES: Readonly<Record<string, number>> = {
  B: 2,
  C: 6,
  D: 10,
  E: 6,
  F: 14,
  G: 2,
  H: 3,
  K: 3,
  L: 5,
  M: 17,
  N: 13,
  P: 4,
  Q: 6,
  R: 2,
  S: 3,
  T: 5,
  U: 5,
  V: 11,
  W: 6,
  X: 5,
  Y: 6,
  Z: 1,
};
const sizeOf = (name: string): number => SIZES[name] ?? 4;

const files = readdirSync(new URL("../../stdlib/", import.meta.url), { recursive: true, encoding: "utf8" })
  .filter((f) => f.endsWith(".tfx"))
  .map((f) => f.replaceAll("\\", "/").slice(0, -4))
  .sort();

const EVERY = process.env["TFX_ALL_STACKS"] === "1" ? 1 : 4;

type Entry = { readonly file: string; readonly spec: Spec };
const generic: readonly Entry[] = files.flatMap((file) => {
  const { program } = parseProgram(stdlibText(file), `${file}.tfx`);
  const { specs } = checkProgram(program, `${file}.tfx`, { resolveImport: resolveStd });
  return specs.filter((s) => s.typeVars.some((t) => t.options.includes("f16"))).map((spec) => ({ file, spec }));
});

/** Values for the parameters that have no default. */
const valuesOf = (spec: Spec, isStatic: boolean): Record<string, number> =>
  Object.fromEntries(
    spec.scalars
      .filter((s) => s.isStatic === isStatic && s.init === null)
      .map((s) => [s.name, s.dtype === "f32" ? 0.5 : s.dtype === "bool" ? 1 : 2]),
  );

const halvesOf = (spec: Spec): Record<string, string> => Object.fromEntries(spec.typeVars.map((t) => [t.name, "f16"]));

/** With sizes free as far as the planner lets them. */
const compileHalf = ({ file, spec }: Entry, target: Target): Compiled => {
  const types = halvesOf(spec);
  let dims: Record<string, number> = {};
  for (;;) {
    const { compiled, diagnostics } = compile(stdlibText(file), {
      file: `${file}.tfx`,
      kernel: spec.name,
      dims,
      types,
      statics: valuesOf(spec, true),
      target,
      resolveImport: resolveStd,
    });
    const errors = diagnostics.filter((d) => d.severity === "error");
    const asked = spec.sizes.filter(
      (s) => !(s in dims) && errors.some((d) => d.code === "TFX4002" && new RegExp(`--dim ${s}=`).test(d.help ?? "")),
    );
    if (asked.length > 0) {
      dims = { ...dims, ...Object.fromEntries(asked.map((s) => [s, sizeOf(s)])) };
      continue;
    }
    const [one] = compiled;
    if (one === undefined) throw new Error(errors.map((d) => `${d.code} ${d.message}`).join("; "));
    return one;
  }
};

const [lavapipe] = (await stacks(["lavapipe"])) as [Stack];
const reason = !lavapipe.available ? lavapipe.reason : lavapipe.target.f16 ? null : "lavapipe here has no shader-f16";
if (reason !== null) console.log(`f16 is left out: ${reason}`);
const chosen = generic.filter((_, n) => n % EVERY === 0);
if (EVERY > 1) console.log(`f16: ${chosen.length} of ${generic.length} kernels run; all do with TFX_ALL_STACKS=1`);

const run = async (entry: Entry): Promise<readonly string[]> => {
  const compiled = compileHalf(entry, lavapipe.target);
  const sizes = Object.fromEntries(entry.spec.sizes.map((s) => [s, sizeOf(s)]));
  const scalars = valuesOf(entry.spec, false);
  const dtypes = new Map(compiled.artifact.tensors.map((t) => [t.name, t.dtype]));
  // A recurrence on any numbers grows beyond half floats: rates below 1, decays below 0.
  const recurs = compiled.plan.kernels.some((k) => k.scans.length > 0);
  const rate = (name: string, random: () => number): number =>
    (name === "decay" || name === "g" ? -1 : 1) * (0.05 + 0.3 * random());
  const values = inputsOf(compiled, {
    kernel: entry.spec.name,
    sizes,
    known: [],
    inputs: (name, count, random) =>
      ["f32", "f16"].includes(dtypes.get(name) ?? "") && recurs
        ? Array.from({ length: count }, () => rate(name, random))
        : ["f32", "f16", "bool"].includes(dtypes.get(name) ?? "")
          ? null
          : Array.from({ length: count }, () => Math.floor(random() * 4)),
  });
  const typed = Object.fromEntries(
    Object.entries(values).map(([name, x]) => [name, toTyped(dtypes.get(name) ?? "f32", x)]),
  );
  const outputs = await lavapipe.run(compiled.artifact, typed, sizes, scalars);
  const found = Object.fromEntries(
    entry.spec.results.map((r) => [r.name, toNumbers(dtypes.get(r.name) ?? "f32", outputs[r.name])]),
  );
  const results = accuracy(
    { spec: compiled.spec, types: halvesOf(compiled.spec) },
    { sizes, tensors: values, scalars, statics: valuesOf(entry.spec, true) },
    found,
  );
  expect(results).toHaveLength(entry.spec.results.length);
  expect([...dtypes.values()]).toContain("f16");
  return faults(results);
};

describe("half floats", () => {
  test("there are kernels with a type variable", () => expect(generic.length).toBeGreaterThan(100));
  test.skipIf(reason !== null).each(chosen.map((e) => [`${e.file}: ${e.spec.name}`, e] as const))(
    "%s",
    async (_, entry) => expect(await run(entry)).toEqual([]),
  );
});
