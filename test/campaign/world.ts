/** What a program under construction has in scope. */
import type { Draw } from "./draw.ts";
import type { Data } from "./program.ts";

export type Type = "float" | "int" | "bool";

/** An expression with the indices that are free in it. */
export type Text = { readonly text: string; readonly axes: readonly string[] };

export type Axis = {
  readonly name: string;
  readonly sizeName: string;
  readonly size: number;
  readonly parts: readonly string[] | null;
};

/** A tensor or a `let`: a value by name. */
export type Value = {
  readonly name: string;
  readonly type: Type;
  readonly axes: readonly string[];
  /** As in a signature, without sizes; null: a `let`. */
  readonly dims: string | null;
  readonly data: Data | null;
  /** An int that may be used as an index, and how far it goes. */
  readonly upTo: number | null;
};

export type World = {
  readonly draw: Draw;
  readonly axes: Axis[];
  readonly values: Value[];
  /** Scalar parameters: name, declaration, given value, static. */
  readonly scalars: {
    readonly name: string;
    readonly type: Type;
    readonly declaration: string;
    readonly given: number | null;
    readonly isStatic: boolean;
  }[];
  readonly lines: string[];
  readonly half: boolean;
};

export const axisNamed = (w: World, name: string): Axis => {
  const axis = w.axes.find((a) => a.name === name);
  if (axis === undefined) throw new Error(`no index ${name}`);
  return axis;
};

export const union = (...sets: readonly (readonly string[])[]): readonly string[] => [...new Set(sets.flat())].sort();
export const without = (a: readonly string[], b: readonly string[]): readonly string[] =>
  a.filter((x) => !b.includes(x));
export const within = (a: readonly string[], b: readonly string[]): boolean => a.every((x) => b.includes(x));

/** Axes that may stand beside each other: a union's parts do not stand beside it here. */
export const usable = (w: World): readonly string[] => {
  const parts = w.axes.flatMap((a) => a.parts ?? []);
  return w.axes.map((a) => a.name).filter((n) => !parts.includes(n));
};

/** Text of operands joined by `make`. */
export const join = (operands: readonly Text[], make: (...texts: string[]) => string): Text => ({
  text: make(...operands.map((o) => o.text)),
  axes: union(...operands.map((o) => o.axes)),
});
