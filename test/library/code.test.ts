/**
 * A line of what the compiler makes of each kernel of the library, so that a change to the compiler shows which kernels it touches:
 * passes and schedules in words, bytes and a checksum of the WGSL for the rest. Every line of it comes from the kernel's text. `npx node scripts/library-table.ts` writes new lines.
 */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { schemaFaults } from "../emit/schema.ts";
import { compiledAtFull, libraryKernels, lineOf } from "./entries.ts";
import { misplaced } from "./provenance.ts";

const KERNELS = libraryKernels();
const LINES = readFileSync(new URL("./code.txt", import.meta.url), "utf8")
  .split("\n")
  .filter((l) => l !== "");

test("every kernel has its line", () => expect(LINES.map((l) => l.split(" | ")[0])).toEqual(KERNELS.map((k) => k.key)));

test.each(KERNELS.map((k, n) => [k.key, k, n] as const))("%s", (_, k, n) => {
  const compiled = compiledAtFull(k, n);
  expect(lineOf(k, compiled), "what was meant is taken by npx node scripts/library-table.ts").toBe(LINES[n]);
  expect(misplaced(compiled)).toEqual([]);
  expect(schemaFaults(compiled.artifact)).toEqual([]);
});
