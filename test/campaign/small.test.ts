/** A few programs of the campaign, one test each: graph, plan and tiles of all targets against the interpreter. `npm run fuzz` has the others. */
import { expect, test } from "vitest";
import { generate } from "./generate.ts";
import { judge, meantBy } from "./levels.ts";

const SEEDS = Array.from({ length: 34 }, (_, k) => 27 + k);

test.each(SEEDS)("program %i", (seed) => {
  const program = generate(seed);
  const meant = meantBy(program);
  const verdict = "kind" in meant ? meant : judge(meant, false);
  expect(verdict.kind === "wrong" || verdict.kind === "crashed" ? { ...verdict, program: program.source } : null).toBe(
    null,
  );
});
