/** What `--print-after` takes: every pass of `passes.ts` in order, and what the levels are called. Nothing is imported: the help is fast. */

export const PASS_NAMES = [
  "parse",
  "check",
  "graph",
  "prepare",
  "chunks",
  "kernels",
  "parts",
  "schedules",
  "base2",
  "tile",
  "write",
  "artifact",
] as const;

export type PassName = (typeof PASS_NAMES)[number];

/** Levels by their own names. */
export const LEVEL_NAMES = { ast: "parse", spec: "check", plan: "base2", wgsl: "write" } as const satisfies Readonly<
  Record<string, PassName>
>;

/** A pass, a level, or all passes. */
export type PrintAfter = PassName | keyof typeof LEVEL_NAMES | "all";

const isLevel = (name: PrintAfter): name is keyof typeof LEVEL_NAMES => name in LEVEL_NAMES;

/** The passes that a name stands for. */
export const passesNamed = (name: PrintAfter): readonly PassName[] =>
  name === "all" ? PASS_NAMES : [isLevel(name) ? LEVEL_NAMES[name] : name];

export const PRINT_AFTER: readonly PrintAfter[] = [...PASS_NAMES, "ast", "spec", "plan", "wgsl", "all"];
