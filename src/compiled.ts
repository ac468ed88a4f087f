/** What the compiler knows about one kernel, level by level: its own graph for each. */
import type { Diagnostic } from "./base/diagnostic.ts";
import type { Spec } from "./check/spec.ts";
import type { Artifact } from "./codegen/artifact.ts";
import type { Code } from "./codegen/backend.ts";
import type { InChunks } from "./ir/derive/chunks.ts";
import type { Note, Plan } from "./ir/derive/plan.ts";
import type { Graph } from "./ir/graph/graph.ts";
import type { Schedule } from "./ir/schedule/schedule.ts";
import type { TileProgram } from "./ir/tile/tile.ts";

/** The levels below a graph, each made by a pass of the earlier ones (`passes.ts`). */
export type GraphLevels = {
  /** As it was given. */
  readonly graph: Graph;
  /** Rewritten, with what is to be said about it. */
  readonly prepared: { readonly graph: Graph; readonly notes: readonly Note[] };
  /** The same with recurrences in chunks, and what kernels of their own store of it. */
  readonly chunked: InChunks;
  /** Which kernels there are, with whole streams. */
  readonly whole: Plan;
  /** The same with long streams cut into parts. */
  readonly plan: Plan;
  /** One for each kernel of the plan, in order. */
  readonly schedules: readonly Schedule[];
  /** The plan with its exponentials to base 2: what is lowered. */
  readonly folded: Plan;
  readonly tile: TileProgram;
  readonly written: Code;
  readonly artifact: Artifact;
};

/** A graph and all levels below it. */
export type CompiledGraph = GraphLevels & {
  /** What the user should hear of although it compiles. */
  readonly warnings: readonly Diagnostic[];
};

/** Everything the compiler knows about one compiled kernel. */
export type Compiled = CompiledGraph & { readonly spec: Spec };
