/** What the pages say that `tfx explain` says is what it says. `npx vitest run --update=all test/docs/explained` writes the blocks anew. */
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { expect, test } from "vitest";
import { explained, explainedPage, runShell, sectionsOf } from "./explained.ts";

const PAGES = ["docs/derivation.md", "docs/fast.md"];
const TFX = resolve("bin/tfx.js");

/** Runs the command line; throws where it ends with an error. */
const tfx = (folder: string, words: readonly string[], input = ""): string => {
  const env = { ...process.env, NO_COLOR: "1" };
  const child = spawnSync(process.execPath, [TFX, ...words], { cwd: folder, encoding: "utf8", env, input });
  if (child.status !== 0) throw new Error(`tfx ${words.join(" ")}: ${child.stderr}`);
  return child.stdout;
};

test.each(PAGES)("%s", async (page) => {
  const made = explainedPage(readFileSync(page, "utf8"));
  expect([...made.matchAll(/^```text explain/gm)].length).toBeGreaterThan(4);
  await expect(made).toMatchFileSnapshot(resolve(page));
});

test.each(PAGES)("the commands of %s run", (page) => {
  const text = readFileSync(page, "utf8");
  expect(runShell(text, tfx).length).toBe([...text.matchAll(/^npx tfx /gm)].length);
});

test("the command line says the same", () => {
  const page = readFileSync("docs/derivation.md", "utf8");
  const text = /^```tfx window.tfx\n([\s\S]*?)^```$/m.exec(page)?.[1] ?? "";
  const said = tfx(".", ["explain", "-", "--dim", "D=32", "--set", "w=128"], text);
  expect(said.trim()).toBe(explained(text, ["-", "--dim", "D=32", "--set", "w=128"]));
});

test("headings with and without blanks, and what stands below them", () => {
  const report =
    "kernel k: writes o\n  rows      one\n            two\n  empty row o = 0\n  why not   no\n\nbindings\n  0: input";
  expect(sectionsOf(report, ["rows", "empty row"])).toEqual(["rows      one", "          two", "empty row o = 0"]);
  expect(() => sectionsOf(report, ["gauge"])).toThrow("no such heading: gauge");
});
