/** A program with everything that running it takes, as plain JSON: what a campaign makes, reduces and keeps. */
import { randomFrom } from "../numeric/harness.ts";

/** What the numbers of an input look like. */
export type Data =
  | { readonly kind: "normal" }
  /** Small multiples of a half: zeros and ties. */
  | { readonly kind: "ties" }
  /** Up to 60 in size: what overflows when it is exponentiated. */
  | { readonly kind: "large" }
  | { readonly kind: "positive" }
  /** Whole numbers from..to, both included. */
  | { readonly kind: "ints"; readonly from: number; readonly to: number }
  | { readonly kind: "bools" };

export type Program = {
  readonly source: string;
  readonly sizes: Readonly<Record<string, number>>;
  /** Sizes that the compiler is given. */
  readonly known: readonly string[];
  readonly scalars: Readonly<Record<string, number>>;
  readonly statics: Readonly<Record<string, number>>;
  readonly types: Readonly<Record<string, string>>;
  /** By tensor. */
  readonly data: Readonly<Record<string, Data>>;
  /** Into how many parts streams are cut; null: as the planner likes. */
  readonly parts: number | null;
  readonly seed: number;
};

const hash = (text: string): number => [...text].reduce((h, c) => Math.imul(h ^ c.charCodeAt(0), 16777619), 2166136261);

/** The numbers of one input, representable in `dtype`. */
export const dataOf = (
  program: Pick<Program, "data" | "seed">,
  name: string,
  dtype: string,
  count: number,
): number[] => {
  const random = randomFrom(program.seed ^ hash(name));
  const data: Data =
    program.data[name] ??
    (dtype === "bool"
      ? { kind: "bools" }
      : dtype.startsWith("f")
        ? { kind: "normal" }
        : { kind: "ints", from: 0, to: 3 });
  const one = (): number => {
    const u = random();
    switch (data.kind) {
      case "normal":
        return (u * 2 - 1) * 2;
      case "ties":
        return Math.round((u * 2 - 1) * 3) / 2;
      case "large":
        return (u * 2 - 1) * 60;
      case "positive":
        return 0.1 + 2 * u;
      case "ints":
        return data.from + Math.floor(u * (data.to - data.from + 1));
      case "bools":
        return u < 0.6 ? 1 : 0;
    }
  };
  const stored = dtype === "f16" ? Math.f16round : dtype === "f32" ? Math.fround : (x: number): number => x;
  return Array.from({ length: count }, () => stored(one()));
};
