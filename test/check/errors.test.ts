/** The pages in docs/errors are what the catalogue and the rejected examples say. `vitest run --update=all` writes them anew. */
import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { CHECK_CODES } from "../../src/check/codes.ts";
import { GRADIENT_CODES } from "../../src/base/codes-gradient.ts";
import { ONNX_CODES } from "../../src/base/codes-onnx.ts";
import { OPTION_CODES } from "../../src/base/codes-options.ts";
import { errorPage } from "../../src/check/error-page.ts";
import { CODES } from "../../src/base/codes.ts";
import { PLAN_CODES } from "../../src/base/codes-plan.ts";

const REJECT = new URL("../reject/", import.meta.url);
const fixtures = readdirSync(REJECT)
  .filter((f) => f.endsWith(".tfx"))
  .sort();

describe("docs/errors", () => {
  test.each(Object.keys(CHECK_CODES))("%s.md", async (code) => {
    // The shortest name of a code's examples is the plain case.
    const name = fixtures.filter((f) => f.startsWith(`${code}-`)).sort((a, b) => a.length - b.length)[0]!;
    const source = readFileSync(new URL(name, REJECT), "utf8");
    const rendered = readFileSync(new URL(name.replace(".tfx", ".txt"), REJECT), "utf8");
    await expect(errorPage(code, CHECK_CODES[code]!, { source, rendered })).toMatchFileSnapshot(
      `../../docs/errors/${code}.md`,
    );
  });

  test("README.md lists every message", async () => {
    const codes = Object.entries({
      ...CODES,
      ...CHECK_CODES,
      ...PLAN_CODES,
      ...OPTION_CODES,
      ...ONNX_CODES,
      ...GRADIENT_CODES,
    }).sort(([a], [b]) => (a < b ? -1 : 1));
    const rows = codes.map(([code, { title }]) => `| ${code in CODES ? code : `[${code}](${code}.md)`} | ${title} |`);
    const head = [
      "# Messages",
      "",
      "`npx tfx explain TFX2103` shows the page of a message. TFX1xxx is about syntax.",
      "",
    ];
    const page = [...head, "| number | about |", "| - | - |", ...rows, ""].join("\n");
    await expect(page).toMatchFileSnapshot("../../docs/errors/README.md");
  });

  test("titles are short and every explanation is a text of its own", () => {
    const entries = Object.values(CHECK_CODES);
    for (const { title, explain } of entries) {
      expect(title.length).toBeLessThan(60);
      expect(explain.length).toBeGreaterThan(60);
    }
    expect(new Set(entries.map((e) => e.title)).size).toBe(entries.length);
  });
});
