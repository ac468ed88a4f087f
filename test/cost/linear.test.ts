/**
 * No pass walks a shared value twice: what is counted is how often nodes are looked at, so that nothing depends on the machine. A chain
 * twice as long takes twice as many looks.
 */
import { describe, expect, test, vi } from "vitest";
import { CHAINS, kernels, SQUARES } from "./chains.ts";
import { viewOf } from "../../src/ir/graph/view.ts";

const looks = vi.hoisted(() => ({ count: 0 }));

// Every walk asks for a node or for its operands.
vi.mock("../../src/ir/graph/graph.ts", async (original) => {
  const real = await original<typeof import("../../src/ir/graph/graph.ts")>();
  return { ...real, operands: (n: Parameters<typeof real.operands>[0]) => (looks.count++, real.operands(n)) };
});
vi.mock("../../src/ir/graph/walk.ts", async (original) => {
  const real = await original<typeof import("../../src/ir/graph/walk.ts")>();
  return { ...real, nodeAt: (...of: Parameters<typeof real.nodeAt>) => (looks.count++, real.nodeAt(...of)) };
});

const { checkProgram } = await import("../../src/check/check.ts");
const { BASELINE, TARGETS } = await import("../../src/base/target.ts");
const { compile } = await import("../../src/compile.ts");
const { foldBase2 } = await import("../../src/ir/derive/base2.ts");
const { planKernels } = await import("../../src/ir/derive/partition.ts");
const { prepare } = await import("../../src/ir/derive/prepare.ts");
const { chooseSchedule } = await import("../../src/ir/schedule/choose.ts");
const { cutStreams } = await import("../../src/ir/schedule/parts.ts");
const { lowerToGraph } = await import("../../src/ir/lower-to-graph.ts");
const { lowerToTile } = await import("../../src/ir/lower/lower-to-tile.ts");
const { parseProgram } = await import("../../src/parser/parse.ts");
const { resolveImport } = await import("../numeric/harness.ts");

/** The sizes that must be known, of those that a program has. */
const dimsOf = (text: string): Readonly<Record<string, number>> =>
  Object.fromEntries(["D", "E"].filter((size) => text.includes(`: ${size}]`)).map((size) => [size, 8]));

const TARGET = TARGETS["software-subgroups"] ?? BASELINE;

/** Looks of each pass on the way from a text to a tile program. */
const looksOf = (text: string): Readonly<Record<string, number>> => {
  const parsed = parseProgram(text, "chain.tfx");
  const {
    specs: [spec],
    diagnostics,
  } = checkProgram(parsed.program, "chain.tfx", { resolveImport });
  if (spec === undefined) throw new Error(diagnostics.map((d) => d.message).join());
  const out: Record<string, number> = {};
  const counted = <T>(pass: string, run: () => T): T => {
    looks.count = 0;
    const made = run();
    out[pass] = looks.count;
    return made;
  };
  const { graph: naive } = counted("graph", () => lowerToGraph(spec, { dims: dimsOf(text), statics: {}, types: {} }));
  const graph = counted("prepare", () => prepare(naive, []));
  const planned = counted("plan", () => planKernels(graph, [], TARGET.storageBuffers));
  const plan = counted("cut", () => cutStreams(planned, TARGET));
  const schedules = counted("choose", () => plan.kernels.map((k) => chooseSchedule(viewOf(plan.graph), k, TARGET)));
  const folded = counted("base 2", () => foldBase2(plan));
  counted("tile", () => lowerToTile(folded, schedules));
  return out;
};

/** What 2n more lets cost each pass, over what n more cost: 2 is linear, 4 is the square, whatever a pass takes anyway. */
const growthOf = (program: (n: number) => string, n: number): Readonly<Record<string, number>> => {
  const [one, two, four] = [looksOf(program(n)), looksOf(program(2 * n)), looksOf(program(4 * n))];
  return Object.fromEntries(
    Object.keys(one).map((pass) => {
      const [first, second] = [(two[pass] ?? 0) - (one[pass] ?? 0), (four[pass] ?? 0) - (two[pass] ?? 0)];
      return [pass, second < n ? 1 : second / Math.max(1, first)];
    }),
  );
};

const largest = (growth: Readonly<Record<string, number>>): number => Math.max(...Object.values(growth));

describe("a chain twice as long takes twice the looks", () => {
  test.each(Object.entries(CHAINS))("%s", { timeout: 120_000 }, (_, program) => {
    const growth = growthOf(program, 80);
    expect(largest(growth), JSON.stringify(growth)).toBeLessThan(2.35);
  });
});

describe("a chain whose code grows with the square takes no more than that", () => {
  test.each(Object.entries(SQUARES))("%s", { timeout: 120_000 }, (_, program) => {
    const growth = growthOf(program, 12);
    expect(largest(growth), JSON.stringify(growth)).toBeLessThan(4.5);
  });
});

test("the count sees a walk without a memo", async () => {
  const { operands } = await import("../../src/ir/graph/graph.ts");
  const { graphBuilder } = await import("../../src/ir/graph/build.ts");
  const walk = (n: number): number => {
    const b = graphBuilder([]);
    let id = b.scalar("x", "f32");
    for (let k = 0; k < n; k++) id = b.binary("+", id, id);
    const visit = (at: number): void => operands(b.node(at)).forEach(visit);
    looks.count = 0;
    visit(id);
    return looks.count;
  };
  expect(walk(12) / walk(6)).toBeGreaterThan(10);
});

describe("long programs", () => {
  const compiled = (text: string): string =>
    compile(text, { file: "long.tfx", dims: dimsOf(text), target: TARGET, resolveImport })
      .diagnostics.filter((d) => d.severity === "error")
      .map((d) => d.code)
      .join() || "compiles";

  test.each(Object.entries(CHAINS).filter(([name]) => name !== "of layers"))(
    "1,000 lets, %s",
    { timeout: 240_000 },
    (name, program) => {
      expect(compiled(program(name === "of conditions" ? 300 : 1000))).toBe("compiles");
    },
  );

  test.each([2000, 10_000])("%i plain lets", { timeout: 240_000 }, (n) => {
    expect(compiled((CHAINS["plain"] as (n: number) => string)(n))).toBe("compiles");
  });

  test("100,000 comment lines, 400 kernels", { timeout: 240_000 }, () => {
    const plain = (CHAINS["plain"] as (n: number) => string)(2);
    expect(compiled(`${"// a line\n".repeat(100_000)}${plain}`)).toBe("compiles");
    const parsed = parseProgram(kernels(400), "kernels.tfx");
    expect(checkProgram(parsed.program, "kernels.tfx", { resolveImport }).specs.length).toBe(400);
  });
});
