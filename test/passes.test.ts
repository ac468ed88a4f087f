/** The list of passes: each reads what is there, each can be printed, and what one breaks is told with its name. */
import { describe, expect, test } from "vitest";
import { BASELINE } from "../src/base/target.ts";
import { PASS_NAMES } from "../src/cli/level-names.ts";
import { textAfter } from "../src/cli/print-after.ts";
import { WGSL } from "../src/codegen/wgsl/backend.ts";
import { compile } from "../src/compile.ts";
import type { GraphLevels } from "../src/compiled.ts";
import { refuseBroken, runPasses, type Pass } from "../src/pass.ts";
import { FILE_PASSES, GRAPH_PASSES, PASSES, SPEC_PASSES, type GraphContext } from "../src/passes.ts";
import { compileCase, resolveImport } from "./numeric/harness.ts";
import { SOURCE } from "./plan/tiny.ts";

const compiled = compileCase(
  SOURCE,
  { kernel: "flash_attention", sizes: { B: 1, H: 2, N: 5, M: 7, D: 4, E: 4 }, known: ["D", "E"] },
  BASELINE,
);
const cx: GraphContext = { options: { target: BASELINE }, backend: WGSL };

describe("the list", () => {
  test("--print-after names every pass, in order", () => expect(PASSES.map((p) => p.name)).toEqual(PASS_NAMES));

  test("every pass reads levels that are made before it, and makes one of its own", () => {
    for (const [passes, given] of [
      [FILE_PASSES, "text"],
      [[...SPEC_PASSES, ...GRAPH_PASSES], "spec"],
    ] as const) {
      const made = new Set<string>([given]);
      for (const p of passes) {
        expect(
          p.needs.filter((n) => !made.has(n)),
          p.name,
        ).toEqual([]);
        expect(made.has(p.makes), p.name).toBe(false);
        made.add(p.makes);
      }
    }
  });

  test("every pass has one line for people", () => {
    for (const p of PASSES) expect(p.does, p.name).toMatch(/^[a-z][^\n]{20,140}[^.\n]$/);
  });

  test.each(PASS_NAMES)("what %s made can be printed", (name) => {
    expect(textAfter(name, { text: SOURCE, file: "a.tfx" }, compiled.spec, compiled).trim()).not.toBe("");
  });
});

type Broken = Partial<Record<string, (level: never) => unknown>>;

/** What each pass would have to do to be found out. */
const BREAK: Broken = {
  prepare: (x: GraphLevels["prepared"]) => ({ ...x, graph: { ...x.graph, nodes: x.graph.nodes.slice(0, -1) } }),
  chunks: (x: GraphLevels["chunked"]) => ({ ...x, graph: { ...x.graph, nodes: x.graph.nodes.slice(0, -1) } }),
  kernels: (x: GraphLevels["whole"]) => ({ ...x, kernels: x.kernels.map((k) => ({ ...k, passes: 0 })) }),
  parts: (x: GraphLevels["plan"]) => ({ ...x, kernels: x.kernels.map((k) => ({ ...k, stores: [] })) }),
  schedules: (x: GraphLevels["schedules"]) => x.map((s) => ({ ...s, lanes: 1 << 20 })),
  base2: (x: GraphLevels["folded"]) => ({ ...x, kernels: x.kernels.map((k) => ({ ...k, rows: [] })) }),
  tile: (x: GraphLevels["tile"]) => ({ ...x, uniforms: [] }),
  artifact: (x: GraphLevels["artifact"]) => ({
    ...x,
    dispatches: x.dispatches.map((d) => ({ ...d, entryPoint: "nowhere" })),
  }),
};

const breaking = (name: string): readonly Pass<GraphLevels, GraphContext>[] =>
  GRAPH_PASSES.map((p) => {
    const change = BREAK[name];
    if (p.name !== name || change === undefined) return p;
    const run: typeof p.run = (levels, context) => {
      const made = p.run(levels, context);
      return "value" in made ? { ...made, value: change(made.value as never) } : made;
    };
    return { ...p, run };
  });

describe("a pass that breaks its level", () => {
  test.each(Object.keys(BREAK))("%s is named", (name) => {
    const go = (): unknown => runPasses(breaking(name), { graph: compiled.graph }, cx, true);
    expect(go).toThrow(new RegExp(`^after pass \`${name}\`: .`));
  });

  test("nothing is looked at where nobody asks", () => {
    const { levels } = runPasses(breaking("artifact"), { graph: compiled.graph }, cx, false);
    expect(levels?.artifact.dispatches[0]?.entryPoint).toBe("nowhere");
  });

  test("all that is found is told, up to five", () => {
    expect(() => refuseBroken("tile", ["a", "b", "c", "d", "e", "f"])).toThrow("after pass `tile`: a; b; c; d; e");
    expect(() => refuseBroken("tile", [])).not.toThrow();
  });
});

test("a pass before what it needs is a mistake of the compiler", () => {
  const passes = GRAPH_PASSES.filter((p) => p.name !== "kernels");
  expect(() => runPasses(passes, { graph: compiled.graph }, cx, false)).toThrow(
    "pass `parts` needs whole, which no pass before it makes",
  );
});

test("an error stops the passes, and warnings of those before it are kept", () => {
  const text = "kernel k(x: f32[n: N]) -> y: f32[n] { y = z }";
  const { diagnostics, compiled: none } = compile(text, { file: "a.tfx", target: BASELINE, resolveImport });
  expect(diagnostics.map((d) => d.code)).toEqual(["TFX2001"]);
  expect(none).toEqual([]);
});

const broken = (): never => {
  throw new Error("no");
};

describe("onPass", () => {
  const names = GRAPH_PASSES.map((p) => p.name);
  const before = (name: string): readonly string[] => names.slice(0, names.indexOf(name));
  const heardOf = (passes: readonly Pass<GraphLevels, GraphContext>[], verify: boolean) => {
    const heard: string[] = [];
    const run = (): unknown =>
      runPasses(passes, { graph: compiled.graph }, cx, verify, (name, levels) => {
        const made = passes.find((p) => p.name === name)?.makes;
        if (made !== undefined && levels[made] !== undefined) heard.push(name);
      });
    return { heard, run };
  };

  test.each(Object.keys(BREAK))("a level that %s broke is told, and those before it", (name) => {
    const { heard, run } = heardOf(breaking(name), true);
    expect(run).toThrow();
    expect(heard).toEqual([...before(name), name]);
  });

  test.each(names)("where %s throws, all before it are told", (name) => {
    const { heard, run } = heardOf(
      GRAPH_PASSES.map((p) => (p.name === name ? { ...p, run: broken } : p)),
      false,
    );
    expect(run).toThrow("no");
    expect(heard).toEqual(before(name));
  });

  test("a kernel with two results that are refused is told as far as it came, once", () => {
    const text = `kernel inside(q: f32[i: N, d: D], k: f32[j: M, d: D]) -> (a: f32[i], b: f32[i]) {
  let top = kth_largest[d](q * k, 2)
  a = sum[j](top)
  b = max[j](2 * top)
}
`;
    const heard: string[] = [];
    const options = { file: "a.tfx", target: BASELINE, dims: { D: 4 }, onPass: (name: string) => heard.push(name) };
    expect(compile(text, options).diagnostics.map((d) => d.code)).toContain("TFX3001");
    expect(heard).toEqual(["graph", ...before("tile")]);
  });
});
