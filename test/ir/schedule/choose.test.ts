/** The planner's choices of a schedule, at the edges where they change. */
import { expect, test } from "vitest";
import { CASES, chosenFor } from "./cases.ts";

test.each(CASES.map(([c, words]) => [c.why, c, words] as const))("%s", (_, c, words) =>
  expect(chosenFor(c)).toBe(words),
);
