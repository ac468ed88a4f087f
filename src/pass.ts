/**
 * A pass makes one level of the earlier ones. Passes are data: a list of them is run in order, the verifier of each level behind the pass
 * that made it, and a level that is broken is told with the pass's name.
 */
import { hasErrors, type Diagnostic } from "./base/diagnostic.ts";

/** What a pass gives. With an error in `diagnostics` no later pass is run; without a value there must be one. */
export type Made<T> = { readonly value: T; readonly diagnostics?: readonly Diagnostic[] } | Refused;

/** Nothing could be made, and why. */
type Refused = { readonly diagnostics: readonly Diagnostic[] };

/** One step over levels `L` in a context `C`. */
export type Pass<L, C> = {
  /** What `--print-after` calls it. */
  readonly name: string;
  /** One line for people. */
  readonly does: string;
  /** The levels that it reads, and the one that it makes. */
  readonly needs: readonly (keyof L & string)[];
  readonly makes: keyof L & string;
  readonly run: (levels: L, cx: C) => Made<unknown>;
  /** What is wrong with the level made, a line each. May freeze it: nobody changes it any more. */
  readonly verify: (level: never, levels: L, cx: C) => readonly string[];
};

/** A pass with the types of what it reads and makes. */
export const pass =
  <L, C>() =>
  <N extends keyof L & string, K extends keyof L & string>(p: {
    readonly name: string;
    readonly does: string;
    readonly needs: readonly N[];
    readonly makes: K;
    readonly run: (levels: Pick<L, N>, cx: C) => Made<L[K]>;
    readonly verify: (level: L[K], levels: Pick<L, N>, cx: C) => readonly string[];
  }): Pass<L, C> =>
    p;

/** Faults of a level that are told at once. */
const TOLD = 5;

/** What is wrong with the level of one pass, as an exception that names the pass. */
export const refuseBroken = (name: string, faults: readonly string[]): void => {
  if (faults.length > 0) throw new Error(`after pass \`${name}\`: ${faults.slice(0, TOLD).join("; ")}`);
};

/** What became of a run: all levels, or none where a pass told an error. */
export type Ran<L> = { readonly levels: L | null; readonly diagnostics: readonly Diagnostic[] };

/** Is told of a pass as it ends, with all levels so far: before its level is verified, and before a later pass refuses or breaks. */
export type Ended<L> = (name: string, levels: Partial<L>) => void;

/** Runs the passes in order over the levels that are there. `verify`: a broken level is an Error that names the pass that made it. */
export const runPasses = <L extends object, G extends keyof L, C>(
  passes: readonly Pass<L, C>[],
  given: Pick<L, G>,
  cx: C,
  verify: boolean,
  ended: Ended<L> = () => {},
): Ran<L> => {
  let levels = given as L;
  const diagnostics: Diagnostic[] = [];
  for (const p of passes) {
    const missing = p.needs.filter((n) => !(n in levels));
    if (missing.length > 0)
      throw new Error(`pass \`${p.name}\` needs ${missing.join(", ")}, which no pass before it makes`);
    const made = p.run(levels, cx);
    diagnostics.push(...(made.diagnostics ?? []));
    if ("value" in made) ended(p.name, { ...levels, [p.makes]: made.value });
    if (hasErrors(made.diagnostics ?? [])) return { levels: null, diagnostics };
    if (!("value" in made)) throw new Error(`pass \`${p.name}\` made nothing and did not say why`);
    if (verify) refuseBroken(p.name, p.verify(made.value as never, levels, cx));
    levels = { ...levels, [p.makes]: made.value };
  }
  return { levels, diagnostics };
};
