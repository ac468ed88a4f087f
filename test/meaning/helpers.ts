/** The meaning of a source text, without compiling it. */
import { checkProgram } from "../../src/check/check.ts";
import type { Spec } from "../../src/check/spec.ts";
import { interpret, measure, type Inputs, type Measures } from "../../src/meaning/interpret.ts";
import { parseProgram } from "../../src/parser/parse.ts";
import { resolveImport } from "../numeric/harness.ts";

/** The checked kernel of a text that has one. */
const specOf = (text: string): Spec => {
  const parsed = parseProgram(text, "meaning.tfx");
  const checked = checkProgram(parsed.program, "meaning.tfx", { resolveImport });
  const errors = [...parsed.diagnostics, ...checked.diagnostics].filter((d) => d.severity === "error");
  const [spec] = checked.specs;
  if (errors.length > 0 || spec === undefined) throw new Error(errors.map((d) => `${d.code} ${d.message}`).join("; "));
  return spec;
};

type Given = Partial<Inputs>;

const full = (given: Given): Inputs => ({ sizes: {}, scalars: {}, tensors: {}, ...given });

/** All results as plain numbers. */
export const meaning = (text: string, given: Given = {}, precision: "f64" | "f32" = "f64"): Record<string, number[]> =>
  Object.fromEntries(
    Object.entries(interpret(specOf(text), full(given), precision)).map(([name, x]) => [name, [...x]]),
  );

export const measured = (text: string, given: Given = {}): Readonly<Record<string, Measures>> =>
  measure(specOf(text), full(given));
