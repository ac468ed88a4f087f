/** The walk of `q` in ARCHITECTURE.md is what `--print-after` prints. */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { BASELINE } from "../../src/base/target.ts";
import { PASS_NAMES } from "../../src/cli/level-names.ts";
import { textAfter } from "../../src/cli/print-after.ts";
import { compile } from "../../src/compile.ts";
import { std } from "../../src/std/library.ts";

const FILE = "stdlib/attention/causal.tfx";
const text = readFileSync(new URL(`../../${FILE}`, import.meta.url), "utf8");
const page = readFileSync(new URL("../../ARCHITECTURE.md", import.meta.url), "utf8");
const section = page.slice(page.indexOf("## Following `q`"), page.indexOf("## Code map"));
/** Passes with the code of their row; a name alone is one of the source. */
const rows = [...section.matchAll(/^\| `(\w+)` +\| (.*?) \|/gm)].map(
  ([, pass = "", what = ""]) =>
    [pass, [...what.matchAll(/`([^`]+)`/g)].map(([, code = ""]) => code).filter((c) => /\W/.test(c))] as const,
);
const { compiled, diagnostics } = compile(text, {
  file: FILE,
  target: BASELINE,
  dims: { D: 64, E: 64 },
  resolveImport: std,
});

test("every pass has its row", () => expect(rows.map(([pass]) => pass)).toEqual(PASS_NAMES));

test.each(rows)("after %s", (name, code) => {
  expect(diagnostics).toEqual([]);
  const pass = PASS_NAMES.find((p) => p === name);
  const [one] = compiled;
  if (pass === undefined || one === undefined) throw new Error(`no pass ${name}`);
  const printed = textAfter(pass, { text, file: FILE }, one.spec, one);
  expect(code.filter((c) => !printed.includes(c))).toEqual([]);
});
