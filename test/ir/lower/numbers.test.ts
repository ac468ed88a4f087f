/**
 * Small programs of every kind mean what the interpreter says on tiles, in f64: as the compiler chooses and under a schedule drawn at
 * random. The whole suite takes all targets, graph and plan too; the tiers below it one target for each.
 */
import { isWhole, some } from "../../tier.ts";
import { expect, test } from "vitest";
import { TARGETS } from "../../../src/base/target.ts";
import { judge, meantBy, onTarget } from "../../campaign/levels.ts";
import { LOWERED } from "./programs.ts";

const NAMES = ["baseline", "subgroups", "software", "software-subgroups"];

test.each(
  some(
    LOWERED.map(([title, p], n) => [title, p, n] as const),
    6,
  ),
)("%s", (_, p, n) => {
  const meant = meantBy(p);
  if ("kind" in meant) throw new Error(JSON.stringify(meant));
  if (isWhole) return expect(judge(meant)).toEqual({ kind: "right" });
  const target = TARGETS[NAMES[n % 4]!]!;
  expect(onTarget(meant, target, false)).toBe(null);
  expect(onTarget(meant, target, true)).toBe(null);
});
