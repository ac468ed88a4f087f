/** Where the interpreter stands: the index of each axis, the sizes, and the ways to go over cells. */
import type { AxisId, SpecAxis } from "../check/spec.ts";
import { sizeValue } from "./walk.ts";

export const fail = (what: string): never => {
  throw new Error(what);
};

/** The indices of one evaluation, all 0 at first. `sizeNamed`: the value of a size symbol. */
export const indicesOf = (all: readonly SpecAxis[], sizeNamed: (name: string) => number) => {
  /** The index of each axis now. */
  const at: number[] = all.map(() => 0);
  const sizes: (number | undefined)[] = [];
  const sizeOf = (axis: AxisId): number => {
    const known = sizes[axis];
    if (known !== undefined) return known;
    const { size, name } = all[axis] ?? fail("no such axis");
    const value = sizeValue(size, sizeNamed);
    if (!Number.isInteger(value) || value < 0) return fail(`the index \`${name}\` has the size ${value}`);
    sizes[axis] = value;
    return value;
  };
  const count = (axes: readonly AxisId[]): number => axes.reduce((n, a) => n * sizeOf(a), 1);
  const inside = (index: number, axis: AxisId): boolean => index >= 0 && index < sizeOf(axis);
  const startOf = (axis: AxisId, part: number): number =>
    (all[axis]?.parts ?? []).slice(0, part).reduce((sum, p) => sum + sizeOf(p), 0);

  /** The cell of the current indices of `axes`, row-major. */
  const here =
    (axes: readonly AxisId[], sizesThere: readonly number[] = axes.map(sizeOf)): (() => number) =>
    () => {
      let cell = 0;
      for (let n = 0; n < axes.length; n++) cell = cell * (sizesThere[n] as number) + (at[axes[n] as number] as number);
      return cell;
    };
  /** Runs `f` at each cell of `axes`, the last one fastest; the indices are as before afterwards. */
  const forEachCell = (axes: readonly AxisId[], f: () => void, from = 0): void => {
    const axis = axes[from];
    if (axis === undefined) return f();
    const before = at[axis] as number;
    const n = sizeOf(axis);
    const isLast = from === axes.length - 1;
    for (let i = 0; i < n; i++) {
      at[axis] = i;
      if (isLast) f();
      else forEachCell(axes, f, from + 1);
    }
    at[axis] = before;
  };
  /** `f` with these indices in place of the current ones. */
  const moved = <R>(axes: readonly AxisId[], to: readonly number[], f: () => R): R => {
    const before = axes.map((a) => at[a] as number);
    axes.forEach((a, n) => (at[a] = to[n] as number));
    const out = f();
    axes.forEach((a, n) => (at[a] = before[n] as number));
    return out;
  };
  return { at, sizeOf, count, inside, startOf, here, forEachCell, moved };
};
