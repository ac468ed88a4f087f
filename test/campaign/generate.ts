/**
 * Random programs, well typed by construction: axes, tensors and parameters first, then `let`s that use each other, then results.
 * A program is made from a seed alone. It is not reduced by drawing again but on its own syntax (`reduce.ts`), which shortens
 * any program, wherever it comes from.
 */
import { condition, int } from "./conditions.ts";
import { drawFrom, type Draw } from "./draw.ts";
import { float } from "./floats.ts";
import type { Data, Program } from "./program.ts";
import { recurrence } from "./recurrences.ts";
import { withAxis } from "./reductions.ts";
import { signature, type Result } from "./signature.ts";
import { axisNamed, usable, without, type Axis, type Text, type Type, type World } from "./world.ts";

const NAMES = ["i", "j", "d", "e"];
const SIZES = ["N", "M", "D", "E"];

const sizeOf = (draw: Draw): number =>
  draw.weighted<number>([
    [12, () => 1 + draw.below(5)],
    [4, () => 5 + draw.below(5)],
    [1, () => draw.pick([12, 16, 17])],
    [0.15, () => 0],
  ]);

const axes = (draw: Draw): Axis[] => {
  const count = draw.weighted([
    [2, () => 2],
    [5, () => 3],
    [2, () => 4],
  ]);
  const out: Axis[] = [];
  for (const [n, name] of NAMES.slice(0, count).entries()) {
    const same = n === 1 && draw.chance(0.3) ? out[0] : undefined;
    out.push({ name, sizeName: same?.sizeName ?? (SIZES[n] as string), size: same?.size ?? sizeOf(draw), parts: null });
  }
  return out;
};

const dataFor = (draw: Draw): Data =>
  draw.weighted<Data>([
    [6, () => ({ kind: "normal" })],
    [2, () => ({ kind: "ties" })],
    [1, () => ({ kind: "large" })],
    [1, () => ({ kind: "positive" })],
  ]);

/** The brackets of a tensor; now and then two neighbouring axes make a product. */
const dimsText = (draw: Draw, names: readonly string[]): string => {
  if (names.length < 2 || !draw.chance(0.12)) return names.join(", ");
  const at = draw.below(names.length - 1);
  return [...names.slice(0, at), `(${names[at]}, ${names[at + 1]})`, ...names.slice(at + 2)].join(", ");
};

const tensors = (w: World): void => {
  const { draw } = w;
  const all = w.axes.map((a) => a.name);
  const add = (
    name: string,
    type: Type,
    of: readonly string[],
    data: Data | null,
    upTo: number | null = null,
  ): void => {
    w.values.push({ name, type, axes: of, dims: dimsText(draw, of), data, upTo });
  };
  for (const name of ["x", "y", "z"].slice(0, 1 + draw.below(3)))
    add(name, "float", draw.some(all, 1, 3), dataFor(draw));
  for (const a of all)
    if (!w.values.some((v) => v.axes.includes(a)))
      add(
        `v${a}`,
        "float",
        draw.some(all, 1, 2).includes(a) ? [a] : [...draw.some(without(all, [a]), 0, 1), a],
        dataFor(draw),
      );
  if (draw.chance(0.25)) add("keep", "bool", draw.some(all, 1, 2), { kind: "bools" });
  if (draw.chance(0.2)) add("len", "int", draw.some(all, 1, 1), { kind: "ints", from: -1, to: 6 });
  if (draw.chance(0.3)) {
    const to = draw.pick(w.axes).size;
    const outside = draw.chance(0.3);
    add(
      "idx",
      "int",
      draw.some(all, 1, 2),
      { kind: "ints", from: outside ? -1 : 0, to: outside ? to : Math.max(0, to - 1) },
      to,
    );
  }
};

const scalars = (w: World): void => {
  const { draw } = w;
  if (draw.chance(0.25))
    w.scalars.push({
      name: "c",
      type: "float",
      declaration: draw.pick(["c: f32", "c: f32 = 0.5", `c: f32 = 1 / sqrt(${w.axes[0]!.sizeName} + 1)`]),
      given: 0.75,
      isStatic: false,
    });
  if (draw.chance(0.15))
    w.scalars.push({
      name: "g",
      type: "float",
      declaration: draw.pick(["static g: f32 = 2", "static g: f32"]),
      given: draw.pick([1.5, -0.5, 0]),
      isStatic: true,
    });
};

/** The parts of a union, and what is read along it. */
const unionAxis = (w: World): void => {
  const { draw } = w;
  const [first, second] = draw.some(
    w.axes.map((a) => a.name),
    2,
    2,
  ) as [string, string];
  const parts = draw.chance(0.5) ? [first, second] : [second, first];
  const size = parts.reduce((n, p) => n + axisNamed(w, p).size, 0);
  w.axes.push({ name: "u", sizeName: parts.map((p) => axisNamed(w, p).sizeName).join(" + "), size, parts });
  w.lines.push(`axis u = ${parts.join(" | ")}`);
  const others = usable(w).filter((a) => a !== "u");
  for (const name of ["k", "vu"]) {
    const [a, b] = parts.map((p) => withAxis(w, float(w, [...others, p], draw.below(2)), p, others)) as [Text, Text];
    w.lines.push(`let ${name} = concat[u](${a.text}, ${b.text})`);
    const along = new Set([...without(a.axes, parts), ...without(b.axes, parts), "u"]);
    w.values.push({ name, type: "float", axes: [...along].sort(), dims: null, data: null, upTo: null });
  }
  // Beside the union its parts' own values mean something else: they are out of sight from here on.
  for (let n = w.values.length - 1; n >= 0; n--)
    if (w.values[n]!.axes.some((a) => parts.includes(a))) hidden.push(...w.values.splice(n, 1));
};
const hidden: World["values"] = [];

const letLine = (w: World, n: number): void => {
  const { draw } = w;
  const all = usable(w);
  const own = draw.some(all, 0, 3);
  const kind = draw.weighted<Type | "chain">([
    [9, () => "float"],
    [0.8, () => "int"],
    [0.8, () => "bool"],
    [1, () => "chain"],
  ]);
  const name = `${kind === "int" ? "n" : kind === "bool" ? "b" : "a"}${n}`;
  const last = w.values.filter((v) => v.type === "float" && v.dims === null).at(-1);
  const value =
    kind === "int"
      ? int(w, own, 2)
      : kind === "bool"
        ? condition(w, own, 2)
        : kind === "chain" && last !== undefined && last.axes.length > 0
          ? chained(w, last)
          : float(w, own, 1 + draw.below(3));
  const domain = draw.chance(kind === "float" ? 0.25 : 0.1)
    ? condition(w, draw.chance(0.7) && value.axes.length > 0 ? value.axes : own, draw.below(3))
    : null;
  const where = domain === null ? "" : ` where ${domain.text}`;
  const free = [...new Set([...value.axes, ...(domain?.axes ?? [])])].sort();
  w.lines.push(`let ${name} = ${value.text}${where}`);
  w.values.push({
    name,
    type: kind === "int" ? "int" : kind === "bool" ? "bool" : "float",
    axes: free,
    dims: null,
    data: null,
    upTo: null,
  });
};

const chained = (w: World, x: { readonly name: string; readonly axes: readonly string[] }): Text => {
  const axis = w.draw.pick(x.axes);
  const form = w.draw.pick([
    "X + X * mean[J](X)",
    "relu(sum[J](X * X) - X)",
    "X - mean[J](X) * X",
    "X / (1 + max[J](abs(X)))",
    "(X - X * 0.5) + tanh(X)",
  ]);
  return { text: form.replaceAll("X", x.name).replaceAll("J", axis), axes: x.axes };
};

const result = (w: World, name: string): Result => {
  const { draw } = w;
  const type = draw.weighted<string>([
    [10, () => (w.half ? "T" : "f32")],
    [1, () => "i32"],
    [0.4, () => "bool"],
  ]);
  const own = draw.some(usable(w), 0, 3);
  const value =
    type === "i32" ? int(w, own, 3) : type === "bool" ? condition(w, own, 2) : float(w, own, 2 + draw.below(3));
  const domain = draw.chance(0.12) ? condition(w, own, 1) : null;
  const dims = draw.chance(0.8) ? own.filter((a) => value.axes.includes(a) || domain?.axes.includes(a)) : own;
  w.lines.push(`${name} = ${value.text}${domain === null ? "" : ` where ${domain.text}`}`);
  return { name, type, axes: dims, dims: dimsText(draw, dims) };
};

/** The program of a seed. */
export const generate = (seed: number): Program => {
  const draw = drawFrom(seed);
  hidden.length = 0;
  const w: World = { draw, axes: axes(draw), values: [], scalars: [], lines: [], half: draw.chance(0.12) };
  tensors(w);
  scalars(w);
  if (draw.chance(0.12) && w.axes.length > 2) unionAxis(w);
  if (draw.chance(0.12)) recurrence(w);
  const lets = draw.below(5);
  for (let n = 1; n <= lets; n++) letLine(w, n);
  const results = ["r1", "r2", "r3"]
    .slice(
      0,
      draw.weighted([
        [5, () => 1],
        [3, () => 2],
        [1, () => 3],
      ]),
    )
    .map((name) => result(w, name));
  const named = [...new Set(w.axes.flatMap((a) => (a.parts === null ? [a.sizeName] : [])))];
  const { source, used } = signature(
    w,
    [...w.values, ...hidden].filter((v) => v.dims !== null),
    results,
  );
  const sizes = Object.fromEntries(named.map((s) => [s, w.axes.find((a) => a.sizeName === s)!.size]));
  const given = (isStatic: boolean): Record<string, number> =>
    Object.fromEntries(
      used.scalars.filter((s) => s.isStatic === isStatic && s.given !== null).map((s) => [s.name, s.given!]),
    );
  const half: Record<string, string> = w.half ? { T: "f16" } : {};
  return {
    source,
    sizes: Object.fromEntries(Object.entries(sizes).filter(([s]) => used.sizes.includes(s))),
    known: draw.chance(0.6) ? used.sizes : used.sizes.filter(() => draw.chance(0.5)),
    scalars: given(false),
    statics: given(true),
    types: used.half ? half : {},
    data: Object.fromEntries(used.tensors.map((t) => [t.name, t.data!])),
    parts: draw.chance(0.2) ? draw.pick([2, 3, 5]) : null,
    seed,
  };
};
