/** The verifiers of all levels, as the passes ask for them. What they find is a mistake of the compiler. */
import type { Target } from "./base/target.ts";
import type { Spec } from "./check/spec.ts";
import { verifySpec } from "./check/verify-spec.ts";
import type { Artifact } from "./codegen/artifact.ts";
import type { Plan } from "./ir/derive/plan.ts";
import { verifyPlan } from "./ir/derive/verify-plan.ts";
import type { Graph } from "./ir/graph/graph.ts";
import { verifyGraph } from "./ir/graph/verify.ts";
import { viewOf } from "./ir/graph/view.ts";
import { reach } from "./ir/graph/walk.ts";
import { illegal } from "./ir/schedule/legal.ts";
import type { Schedule } from "./ir/schedule/schedule.ts";
import type { TileProgram } from "./ir/tile/tile.ts";
import { verifyTile } from "./ir/tile/verify.ts";

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

/** What is wrong with a checked kernel. */
export const faultsOfSpec = (spec: Spec): readonly string[] => verifySpec(spec);

/** What is wrong with a graph, which is frozen. */
export const faultsOfGraph = (graph: Graph): readonly string[] => {
  const roots = [...graph.results.map((r) => r.value), ...graph.scalars.flatMap((s) => s.init ?? [])];
  freeze(graph);
  return verifyGraph(graph, reach(graph, roots));
};

/** What is wrong with a plan, whose graph is frozen. */
export const faultsOfPlan = (plan: Plan): readonly string[] => {
  freeze(plan.graph);
  return verifyPlan(plan);
};

/** There is a legal schedule for each kernel. */
export const faultsOfSchedules = (schedules: readonly Schedule[], plan: Plan, target: Target): readonly string[] =>
  schedules.length !== plan.kernels.length
    ? [`${schedules.length} schedules for ${plan.kernels.length} kernels`]
    : plan.kernels.flatMap((k, n) => {
        const s = schedules[n];
        return s === undefined ? [] : illegal(viewOf(plan.graph), k, s, target).map((why) => `${k.name}: ${why}`);
      });

/** What is wrong with a tile program. Room is the user's business, and has diagnostics of its own. */
export const faultsOfTile = (program: TileProgram, target: Target): readonly string[] =>
  verifyTile(program, { ...target, workgroupBytes: Infinity, storageBuffers: Infinity, f16: true });

/** Bindings are of tensors that exist, entry points are in the code, every line has a place in the source map. */
export const faultsOfArtifact = (artifact: Artifact): readonly string[] => {
  const bindings = new Set(artifact.tensors.map((t) => t.binding));
  return artifact.dispatches.flatMap((d) => [
    ...d.bindings
      .filter((n) => n !== 0 && !bindings.has(n))
      .map((n) => `${d.entryPoint} binds ${n}, which is no tensor`),
    ...(d.bindings.includes(0) && artifact.uniformBytes === 0
      ? [`${d.entryPoint} binds uniforms, there are none`]
      : []),
    ...(artifact.wgsl.includes(`fn ${d.entryPoint}(`) ? [] : [`there is no entry point ${d.entryPoint} in the code`]),
  ]);
};

let always = false;
/** Turns verification on (or off) for compilations that do not say; the tests do once. */
export const verifyByDefault = (on: boolean): void => void (always = on);

/** Whether a compilation that says `verify` is verified. */
export const isVerified = (verify: boolean | undefined): boolean => verify ?? always;
