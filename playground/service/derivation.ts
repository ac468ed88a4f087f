/** What `tfx explain` says about a kernel, with the values that each line is about. */
import type { Target } from "../../src/base/target.ts";
import type { Compiled } from "../../src/compiled.ts";
import { kernelSections } from "../../src/explain/explain.ts";
import { namesOf, type Names } from "../../src/explain/names.ts";
import { causeText, passCauses } from "../../src/explain/passes.ts";
import { penOf } from "../../src/explain/pen.ts";
import type { Example } from "../../src/explain/sizes.ts";
import type { KernelPlan } from "../../src/ir/derive/plan.ts";
import type { NodeId } from "../../src/ir/graph/graph.ts";
import type { Places, Section } from "../protocol.ts";
import { placesOf } from "./panes.ts";

/** Names that remember which value they were asked for. */
const listening = (names: Names): { readonly names: Names; readonly heard: ReadonlyMap<string, NodeId> } => {
  const heard = new Map<string, NodeId>();
  const hear =
    (say: (id: NodeId) => string) =>
    (id: NodeId): string => {
      const text = say(id);
      heard.set(text, id);
      return text;
    };
  return { names: { ...names, of: hear(names.of), full: hear(names.full) }, heard };
};

/** The values that a line speaks of: a bare name counts in backticks only, it could be a word as well. */
const spokenOf = (line: string, heard: ReadonlyMap<string, NodeId>): readonly NodeId[] =>
  [...heard]
    .filter(([text]) => line.includes(/^\w+$/.test(text) ? `\`${text}\`` : text))
    .toSorted(([a], [b]) => b.length - a.length)
    .map(([, id]) => id);

/** Lines that are known to be about one value: notes of the planner, causes of passes, what is carried. */
const aboutOne = (compiled: Compiled, kernel: KernelPlan): ReadonlyMap<string, NodeId> => {
  const known = new Map<string, NodeId>();
  for (const note of kernel.notes) if (note.node !== null) known.set(note.text, note.node);
  for (const cause of passCauses(compiled, kernel)) {
    const text = causeText(compiled, cause);
    known.set(`pass ${cause.pass + 1}: ${text}`, cause.because);
    known.set(`not one pass fewer: ${text}`, cause.because);
  }
  return known;
};

/** The derivation of one kernel of the plan, heading by heading. */
export const derivationOf = (compiled: Compiled, at: number, target: Target, example: Example): readonly Section[] => {
  const kernel = compiled.plan.kernels[at];
  if (kernel === undefined) return [];
  const { names, heard } = listening(namesOf(compiled));
  const sections = kernelSections(compiled, at, { target, map: false }, example, names);
  const one = aboutOne(compiled, kernel);
  const { origins } = penOf(compiled);
  const carried = [...kernel.scans, ...kernel.accumulators].map((c) => c.node);
  const places = (title: string, line: string, n: number): Places => {
    const known = title === "carried" ? carried[n] : one.get(line);
    const ids = known === undefined ? spokenOf(line, heard) : [known];
    return ids.flatMap((id) => placesOf(origins[id] ?? []));
  };
  return sections
    .filter((s) => s.lines.length > 0)
    .map(({ title, lines }) => ({ title, lines: lines.map((text, n) => ({ text, at: places(title, text, n) })) }));
};
