/** Every message about gradients is shown by a file; `docs/errors` has a page made of both. `// wrt:` and `// of:` give the options. */
import { readdirSync, readFileSync } from "node:fs";
import { basename } from "node:path";
import { describe, expect, test } from "vitest";
import { GRADIENT_CODES } from "../../src/base/codes-gradient.ts";
import type { Diagnostic } from "../../src/base/diagnostic.ts";
import { renderDiagnostic } from "../../src/base/render.ts";
import { errorPage } from "../../src/check/error-page.ts";
import { gradient } from "../../src/grad/gradient.ts";
import { checked } from "./differences.ts";

const DIR = new URL("./reject/", import.meta.url);
const read = (name: string): string => readFileSync(new URL(name, DIR), "utf8");
const names = readdirSync(DIR)
  .filter((f) => f.endsWith(".tfx"))
  .sort();

const list = (text: string, option: string): Readonly<Record<string, readonly string[]>> => {
  const found = new RegExp(`^// ${option}: (.*)$`, "m").exec(text)?.[1];
  return found === undefined ? {} : { [option]: found.split(" ") };
};

const reject = async (name: string): Promise<readonly Diagnostic[]> => {
  const text = read(name);
  const made = await gradient(checked(text, name), { ...list(text, "of"), ...list(text, "wrt") });
  expect(made.ok).toBe(false);
  return made.diagnostics;
};

const rendered = (name: string, diagnostics: readonly Diagnostic[]): string =>
  diagnostics.map((d) => renderDiagnostic(d, () => read(name), { color: false })).join("\n\n");

describe("what has no gradient", () => {
  test.each(names)("%s", async (name) => {
    const diagnostics = await reject(name);
    expect(diagnostics.map((d) => d.code)).toEqual([name.slice(0, 7)]);
    for (const d of diagnostics) expect(d.primary.span.file).toBe(name);
    await expect(`${rendered(name, diagnostics)}\n`).toMatchFileSnapshot(`./reject/${basename(name, ".tfx")}.txt`);
  });

  test.each(Object.keys(GRADIENT_CODES))("docs/errors/%s.md", async (code) => {
    const name = names.filter((f) => f.startsWith(`${code}-`)).sort((a, b) => a.length - b.length)[0] ?? "";
    const entry = GRADIENT_CODES[code];
    if (entry === undefined) throw new Error(`no entry ${code}`);
    const example = { source: read(name), rendered: rendered(name, await reject(name)) };
    await expect(errorPage(code, entry, example)).toMatchFileSnapshot(`../../docs/errors/${code}.md`);
  });
});
