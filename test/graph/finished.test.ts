/** A graph is finished data: a pen over it keeps its ids, gives the next graph, and never writes into the one before. */
import { describe, expect, test } from "vitest";
import { compileGraph } from "../../src/compile-graph.ts";
import { explainKernel } from "../../src/explain/explain.ts";
import { planNotes } from "../../src/explain/notes.ts";
import { edit, graphBuilder } from "../../src/ir/graph/build.ts";
import type { Graph } from "../../src/ir/graph/graph.ts";
import { compileTiny, target, TINY } from "../plan/tiny.ts";
import { axes, graphOf, tensor } from "./helpers.ts";

const one = (): Graph => {
  const b = graphBuilder(axes({ i: 4, t: 4 }));
  const x = b.load("x", [b.index(0)], "f32");
  const parts = graphOf(b, [tensor("x", [0]), tensor("y", [0], "output")], { y: b.unary("exp", x) });
  return b.finish(parts);
};

describe("a pen", () => {
  test("writes nothing once its graph is finished", () => {
    const b = edit(one());
    const graph = b.finish(one());
    const before = graph.nodes.length;
    expect(() => b.konst(7, "f32")).toThrow(/is finished/);
    expect(() => b.newAxis("z", 3)).toThrow(/is finished/);
    expect(() => b.finish(graph)).toThrow(/is finished/);
    expect(graph.nodes.length).toBe(before);
  });

  test("keeps ids, and gives the graph itself where it wrote nothing", () => {
    const graph = one();
    expect(edit(graph).finish(graph)).toBe(graph);
    const b = edit(graph);
    const [exp] = graph.results.map((r) => r.value);
    expect(b.unary("exp", b.load("x", [b.index(0)], "f32"))).toBe(exp);
    const next = b.finish(graph);
    expect(next).toBe(graph);
    const c = edit(next);
    c.konst(7, "f32");
    const more = c.finish(next);
    expect(more.nodes.slice(0, graph.nodes.length)).toEqual(graph.nodes);
    expect([graph.nodes.length + 1, graph.nodes.length]).toEqual([more.nodes.length, next.nodes.length]);
  });

  test("makes no node twice, whichever pen made it first", () => {
    const graph = one();
    const first = edit(graph);
    const seven = first.konst(7, "f32");
    const second = edit(graph);
    const eight = second.konst(8, "f32");
    // Each has its own nodes behind the ones of the graph.
    expect(eight).toBe(seven);
    expect([first.konst(7, "f32"), second.konst(8, "f32")]).toEqual([seven, eight]);
    expect(first.konst(8, "f32")).toBe(seven + 1);
    expect(edit(first.finish(graph)).konst(8, "f32")).toBe(seven + 1);
    expect(edit(second.finish(graph)).konst(8, "f32")).toBe(seven);
  });

  test("knows the scans of the graph it goes on from", () => {
    const b = graphBuilder(axes({ i: 4, t: 4 }));
    const scan = (pen: typeof b): number => {
      const state = pen.freshState();
      const before = pen.carried(state, "s", [pen.index(1)]);
      const step = pen.binary("+", before, pen.load("x", [pen.index(1)], "f32"));
      return pen.scan({ state, name: "s", over: 1, dims: [], init: pen.konst(0, "f32"), step });
    };
    const made = scan(b);
    const graph = b.finish(graphOf(b, [tensor("x", [0])], {}));
    const [handed, own] = [edit(graph), edit(graph)];
    expect([scan(handed), scan(own)]).toEqual([made, made]);
  });
});

describe("the levels of a compiled kernel", () => {
  test.each(["flash_attention", "talking_heads", "threshold_relu", "paged_decode"])("%s", (kernel) => {
    const c = TINY.find((x) => x.kernel === kernel);
    if (c === undefined) throw new Error(`no case ${kernel}`);
    const compiled = compileTiny(c);
    const graphs = [compiled.graph, compiled.plan.graph, compiled.folded.graph];
    const sizes = (): readonly number[] => graphs.flatMap((g) => [g.nodes.length, g.axes.length, g.names.size]);
    const before = sizes();
    for (const g of graphs) {
      expect([Object.isFrozen(g), Object.isFrozen(g.nodes), g.nodes.every((n) => Object.isFrozen(n))]).toEqual([
        true,
        true,
        true,
      ]);
      expect(() => (g.names as Map<number, string>).set(0, "x")).toThrow(/is finished/);
    }
    explainKernel(compiled, { target: target("baseline") });
    planNotes(compiled);
    expect(sizes()).toEqual(before);
    // From the graph down nothing needs the text.
    const { artifact, tile } = compileGraph(compiled.graph, {
      target: target("baseline"),
      dims: compiled.artifact.constants,
    }).compiled!;
    expect([artifact, tile]).toEqual([compiled.artifact, compiled.tile]);
  });
});
