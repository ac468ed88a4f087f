/** What the compiler knows about one kernel, level by level: its own graph for each. */
import type { Artifact } from "./codegen/artifact.ts";
import type { Diagnostic } from "./base/diagnostic.ts";
import type { Spec } from "./check/spec.ts";
import type { Plan } from "./ir/derive/plan.ts";
import type { Graph } from "./ir/graph/graph.ts";
import type { Schedule } from "./ir/schedule/schedule.ts";
import type { TileProgram } from "./ir/tile/tile.ts";

/** A graph and all levels below it. */
export type CompiledGraph = {
  /** As it was given. */
  readonly graph: Graph;
  readonly plan: Plan;
  /** The plan with its exponentials to base 2: what is lowered. */
  readonly folded: Plan;
  readonly schedules: readonly Schedule[];
  readonly tile: TileProgram;
  readonly artifact: Artifact;
  /** What the user should hear of although it compiles. */
  readonly warnings: readonly Diagnostic[];
};

/** Everything the compiler knows about one compiled kernel. */
export type Compiled = CompiledGraph & { readonly spec: Spec };
