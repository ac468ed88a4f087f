/**
 * Small programs of every kind under many schedules, and a line of what the compiler makes of each: the plan in words, counts of the
 * tile program (names, loops, branches, stores, barriers; loads and multiplications), a checksum of the rest.
 */
import { crc32 } from "node:zlib";
import type { Target } from "../../src/base/target.ts";
import type { Compiled, CompileOptions } from "../../src/compile.ts";
import type { KernelPlan } from "../../src/ir/derive/plan.ts";
import { viewOf } from "../../src/ir/graph/view.ts";
import { legality } from "../../src/ir/schedule/legal.ts";
import type { Schedule, StreamSchedule } from "../../src/ir/schedule/schedule.ts";
import { forEachExpr, forEachStmt, stmtExprs } from "../../src/ir/tile/walk.ts";
import { generate } from "../campaign/generate.ts";
import { compileOn, meantBy, type Verdict } from "../campaign/levels.ts";
import { target, compileTiny, SOURCE, TINY, titleOf } from "../plan/tiny.ts";
import { compileCase, type Case } from "../numeric/harness.ts";
import { wherever } from "../property/schedules.ts";
import { PROGRAMS, type Program } from "../rules/programs.ts";
import { LOWERED } from "./lower/programs.ts";
import { SHAPES, TILED } from "./lower/tile-programs.ts";

/** How often each thing stands in a tile program. */
const counted = ({ tile }: Compiled): string => {
  const counts: Record<string, number> = {};
  const one = (what: string): void => void (counts[what] = (counts[what] ?? 0) + 1);
  for (const k of tile.kernels)
    forEachStmt(k.body, (s) => {
      if (s.kind === "comment") return;
      one(s.kind);
      for (const e of stmtExprs(s))
        forEachExpr(e, (x) => {
          if (["load", "fma", "dot", "subgroup", "select"].includes(x.kind)) one(x.kind);
          if (x.kind === "binary" && (x.op === "*" || x.op === "/")) one(x.op);
        });
    });
  return Object.entries(counts)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([what, n]) => `${n} ${what}`)
    .join(", ");
};

const described = (compiled: Compiled): string => {
  const { plan, wgsl } = compiled.artifact;
  return `${plan} | ${counted(compiled)} | ${(crc32(wgsl) >>> 0).toString(16).padStart(8, "0")}`;
};

/** What is compiled, and what to call it. */
export type Made = { readonly key: string; readonly line: () => string };

const NAMES = ["baseline", "subgroups", "software", "software-subgroups"] as const;

/** As the compiler chooses, each on two targets. */
const chosen: readonly Made[] = TINY.flatMap((c, n) =>
  [NAMES[n % 4]!, NAMES[(n + 1 + (n % 3)) % 4]!].map((on) => ({
    key: `${titleOf(c)}, ${on}`,
    line: () => described(compileTiny(c, on)),
  })),
);

const WALKED = {
  kind: "rows",
  lanes: 64,
  rowsPerLane: 1,
  cells: 1,
  edgeCells: 1,
  source: "direct",
  vectorStream: false,
  hold: false,
} satisfies StreamSchedule;
const SPLIT = { ...WALKED, kind: "split" as const };

/** Ways to lay a stream; a kernel takes one of those that are legal for it. */
const WAYS: readonly Schedule[] = [
  { ...WALKED, lanes: 5, rowsPerLane: 3, cells: 2 },
  { ...SPLIT, lanes: 8, lanesPerRow: 4, cells: 2, edgeCells: 1 },
  { ...WALKED, source: "workgroup", lanes: 8, cells: 2, edgeCells: 2, tile: 4 },
  { ...SPLIT, source: "workgroup", lanes: 4, lanesPerRow: 4, tile: 8 },
  { ...WALKED, source: "subgroup", lanes: 16, cells: 3, edgeCells: 3 },
  { ...WALKED, lanes: 24, rowsPerLane: 2, cells: 7, edgeCells: 7, hold: true },
  { ...SPLIT, lanes: 8, lanesPerRow: 2, vectorStream: true, cells: 2, edgeCells: 2, hold: true },
  { ...WALKED, lanes: 3, vectorStream: true, cells: 2 },
  { ...SPLIT, lanes: 64, lanesPerRow: 8, cells: 1 },
  { ...WALKED, source: "workgroup", lanes: 16, rowsPerLane: 2, cells: 3, edgeCells: 1, tile: 6 },
  { ...SPLIT, source: "workgroup", lanes: 8, lanesPerRow: 2, cells: 2, edgeCells: 2, tile: 4 },
  { ...SPLIT, lanes: 2, lanesPerRow: 2, cells: 4, edgeCells: 4 },
  { kind: "elements", lanes: 7, vectorStream: false },
  { kind: "elements", lanes: 4, vectorStream: true },
];

/** Of the legal ways number `turn`, counted around. */
const wayOf = (compiled: Compiled, kernel: KernelPlan, on: Target, turn: number): Schedule | undefined => {
  const faults = legality(viewOf(compiled.plan.graph), kernel, on);
  const legal = WAYS.filter((w) => faults(w).length === 0);
  return legal[turn % legal.length];
};

/** Under schedules that nobody would choose, one with its streams cut. */
const laid: readonly Made[] = TINY.flatMap((c, n) =>
  [0, 1].map((turn) => ({
    key: `${titleOf(c)}, ${turn === 0 ? "laid otherwise" : "cut"}`,
    line: () => described(underWay(c, target("subgroups"), n + turn * 4, turn === 1 ? 3 : undefined)),
  })),
);

const underWay = (c: Case, on: Target, turn: number, parts: number | undefined): Compiled => {
  const first = compileCase(SOURCE, c, on, undefined, parts);
  const ways = new Map(first.plan.kernels.map((k, n) => [k.name, wayOf(first, k, on, turn + n)]));
  const schedule: NonNullable<CompileOptions["schedule"]> = (own, name) => ways.get(name) ?? own;
  return compileCase(SOURCE, c, on, schedule, parts);
};

const ruleCase = (p: Program): Case => ({
  kernel: "k",
  sizes: { N: 5, M: 7, D: 3, H: 2 },
  known: p.text.includes("D") ? ["D", "H"] : [],
});

/** Programs of the rewriting rules. */
const ofRules: readonly Made[] = PROGRAMS.map((p, n) => ({
  key: `${p.rule}, ${p.side}: ${p.why}`,
  line: () => described(compileCase(p.text, ruleCase(p), target(NAMES[n % 4]!))),
}));

const said = (v: Verdict): string => ("what" in v ? `${v.kind}: ${v.what}` : v.kind);

/** Programs drawn from the grammar. */
const ofGrammar: readonly Made[] = Array.from({ length: 60 }, (_, k) => ({
  key: `program ${1000 + k}`,
  line: () => {
    const meant = meantBy(generate(1000 + k));
    if ("kind" in meant) return said(meant);
    const compiled = compileOn(meant, target(NAMES[k % 4]!));
    return "kind" in compiled ? said(compiled) : described(compiled);
  },
}));

/** Programs for the lowering, as the compiler chooses and laid otherwise, each on one target. */
const ofLowering: readonly Made[] = LOWERED.flatMap(([title, p], n) =>
  [false, true].map((otherwise) => ({
    key: `${title.replaceAll("\n", ";")}${otherwise ? ", laid otherwise" : ""}`,
    line: () => {
      const meant = meantBy(p);
      if ("kind" in meant) return said(meant);
      const on = target(otherwise ? "subgroups" : NAMES[n % 4]!);
      const first = compileOn(meant, on);
      if ("kind" in first) return said(first);
      if (!otherwise) return described(first);
      const ways = new Map(first.plan.kernels.map((k, m) => [k.name, wayOf(first, k, on, n + m)]));
      const second = compileOn(meant, on, { schedule: (own, name) => ways.get(name) ?? own });
      return "kind" in second ? said(second) : described(second);
    },
  })),
);

/** Programs in tiles of rows and cells, each in one shape. */
const inTiles: readonly Made[] = TILED.map(([title, p], n) => ({
  key: `${title}, in tiles`,
  line: () => {
    const meant = meantBy(p);
    if ("kind" in meant) return said(meant);
    const on = target("32k");
    const first = compileOn(meant, on);
    if ("kind" in first) return said(first);
    const second = compileOn(meant, on, { schedule: wherever(first, on, SHAPES[n % SHAPES.length]!).schedule });
    return "kind" in second ? said(second) : described(second);
  },
}));

/** All of them, in the order of `made.txt`. */
export const made: readonly Made[] = [...chosen, ...laid, ...ofRules, ...ofGrammar, ...ofLowering, ...inTiles];
