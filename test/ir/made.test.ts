/**
 * What the compiler makes of small programs is what it was: code that gets worse, or a choice that changes, shows here although the
 * numbers stay right (which the tests of levels, rules and schedules hold). `npx node scripts/library-table.ts` writes new lines.
 */
import { some } from "../tier.ts";
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { made } from "./made.ts";

const LINES = readFileSync(new URL("./made.txt", import.meta.url), "utf8")
  .split("\n")
  .filter((l) => l !== "");

test("every program has its line", () => expect(LINES.length).toBe(made.length));

test.each(
  some(
    made.map((m, n) => [m.key, m, n] as const),
    12,
  ),
)("%s", (_, m, n) =>
  expect(`${m.key} | ${m.line()}`, "what was meant is taken by npx node scripts/library-table.ts").toBe(LINES[n]),
);
