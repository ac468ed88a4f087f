/** Reductions along one index or two, and what the prelude makes of them. */
import { float } from "./floats.ts";
import { condition } from "./conditions.ts";
import { axisNamed, join, union, usable, within, without, type Text, type World } from "./world.ts";

const OPS: readonly (readonly [number, string])[] = [
  [8, "sum"],
  [2, "mean"],
  [3, "max"],
  [1.5, "min"],
  [0.7, "prod"],
  [1, "var"],
  [0.6, "kth_largest"],
];

/** `x` with `axis` free in it: joined with something that has it. */
export const withAxis = (w: World, x: Text, axis: string, allowed: readonly string[]): Text => {
  if (x.axes.includes(axis)) return x;
  const { draw } = w;
  const having = w.values.filter(
    (v) => v.type === "float" && v.axes.includes(axis) && within(v.axes, union(allowed, [axis])),
  );
  const other: Text =
    having.length > 0
      ? ((v) => ({ text: v.name, axes: v.axes }))(draw.pick(having))
      : { text: `(1 + ${axis})`, axes: [axis] };
  return join([x, other], (a, b) =>
    draw.pick([`(${a} * ${b})`, `(${a} * ${b})`, `(${a} + ${b})`, `relu(${b} - ${a})`, `exp(${b} - ${a})`]),
  );
};

/** An index to reduce: one that is not kept here, if there is one. */
const target = (w: World, allowed: readonly string[]): string | null => {
  const all = usable(w);
  const fresh = without(all, allowed);
  if (all.length === 0) return null;
  return fresh.length > 0 && w.draw.chance(0.85) ? w.draw.pick(fresh) : w.draw.pick(all);
};

/** A reduction of any kind, or a running sum. */
export const reduction = (w: World, allowed: readonly string[], depth: number): Text | null => {
  const { draw } = w;
  const axis = target(w, allowed);
  if (axis === null) return null;
  if (allowed.includes(axis) && draw.chance(0.3)) {
    const body = withAxis(w, float(w, allowed, depth - 1), axis, allowed);
    return { text: `cumsum[${axis}](${body.text})`, axes: body.axes };
  }
  if (draw.chance(0.06)) {
    const c = condition(w, union(allowed, [axis]), 1);
    const over = c.axes.includes(axis) ? c : join([c, { text: axis, axes: [axis] }], (x, a) => `(${x} and ${a} != 1)`);
    return { text: `float(count[${axis}](${over.text}))`, axes: without(over.axes, [axis]) };
  }
  const op = draw.weighted(OPS.map(([n, f]) => [n, () => f] as const));
  const second = op !== "kth_largest" && draw.chance(0.12) ? without(usable(w), [axis, ...allowed])[0] : undefined;
  const over = second === undefined ? [axis] : [axis, second];
  const inner = over.reduce((x, a) => withAxis(w, x, a, allowed), float(w, union(allowed, over), depth - 1));
  const body = op === "prod" ? `(1 + 0.1 * ${inner.text})` : inner.text;
  const text =
    op === "kth_largest" ? `kth_largest[${axis}](${body}, ${1 + draw.below(3)})` : `${op}[${over.join(", ")}](${body})`;
  return { text, axes: without(inner.axes, over) };
};

/** Of prelude and papers: X is a value that varies along J. */
const KEEPS = [
  "softmax[J](X)",
  "softmax[J](X)",
  "rms_norm[J](X, 1e-2)",
  "layer_norm[J](X, 1e-2)",
  "l2_norm[J](X)",
  "log_softmax[J](X)",
  "(X - mean[J](X))",
  "(X - max[J](X))",
  "exp(X - max[J](X))",
  "(X / (1 + sum[J](abs(X))))",
  "(X - sum[J](X) / 2)",
  "(X - sum[J](X) / size(J))",
  "relu(X - mean[J](X))",
  "exp(min[J](X) - X)",
  "((X - max[J](X)) * exp(X - max[J](X)))",
  "exp(X - logsumexp[J](X))",
  "(X + X * mean[J](X))",
  "exp(10 * tanh(X) - max[J](10 * tanh(X)))",
];
const DROPS = [
  "logsumexp[J](X)",
  "logsumexp[J](X)",
  "sum[J](softmax[J](X) * Y)",
  "sum[J](softmax[J](X) * Y)",
  "sum[J](exp(X - max[J](X)) * Y)",
  "(sum[J](X * Y) / sum[J](Y * Y + 1))",
  "sqrt(mean[J](X * X))",
  "(-sum[J](softmax[J](X) * log_softmax[J](X)))",
  "(sum[J](exp(2 * (X - max[J](X))) * Y) / sum[J](exp(2 * (X - max[J](X)))))",
  "sum[J](relu(X - mean[J](X)) * Y)",
  "sum[J](log(1 + exp(X - max[J](X))) * Y)",
  "sum[J](abs(X - max[J](X)) ** 1.5)",
];

/** A normaliser along an index. */
export const normalised = (w: World, allowed: readonly string[], depth: number): Text | null => {
  const { draw } = w;
  const keeps = allowed.length > 0 && draw.chance(0.5);
  const open = keeps ? allowed : without(usable(w), allowed);
  if (open.length === 0) return null;
  const axis = axisNamed(w, draw.pick(open)).name;
  const inner = union(allowed, [axis]);
  const x = withAxis(w, float(w, inner, depth - 1), axis, allowed);
  const form = draw.pick(keeps ? KEEPS : DROPS).replaceAll("J", axis);
  const y = form.includes("Y") ? withAxis(w, float(w, inner, 0), axis, allowed) : null;
  const axes = union(x.axes, y?.axes ?? []);
  return {
    text: form.replaceAll("X", x.text).replaceAll("Y", y?.text ?? ""),
    axes: keeps ? axes : without(axes, [axis]),
  };
};
