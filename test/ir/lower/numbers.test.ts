/**
 * Small programs of every kind mean what the interpreter says on tiles, in f64: as the compiler chooses and under a schedule drawn at
 * random. The fast tier takes one target for each, the whole suite all of them, graph and plan too.
 */
import { expect, test } from "vitest";
import { TARGETS } from "../../../src/base/target.ts";
import { judge, meantBy, onTarget } from "../../campaign/levels.ts";
import { LOWERED } from "./programs.ts";

const FAST = process.env["TFX_FAST"] === "1";
const NAMES = ["baseline", "subgroups", "software", "software-subgroups"];

test.each(LOWERED.map(([title, p], n) => [title, p, n] as const))("%s", (_, p, n) => {
  const meant = meantBy(p);
  if ("kind" in meant) throw new Error(JSON.stringify(meant));
  if (!FAST) return expect(judge(meant)).toEqual({ kind: "right" });
  const target = TARGETS[NAMES[n % 4]!]!;
  expect(onTarget(meant, target, false)).toBe(null);
  expect(onTarget(meant, target, true)).toBe(null);
});
