/** What a caller asks of the compiler. */
import type { Target } from "./base/target.ts";
import type { ResolveImport } from "./check/check.ts";
import type { GraphLevels } from "./compiled.ts";
import type { Schedule } from "./ir/schedule/schedule.ts";
import type { Ended } from "./pass.ts";

export type GraphOptions = {
  /** Run the verifiers of all levels between the stages: a mistake of the compiler is an Error that names the pass. */
  readonly verify?: boolean;
  /** Sizes known at compile time, by name: the graph has them as numbers already, the artifact tells them. */
  readonly dims?: Readonly<Record<string, number>>;
  readonly target: Target;
  /** Replaces the chosen schedule of each kernel. */
  readonly schedule?: (chosen: Schedule, kernel: string) => Schedule;
  /** In place of the planner's choice: into how many parts, a workgroup's each, streams are cut that can be; 1: none is cut. */
  readonly parts?: number;
  /**
   * In place of the planner's choice: recurrences that are affine in their state are taken in chunks of so many cells, which are walked side
   * by side; 1: none is.
   */
  readonly chunk?: number;
  /** Is told what each pass made as it ends, also where a later one refuses or breaks. */
  readonly onPass?: Ended<GraphLevels>;
};

export type CompileOptions = GraphOptions & {
  /** Name of the source in messages. */
  readonly file: string;
  /** The kernel to compile; all of the file when absent. */
  readonly kernel?: string;
  /** Values of static parameters. */
  readonly statics?: Readonly<Record<string, number>>;
  /** Element types of type variables. */
  readonly types?: Readonly<Record<string, string>>;
  /** Finds what `use` names, but for the prelude, which is carried. `compileAsync` finds the standard library by itself. */
  readonly resolveImport?: ResolveImport;
};
