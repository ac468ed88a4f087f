/**
 * How much is asked. The whole suite asks everything. The tier of the compiler (`vitest.compiler.config.ts`, what `npm run mutants` is held
 * against) asks everything of the compiler that needs no GPU, on some of the targets. The fast tier (`npm run test:fast`) takes a sample of long tables.
 */
type Tier = "whole" | "compiler" | "fast";
const TIERS: readonly Tier[] = ["whole", "compiler", "fast"];
const tier = TIERS.find((t) => t === process.env["TFX_TIER"]) ?? "whole";

/** Every target, every shape. */
export const isWhole = tier === "whole";

/** A table whose rows are tests of their own: all of it, in the fast tier every n-th row. */
export const some = <T>(rows: readonly T[], n: number): readonly T[] =>
  tier === "fast" ? rows.filter((_, k) => k % n === 0) : rows;
