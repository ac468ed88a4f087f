/**
 * Sources that nobody wrote: kernels of the standard library with an operator, a condition, a reduction or a number changed. What
 * compiles is accepted by Tint, the rest is refused with a diagnostic; the verifiers run between all stages. `TFX_FUZZ=2000` for more.
 */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { readCatalogue } from "../../src/cli/catalogue.ts";
import { createSources } from "../../src/cli/sources.ts";
import { BASELINE, TARGETS } from "../../src/base/target.ts";
import { compile } from "../../src/compile.ts";
import { compileFor } from "../gpu/stacks.ts";
import { randomFrom } from "../numeric/harness.ts";

const RUNS = Number(process.env["TFX_FUZZ"] ?? 80);
const SEED = Number(process.env["TFX_SEED"] ?? 77);

/** What is replaced, and by what. */
const CHANGES: readonly (readonly [RegExp, readonly string[]])[] = [
  [/ \+ /g, [" - ", " * ", " / "]],
  [/ - /g, [" + ", " * ", " / "]],
  [/ \* /g, [" + ", " / ", " - "]],
  [/ \/ /g, [" * ", " + "]],
  [/ <= /g, [" < ", " > ", " == ", " != "]],
  [/ < /g, [" <= ", " > ", " >= "]],
  [/ and /g, [" or "]],
  [/ or /g, [" and "]],
  [/ where [^\n]*/g, ["", " where j > 1"]],
  [/\bsum\[/g, ["max[", "min[", "mean[", "cumsum[", "argmax[", "prod[", "var["]],
  [/\bmax\[/g, ["sum[", "min[", "mean["]],
  [/\bsoftmax\[/g, ["sum[", "max[", "logsumexp["]],
  [/\[j\]/g, ["[i]", "[d]", "[h]"]],
  [/\[d\]/g, ["[j]", "[i]", "[e]"]],
  [/\bexp\b|\btanh\b/g, ["abs", "sqrt", "log", "cos", "floor", "erf", "sign"]],
  [/\b\d+\.\d+\b/g, ["0.0", "-1.0", "1e30", "0.5"]],
  [/\b[1-9]\b/g, ["0", "2147483647", "-3"]],
  [/\bif\b/g, ["if not"]],
  [/sqrt\(D\)/g, ["D", "sqrt(D - 1)", "0.0"]],
  [/f32\[/g, ["i32[", "bool["]],
];

const random = randomFrom(SEED);
const one = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T;

/** The text with one place of a kernel changed; null: nothing to change there. */
const mutated = (text: string, kernel: string): string | null => {
  const start = text.search(new RegExp(`^kernel ${kernel}\\b`, "m"));
  const end = text.indexOf("\n}", start);
  const [what, by] = one(CHANGES);
  const places = [...text.matchAll(what)].filter((m) => m.index >= start && m.index < end);
  if (places.length === 0) return null;
  const place = one(places);
  return `${text.slice(0, place.index)}${one(by)}${text.slice(place.index + place[0].length)}`;
};

test("mutants of the standard library are refused or valid", { timeout: 600_000 }, async () => {
  const { entries } = readCatalogue();
  const { resolveImport } = createSources();
  let valid = 0;
  for (let run = 0; run < RUNS;) {
    const e = one(entries);
    const text = mutated(
      readFileSync(new URL(`../../stdlib/${e.file.slice("std/".length)}.tfx`, import.meta.url), "utf8"),
      e.kernel,
    );
    if (text === null) continue;
    run++;
    const target = TARGETS[one(["baseline", "subgroups", "software", "software-subgroups"])] ?? BASELINE;
    const sizes = one([e.sizes.full, e.sizes.small]);
    const dims = Object.fromEntries(e.told.map((name) => [name, sizes[name] ?? 1]));
    const story = `${e.file} ${e.kernel} on ${target.name}, ${JSON.stringify(dims)}\n${text}`;
    let compiled: ReturnType<typeof compile>["compiled"] = [];
    expect(
      () =>
        ({ compiled } = compile(text, {
          file: `${e.file}.tfx`,
          kernel: e.kernel,
          dims,
          statics: e.sizes.statics,
          target,
          resolveImport,
        })),
      story,
    ).not.toThrow();
    // The null backend ends at the baseline's workgroup memory.
    for (const { artifact } of compiled.filter((c) =>
      c.artifact.dispatches.every((d) => d.workgroupBytes <= BASELINE.workgroupBytes),
    )) {
      expect(await compileFor({ ...target, workgroupBytes: BASELINE.workgroupBytes }, artifact), story).toEqual([]);
      valid++;
    }
  }
  // A mutant that is refused says nothing of the code.
  expect(valid).toBeGreaterThan(RUNS / 2);
});
