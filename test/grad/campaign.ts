/** Random programs of the campaign, differentiated: the gradient's text against differences of the meaning. */
import { gradient } from "../../src/grad/gradient.ts";
import { generate } from "../campaign/generate.ts";
import { checked, compareWithDifferences } from "./differences.ts";
import { floatResults } from "./library.ts";

export type GradientVerdict =
  | { readonly kind: "right" | "not smooth" | "invalid" }
  | { readonly kind: "refused" | "wrong" | "crashed"; readonly what: string };

/** The verdict on the gradient of one random program. */
export const gradientVerdict = async (seed: number): Promise<GradientVerdict> => {
  const program = generate(seed);
  let spec;
  try {
    spec = checked(program.source);
  } catch {
    return { kind: "invalid" };
  }
  try {
    const made = await gradient(spec);
    if (!made.ok) return { kind: "refused", what: `${made.diagnostics[0]?.code} ${made.diagnostics[0]?.message}` };
    const { sizes, statics, scalars } = program;
    const ways = { sizes, statics, scalars, below: 4 };
    const found = compareWithDifferences(spec, checked(made.text), floatResults(spec), ways, seed);
    if (found === null) return { kind: "not smooth" };
    return found.length === 0 ? { kind: "right" } : { kind: "wrong", what: JSON.stringify(found) };
  } catch (e) {
    return { kind: "crashed", what: e instanceof Error ? e.message : String(e) };
  }
};
