/** A checker with files in memory, and messages as a user sees them. */
import { readFileSync } from "node:fs";
import { checkProgram, type Checked } from "../../src/check/check.ts";
import type { Spec } from "../../src/check/spec.ts";
import { verifySpec } from "../../src/check/verify-spec.ts";
import { parseProgram } from "../../src/parser/parse.ts";
import { renderDiagnostic } from "../../src/base/render.ts";

export const PRELUDE_TEXT = readFileSync(new URL("../../stdlib/prelude.tfx", import.meta.url), "utf8");

type Files = Readonly<Record<string, string>>;

/** `./x.tfx` relative to the importing file, among files named like `lib/x.tfx`. */
const resolvePath = (path: string, from: string): string =>
  path.startsWith(".") ? new URL(path, `file:///${from}`).pathname.slice(1) : path;

export const resolver = (files: Files) => (path: string, from: string) => {
  if (path === "std/prelude") return { file: "std/prelude.tfx", text: PRELUDE_TEXT };
  const name = resolvePath(path, from);
  const found = [name, `${name}.tfx`].find((n) => files[n] !== undefined);
  return found === undefined ? null : { file: found, text: files[found]! };
};

export type CheckedText = Checked & { readonly codes: readonly string[]; readonly text: string };

/** Parses and checks; messages of both, with every spec verified. */
export const check = (text: string, files: Files = {}, only?: string): CheckedText => {
  const file = "main.tfx";
  const all = { ...files, [file]: text };
  const parsed = parseProgram(text, file);
  const checked = checkProgram(parsed.program, file, {
    resolveImport: resolver(all),
    text,
    ...(only === undefined ? {} : { only }),
  });
  const diagnostics = [...parsed.diagnostics, ...checked.diagnostics];
  const violations = checked.specs.flatMap(verifySpec);
  if (violations.length > 0) throw new Error(`violated: ${violations.join("; ")}`);
  return { specs: checked.specs, diagnostics, codes: diagnostics.map((d) => d.code), text: render(diagnostics, all) };
};

/** Messages as text, separated by empty lines. */
export const render = (diagnostics: Checked["diagnostics"], files: Files): string => {
  const sources = (file: string): string | undefined => (file === "std/prelude.tfx" ? PRELUDE_TEXT : files[file]);
  return diagnostics.map((d) => renderDiagnostic(d, sources, { color: false })).join("\n\n");
};

/** The only kernel of a text that must have no errors. */
export const checkOne = (text: string, files: Files = {}): Spec => {
  const { specs, diagnostics, text: rendered } = check(text, files);
  if (diagnostics.some((d) => d.severity === "error") || specs.length !== 1)
    throw new Error(rendered || `${specs.length} kernels`);
  return specs[0]!;
};

/** The codes of the errors in a kernel body over some common tensors. */
export const bodyErrors = (body: string): readonly string[] => {
  const text = `kernel k(q: f32[b: B, h: H, i: N, d: D], k: f32[b, h, j: M, d], v: f32[b, h, j, e: E],
    n: i32[b], keep: bool[j], c: f32, w: i32) -> o: f32[b, h, i, e] {\n${body}\n}`;
  return check(text).diagnostics.flatMap((d) => (d.severity === "error" ? [d.code] : []));
};
