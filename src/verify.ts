/** The verifiers of all levels between the stages. What they find is a mistake of the compiler, named by the pass that it came after. */
import { verifySpec } from "./check/verify-spec.ts";
import type { Spec } from "./check/spec.ts";
import type { Target } from "./base/target.ts";
import type { Plan } from "./ir/derive/plan.ts";
import { verifyPlan } from "./ir/derive/verify-plan.ts";
import type { Graph } from "./ir/graph/graph.ts";
import { reach } from "./ir/graph/walk.ts";
import { verifyGraph } from "./ir/graph/verify.ts";
import type { TileProgram } from "./ir/tile/tile.ts";
import { verifyTile } from "./ir/tile/verify.ts";

/** Checks to be made after passes; none when verification is off. */
export type Checks = {
  readonly spec: (after: string, spec: Spec) => void;
  readonly graph: (after: string, graph: Graph) => void;
  readonly plan: (after: string, plan: Plan) => void;
  readonly tile: (after: string, program: TileProgram, target: Target) => void;
};

const nothing = (): void => {};
const NONE: Checks = { spec: nothing, graph: nothing, plan: nothing, tile: nothing };

const refuse = (after: string, faults: readonly string[]): void => {
  if (faults.length > 0) throw new Error(`after ${after}: ${faults.slice(0, 5).join("; ")}`);
};

/** Nobody can write into a graph that is finished: who tries is found where it happens. */
const freeze = (graph: Graph): void => {
  for (const list of [
    graph.nodes,
    graph.axes,
    graph.tensors,
    graph.scalars,
    graph.sizes,
    graph.results,
    graph.origins,
  ]) {
    for (const x of list) {
      if (typeof x === "string" || Object.isFrozen(x)) continue;
      for (const value of Object.values(x)) if (Array.isArray(value)) Object.freeze(value);
      Object.freeze(x);
    }
    Object.freeze(list);
  }
  const refused = (): never => {
    throw new Error("this graph is finished: nothing can be named in it");
  };
  Object.assign(graph.names, { set: refused, delete: refused, clear: refused });
  Object.freeze(graph);
};

const ALL: Checks = {
  spec: (after, spec) => refuse(after, verifySpec(spec)),
  graph: (after, graph) => {
    const roots = [...graph.results.map((r) => r.value), ...graph.scalars.flatMap((s) => s.init ?? [])];
    freeze(graph);
    refuse(after, verifyGraph(graph, reach(graph, roots)));
  },
  plan: (after, plan) => {
    freeze(plan.graph);
    refuse(after, verifyPlan(plan));
  },
  // Room is the user's business, and has diagnostics of its own.
  tile: (after, program, target) =>
    refuse(after, verifyTile(program, { ...target, workgroupBytes: Infinity, storageBuffers: Infinity, f16: true })),
};

let always = false;
/** Turns verification on (or off) for compilations that do not say; the tests do once. */
export const verifyByDefault = (on: boolean): void => void (always = on);

export const checksOf = (verify: boolean | undefined): Checks => ((verify ?? always) ? ALL : NONE);
