/** A campaign: programs by seed, each judged at every level and on every stack; what fails is made short and can be kept. */
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Stack } from "../gpu/stacks.ts";
import { onStack } from "./device.ts";
import { generate } from "./generate.ts";
import { failsAs, judge, meantBy, signature, type Verdict } from "./levels.ts";
import type { Program } from "./program.ts";
import { reduce } from "./reduce.ts";

export type Failure = { readonly program: Program; readonly verdict: Verdict };

/** The verdict on one program: at every level on this machine, then on the stacks. */
export const verdictOn = async (program: Program, stacks: readonly Stack[] = []): Promise<Verdict> => {
  const meant = meantBy(program);
  if ("kind" in meant) return meant;
  const verdict = judge(meant);
  if (verdict.kind !== "right") return verdict;
  for (const stack of stacks) {
    const there = await onStack(meant, stack);
    if (there.kind !== "right") return there;
  }
  return verdict;
};

/** The program made short, and how it fails then. */
export const shrunk = async (
  { program, verdict }: Failure,
  stacks: readonly Stack[],
  milliseconds: number,
): Promise<Failure> => {
  const stack = "where" in verdict ? stacks.find((s) => s.name === verdict.where) : undefined;
  const same = failsAs(verdict);
  let last = verdict;
  const fails = async (p: Program): Promise<boolean> => {
    let v: Verdict;
    if (stack === undefined) v = same(p);
    else {
      const m = meantBy(p);
      v = "kind" in m ? m : await onStack(m, stack);
    }
    const isSame = signature(v) === signature(verdict);
    if (isSame) last = v;
    return isSame;
  };
  const short = await reduce(program, fails, milliseconds);
  return { program: short, verdict: last };
};

export type Tally = {
  readonly programs: number;
  readonly right: number;
  readonly refused: ReadonlyMap<string, number>;
  readonly invalid: number;
  readonly failures: readonly Failure[];
};

export type Options = {
  readonly programs: number;
  readonly seed: number;
  readonly stacks: readonly Stack[];
  /** Before each program. */
  readonly begun?: (seed: number) => void;
  /** After each program. */
  readonly progress?: (done: number, failures: number, refused: number) => void;
  /** As soon as a program fails. */
  readonly failed?: (failure: Failure) => void;
  /** Ends early when it says so. */
  readonly stop?: () => boolean;
};

const withoutNames = (what: string): string => what.replace(/`[^`]*`/g, "…").replace(/\b\d+\b/g, "n");

export const campaign = async ({ programs, seed, stacks, begun, progress, failed, stop }: Options): Promise<Tally> => {
  const refused = new Map<string, number>();
  const failures: Failure[] = [];
  let [done, right, invalid, no] = [0, 0, 0, 0];
  for (; done < programs && stop?.() !== true; done++) {
    begun?.(seed + done);
    const program = generate(seed + done);
    const verdict = await verdictOn(program, stacks);
    if (verdict.kind === "right") right++;
    else if (verdict.kind === "refused") {
      const reason = withoutNames(verdict.what);
      refused.set(reason, (refused.get(reason) ?? 0) + 1);
      no++;
    } else if (verdict.kind === "invalid") invalid++;
    else {
      failures.push({ program, verdict });
      failed?.({ program, verdict });
    }
    progress?.(done + 1, failures.length, no);
  }
  return { programs: done, right, refused, invalid, failures };
};

/** Writes a program and how it fails into a folder: the text, and the rest as JSON. */
export const keep = (folder: string, name: string, { program, verdict }: Failure): void => {
  mkdirSync(folder, { recursive: true });
  const { source, ...rest } = program;
  writeFileSync(join(folder, `${name}.tfx`), source);
  // Of an exception its words, not where on this machine it was thrown.
  const found = "what" in verdict ? { ...verdict, what: verdict.what.split("\n")[0] } : verdict;
  writeFileSync(join(folder, `${name}.json`), `${JSON.stringify({ ...rest, found }, null, 1)}\n`);
};

/** The programs of a folder that `keep` wrote, by name. */
export const kept = (folder: string): readonly (readonly [name: string, program: Program])[] =>
  readdirSync(folder)
    .filter((f) => f.endsWith(".json"))
    .sort()
    .map((f) => {
      const name = f.slice(0, -5);
      const rest = JSON.parse(readFileSync(join(folder, f), "utf8")) as Omit<Program, "source">;
      return [name, { ...rest, source: readFileSync(join(folder, `${name}.tfx`), "utf8") }] as const;
    });
