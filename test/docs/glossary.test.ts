/** docs/glossary.md: every word once, in a file that exists and says it. */
import { existsSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";

const ROOT = new URL("../../", import.meta.url);
const read = (path: string): string => readFileSync(new URL(path, ROOT), "utf8");

const rows = [
  ...read("docs/glossary.md").matchAll(/^\| (?!word|-)([^|]+) \| ([^|]+) \| ([^|]*) ?\| ([^|]+) \|$/gm),
].map(([, words = "", meaning = "", , where = ""]) => ({ words: words.split(", "), meaning, where }));
const words = rows.flatMap((r) => r.words);

test("there are words, each of them once", () => {
  expect(words.length).toBeGreaterThan(35);
  expect(words).toEqual([...new Set(words)]);
});

test("those that once had several meanings have one", () => {
  for (const word of ["part", "split", "scan", "range", "walk", "hold"]) expect(words).toContain(word);
});

test.each(rows.map((r) => [r.words.join(", "), r] as const))("%s", (_, { words, where }) => {
  const files = [...where.matchAll(/`([^`]+)`/g)].map((m) => m[1] ?? "");
  if (files.length === 0) {
    const [, section] = /^section (\d+)$/.exec(where) ?? [];
    expect(read("docs/theory.md")).toContain(`\n## ${section}. `);
    return;
  }
  expect(files.filter((f) => !existsSync(new URL(f, ROOT)))).toEqual([]);
  const text = files.map(read).join("\n").toLowerCase();
  // A file says the word itself, or an inflected form of it.
  for (const word of words) expect(text, `${files.join(", ")} says ${word}`).toMatch(new RegExp(`${word.slice(0, 5)}`));
});
