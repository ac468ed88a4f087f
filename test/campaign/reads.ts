/** Reads at other indices than the own: shifted, turned around, through integer tensors, guarded or out of range. */
import { axisNamed, union, within, without, type Text, type Value, type World } from "./world.ts";

/** An index expression for one axis; the second part says when it is in range, if that can be said shortly. */
const index = (
  w: World,
  axis: string,
  allowed: readonly string[],
): { readonly at: Text; readonly guard: string | null } => {
  const { draw } = w;
  const pointers = w.values.filter(
    (v) => v.type === "int" && v.upTo !== null && within(v.axes, allowed) && v.upTo <= axisNamed(w, axis).size,
  );
  const own = allowed.includes(axis);
  const other = allowed.filter((a) => a !== axis);
  return draw.weighted<{ readonly at: Text; readonly guard: string | null }>([
    [1.5, own ? () => ({ at: { text: `${axis} - 1`, axes: [axis] }, guard: `${axis} > 0` }) : null],
    [1.5, own ? () => ({ at: { text: `${axis} + 1`, axes: [axis] }, guard: `${axis} + 1 < size(${axis})` }) : null],
    [0.7, own ? () => ({ at: { text: `size(${axis}) - 1 - ${axis}`, axes: [axis] }, guard: null }) : null],
    [0.5, own ? () => ({ at: { text: `${axis} / 2`, axes: [axis] }, guard: null }) : null],
    [0.4, own ? () => ({ at: { text: `${axis} * 2`, axes: [axis] }, guard: `${axis} * 2 < size(${axis})` }) : null],
    [1, () => ({ at: { text: draw.pick(["0", "0", "1", `size(${axis}) - 1`]), axes: [] }, guard: null })],
    [
      1,
      other.length > 0
        ? () => {
            const o = draw.pick(other);
            return { at: { text: o, axes: [o] }, guard: `${o} < size(${axis})` };
          }
        : null,
    ],
    [
      0.7,
      own && other.length > 0
        ? () => {
            const o = draw.pick(other);
            return { at: { text: `${axis} - ${o}`, axes: [axis, o] }, guard: `${axis} >= ${o}` };
          }
        : null,
    ],
    [
      2,
      pointers.length > 0
        ? () => {
            const v = draw.pick(pointers);
            return { at: { text: v.name, axes: v.axes }, guard: null };
          }
        : null,
    ],
  ]);
};

/** A read of a float by the name of an index, `guarded` by an `if` where that is possible; null: there is nothing to read. */
export const moved = (w: World, allowed: readonly string[], guarded: boolean): Text | null => {
  const { draw } = w;
  const readable = w.values.filter(
    (v) => v.type === "float" && v.axes.length > 0 && v.axes.some((a) => allowed.includes(a) || v.dims !== null),
  );
  const candidates = readable.flatMap((v) =>
    v.axes.filter((a) => within(without(v.axes, [a]), allowed)).map((a) => [v, a] as const),
  );
  if (candidates.length === 0) return null;
  const [value, axis] = draw.pick<readonly [Value, string]>(candidates);
  const { at, guard } = index(w, axis, allowed);
  const axes = union(without(value.axes, [axis]), at.axes);
  const text = `${value.name}[${axis} = ${at.text}]`;
  if (!guarded || guard === null) return { text, axes };
  const otherwise = draw.pick(["0", "1", "-0.5"]);
  return { text: `(if ${guard} then ${text} else ${otherwise})`, axes: union(axes, at.axes) };
};
