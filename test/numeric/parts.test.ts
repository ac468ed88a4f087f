/**
 * Streams cut into parts (`derive/cut.ts`), forced for every kernel that can be cut: on SwiftShader against the f64 meaning of the
 * source, with the suite's rule. More parts than cells, parts that a mask leaves empty and rows without a cell are among them.
 */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { stacks } from "../gpu/stacks.ts";
import { target } from "../plan/tiny.ts";
import { EXTREME, halved, LANGUAGE, VARIANTS } from "./cases.ts";
import { check, compileCase, faults, inputsOf, type Case } from "./harness.ts";
import { asBaseline, asIs, FEW, groupInParts, SOURCE } from "./suite.ts";

const isCut = (c: Case): boolean =>
  compileCase(SOURCE, c, target("software"), undefined, 2).plan.kernels.some((k) => k.part !== null);
const CUT = [...LANGUAGE, ...VARIANTS].filter(isCut);
const NUMBERS = [2, 3, 7];
const cycled = (cases: readonly Case[]): readonly (readonly [Case, number])[] =>
  cases.map((c, n) => [c, NUMBERS[n % NUMBERS.length] ?? 2]);

const of = (kernel: string, sizes: Readonly<Record<string, number>>, more: Partial<Case> = {}): Case => {
  const c = CUT.find((x) => x.kernel === kernel);
  if (c === undefined) throw new Error(`no case for ${kernel}`);
  return { ...c, sizes: { ...c.sizes, ...sizes }, ...more };
};
const SMALL = { B: 1, H: 2, N: 9, M: 5, D: 8, E: 8 };

/** Parts without a cell: of more parts than cells, of no cells at all, of what a mask hides. */
const EMPTY: readonly (readonly [Case, number])[] = [
  [of("flash_attention", SMALL), 8],
  [of("flash_attention", { ...SMALL, M: 0 }), 8],
  [of("flash_attention", { ...SMALL, N: 33 }), 3],
  [of("sink_attention", { ...SMALL, M: 0 }), 3],
  [of("sigmoid_attention", { ...SMALL, M: 0 }), 3],
  [of("entropy_attention", SMALL), 8],
  [of("gemma2", { B: 1, G: 2, R: 2, N: 40, M: 40, D: 8 }, { scalars: { w: 3 } }), 8],
  [of("cosine_static", SMALL), 8],
  [
    of(
      "paged_decode",
      {},
      {
        inputs: (name, count, random) =>
          name === "pages"
            ? Array.from({ length: count }, () => Math.floor(random() * 9))
            : name === "length"
              ? [0, 1]
              : null,
      },
    ),
    8,
  ],
];

describe("swiftshader", () => {
  groupInParts("swiftshader", "the language reference and its one-liners, cut", cycled(halved(CUT)), asIs);
  groupInParts("swiftshader", "cut, scheduled for the baseline", cycled(FEW.filter(isCut)), asBaseline);
  groupInParts("swiftshader", "parts without a cell", EMPTY, asIs);
  groupInParts("swiftshader", "parts without a cell, scheduled for the baseline", EMPTY, asBaseline);
  groupInParts("swiftshader", "large scores, cut", cycled(EXTREME.filter(isCut).slice(0, 3)), asIs);
});

describe("every state that merges, rows without a cell among them", () => {
  const source = readFileSync(new URL("../fixtures/states.tfx", import.meta.url), "utf8");
  test.for(["extrema", "products"].flatMap((kernel) => NUMBERS.map((parts) => [kernel, parts] as const)))(
    "%s in %i parts",
    async ([kernel, parts], context) => {
      const [stack] = await stacks(["swiftshader"]);
      if (!stack?.available) return context.skip(stack?.reason ?? "no such stack");
      const c: Case = { kernel, sizes: { N: 21, M: 23 }, known: [], scalars: { first: 5 } };
      for (const view of [asIs, asBaseline])
        expect(faults(await check(source, c, stack, undefined, view(stack.target), parts))).toEqual([]);
    },
  );
});

describe("decoding, cut by the planner", () => {
  const source = ["decode", "paged_decode"]
    .map((name) => readFileSync(new URL(`../../stdlib/attention/${name}.tfx`, import.meta.url), "utf8"))
    .join("\n");
  const heads = { B: 4, G: 2, R: 3, D: 16 };
  const cache = { ...heads, E: 12, M: 700 };
  const pool = { ...heads, C: 5, P: 8, L: 6 };
  const inputs: Case["inputs"] = (name, count, random) =>
    name === "pages"
      ? Array.from({ length: count }, () => Math.floor(random() * 5))
      : name === "length"
        ? [0, 1, 43, 700]
        : null;
  const cases: readonly Case[] = [
    { kernel: "decode", sizes: cache, known: ["D", "E", "R"], inputs },
    {
      kernel: "decode",
      sizes: { ...cache, B: 1 },
      known: ["D", "E", "R", "G"],
      inputs: (name) => (name === "length" ? [700] : null),
    },
    {
      kernel: "paged_decode",
      sizes: pool,
      known: ["D", "R", "P"],
      inputs: (name, count, random) => (name === "length" ? [0, 1, 43, 48] : inputs(name, count, random)),
    },
  ];
  test.for(cases.map((c) => [`${c.kernel} of ${c.sizes["B"]}`, c] as const))("%s", async ([, c], context) => {
    const [stack] = await stacks(["swiftshader"]);
    if (!stack?.available) return context.skip(stack?.reason ?? "no such stack");
    const view = asBaseline(stack.target);
    expect(compileCase(source, c, view).plan.kernels.map((k) => k.name)).toEqual([
      `${c.kernel}_parts`,
      `${c.kernel}_merge`,
    ]);
    const results = await check(source, c, stack, undefined, view);
    expect(faults(results)).toEqual([]);
    const compiled = compileCase(source, c, view);
    if (c.sizes["B"] === 1) return;
    const values = Object.fromEntries(
      Object.entries(inputsOf(compiled, c)).map(([n, v]) => [
        n,
        ["pages", "length"].includes(n) ? Int32Array.from(v) : Float32Array.from(v),
      ]),
    );
    const { y, lse } = await stack.run(compiled.artifact, values, c.sizes, {});
    // The first of the batch has no cell.
    const rows = heads.G * heads.R;
    const empty = Array.from(y as Float32Array).slice(0, (rows * (y as Float32Array).length) / (heads.B * rows));
    expect(Array.from(lse as Float32Array).slice(0, rows)).toEqual(new Array(rows).fill(-Infinity));
    expect(empty).toEqual(new Array(empty.length).fill(0));
  });
});
