/**
 * Every code of the planner is shown by a file, with the message that a user reads; `docs/errors` has a page made of both.
 * `// dims:` gives the sizes known at compile time, `// schedule: tile=…` replaces numbers of the planner's schedule. `vitest run --update=all` writes anew.
 */
import { readdirSync, readFileSync } from "node:fs";
import { basename } from "node:path";
import { describe, expect, test } from "vitest";
import { errorPage } from "../../src/check/error-page.ts";
import { BASELINE } from "../../src/base/target.ts";
import { compile } from "../../src/compile.ts";
import { limitDiagnostics } from "../../src/limits.ts";
import type { Schedule } from "../../src/ir/schedule/schedule.ts";
import { planNotes } from "../../src/explain/notes.ts";
import { PLAN_CODES } from "../../src/base/codes-plan.ts";
import type { Diagnostic } from "../../src/base/diagnostic.ts";
import { renderDiagnostic } from "../../src/base/render.ts";
import { resolveImport } from "../numeric/harness.ts";

const DIR = new URL("./", import.meta.url);
const read = (name: string): string => readFileSync(new URL(name, DIR), "utf8");
const names = readdirSync(DIR)
  .filter((f) => f.endsWith(".tfx"))
  .sort();

const directive = (text: string, name: string): Record<string, number> =>
  Object.fromEntries(
    [...(new RegExp(`^// ${name}: (.*)$`, "m").exec(text)?.[1] ?? "").matchAll(/(\w+)=(\d+)/g)].map((m) => [
      m[1],
      Number(m[2]),
    ]),
  );

const reject = (name: string): readonly Diagnostic[] => {
  const text = read(name);
  const { tile, ...rest } = directive(text, "schedule");
  const given = { ...rest, ...(tile === undefined ? {} : { source: "workgroup", tile }) };
  const result = compile(text, {
    file: name,
    dims: directive(text, "dims"),
    target: BASELINE,
    resolveImport,
    ...(Object.keys(given).length === 0 ? {} : { schedule: (chosen) => ({ ...chosen, ...given }) as Schedule }),
  });
  const later = result.compiled.flatMap((c) => [...limitDiagnostics(c, BASELINE), ...planNotes(c)]);
  return [...result.diagnostics.filter((d) => d.severity !== "warning" || d.code in PLAN_CODES), ...later];
};

/** What a user sees of a file: without the test's own directives. */
const shown = (text: string): string => text.replace(/^\/\/ (dims|schedule): .*\n/gm, "");

describe("what the planner reports", () => {
  test.each(names)("%s", async (name) => {
    const diagnostics = reject(name);
    expect([...new Set(diagnostics.map((d) => d.code))]).toEqual([name.slice(0, 7)]);
    const text = diagnostics.map((d) => renderDiagnostic(d, () => read(name), { color: false })).join("\n\n");
    await expect(`${text}\n`).toMatchFileSnapshot(`./${basename(name, ".tfx")}.txt`);
  });

  test("is all shown here", () => {
    expect([...new Set(names.map((n) => n.slice(0, 7)))]).toEqual(Object.keys(PLAN_CODES).sort());
  });

  test("names axes and lines, never a node", () => {
    for (const name of names) {
      for (const d of reject(name)) {
        expect(d.message, name).toMatch(/^[a-z0-9`"][^\n]*[^.\n]$/);
        expect(`${d.message} ${d.primary.text} ${d.help ?? ""}`, name).not.toMatch(/undefined|\[object|NaN|%\d/);
        expect(d.primary.span.file, name).toBe(name);
      }
    }
  });

  test("a plan of one pass that fits gets no note", () => {
    const text = read("TFX4001-tile-too-large.tfx");
    const { compiled, diagnostics } = compile(text, {
      file: "a.tfx",
      dims: { D: 64, E: 64 },
      target: BASELINE,
      resolveImport,
    });
    expect(diagnostics).toEqual([]);
    expect(compiled.flatMap((c) => [...planNotes(c), ...limitDiagnostics(c, BASELINE)])).toEqual([]);
  });
});

describe("docs/errors", () => {
  test.each(Object.keys(PLAN_CODES))("%s.md", async (code) => {
    const name = names.filter((f) => f.startsWith(code)).sort((a, b) => a.length - b.length)[0] ?? "";
    const entry = PLAN_CODES[code];
    if (entry === undefined) throw new Error(`no entry ${code}`);
    const rendered = read(name.replace(".tfx", ".txt"));
    await expect(errorPage(code, entry, { source: shown(read(name)), rendered })).toMatchFileSnapshot(
      `../../docs/errors/${code}.md`,
    );
  });
});
