/** Floats: leaves, arithmetic, choices. Reductions are in `reductions.ts`. */
import { condition, int } from "./conditions.ts";
import { moved } from "./reads.ts";
import { normalised, reduction } from "./reductions.ts";
import { axisNamed, join, usable, within, type Text, type World } from "./world.ts";

const plain = (text: string, axes: readonly string[] = []): Text => ({ text, axes });

const NUMBERS = ["0.5", "2", "0.1", "1.5", "3", "1", "-1", "0.25", "10"];

/** A tensor, a `let`, a number, a parameter or a position. `let`s are preferred: values used twice are what breaks. */
const leaf = (w: World, allowed: readonly string[]): Text => {
  const { draw } = w;
  const values = w.values.filter((v) => v.type === "float" && within(v.axes, allowed));
  const lets = values.filter((v) => v.dims === null);
  const tensors = values.filter((v) => v.dims !== null);
  const late = lets.slice(-3);
  const scalars = w.scalars.filter((s) => s.type === "float");
  const name = (list: typeof values) =>
    list.length === 0
      ? null
      : () => {
          const v = draw.pick(list);
          return plain(v.name, v.axes);
        };
  return draw.weighted<Text>([
    [5, name(tensors)],
    [4, name(lets)],
    [3, name(late)],
    [0.6, () => plain(draw.pick(NUMBERS))],
    [0.5, scalars.length > 0 ? () => plain(draw.pick(scalars).name) : null],
    [
      0.6,
      allowed.length > 0
        ? () => {
            const a = draw.pick(allowed);
            return plain(draw.pick([a, `(${a} + 1)`, `(0.1 * ${a})`]), [a]);
          }
        : null,
    ],
    [0.1, allowed.length > 0 ? () => plain(`float(size(${draw.pick(allowed)}))`) : null],
    [
      0.3,
      allowed.length > 1
        ? () => {
            const [a, b] = draw.some(allowed, 2, 2) as [string, string];
            return plain(`(${draw.pick(["0.3", "0.5", "-0.2"])} * (${a} - ${b}))`, [a, b]);
          }
        : null,
    ],
  ]);
};

/** Sizes as divisors, the mean's own and its neighbours. */
const divisor = (w: World): Text => {
  const a = axisNamed(w, w.draw.pick(usable(w)));
  return plain(
    w.draw.pick([
      `size(${a.name})`,
      `(size(${a.name}) + 1)`,
      `(2 * size(${a.name}))`,
      `sqrt(size(${a.name}))`,
      `max(size(${a.name}) - 1, 1)`,
    ]),
  );
};

const arithmetic = (w: World, a: Text, b: () => Text): Text => {
  const { draw } = w;
  return draw.weighted<Text>([
    [4, () => join([a, b()], (x, y) => `(${x} + ${y})`)],
    [4, () => join([a, b()], (x, y) => `(${x} - ${y})`)],
    [5, () => join([a, b()], (x, y) => `(${x} * ${y})`)],
    [2, () => join([a], (x) => `(${draw.pick(NUMBERS)} * ${x})`)],
    [1, () => join([a], (x) => `(${x} / ${draw.pick(["2", "3", "0.5", "-4"])})`)],
    [1, () => join([a, divisor(w)], (x, y) => `(${x} / ${y})`)],
    [
      1.5,
      () =>
        join(
          [a, b()],
          (x, y) =>
            `(${x} / ${draw.pick([`(1 + abs(${y}))`, `max(abs(${y}), 0.1)`, `(0.5 + ${y} * ${y})`, `exp(${y})`])})`,
        ),
    ],
    [0.7, () => join([a, b()], (x, y) => `(${x} / ${y})`)],
    [1, () => join([a, b()], (x, y) => `max(${x}, ${y})`)],
    [1, () => join([a, b()], (x, y) => `min(${x}, ${y})`)],
    [0.2, () => join([a, b()], (x, y) => `(${x} % (1 + abs(${y})))`)],
  ]);
};

const BOUNDED = ["exp(-abs(X))", "exp(min(X, 3))", "exp(tanh(X))", "exp(-(X * X))", "exp(5 * tanh(X / 5))"];
const FUNCTIONS: readonly (readonly [number, string])[] = [
  [1.5, "-X"],
  [1.5, "abs(X)"],
  [1.5, "exp(X)"],
  [1, "exp(0.2 * X)"],
  [1, "exp2(0.3 * X)"],
  [1, "tanh(X)"],
  [0.7, "sigmoid(X)"],
  [0.6, "silu(X)"],
  [1, "relu(X)"],
  [0.5, "softplus(X)"],
  [0.5, "gelu(X)"],
  [0.3, "elu(X)"],
  [1, "softcap(X, 5)"],
  [0.5, "softcap(X, 50)"],
  [0.5, "10 * tanh(X)"],
  [0.5, "clamp(X, -1, 1)"],
  [0.7, "log(1 + abs(X))"],
  [0.7, "log(abs(X) + 0.01)"],
  [0.5, "log(X)"],
  [0.4, "log2(X * X + 1)"],
  [0.7, "sqrt(abs(X))"],
  [0.5, "sqrt(X)"],
  [0.7, "rsqrt(1 + X * X)"],
  [0.8, "X ** 2"],
  [0.5, "X ** 3"],
  [0.5, "X ** 0.5"],
  [0.4, "abs(X) ** 1.5"],
  [0.3, "(1 + abs(X)) ** -1"],
  [0.3, "sign(X)"],
  [0.3, "floor(X)"],
  [0.2, "round(X)"],
  [0.4, "sin(X)"],
  [0.3, "cos(X)"],
  [0.4, "erf(X)"],
  [0.3, "float(int(X))"],
  [0.5, "(if X > 0 then X else 0.1 * X)"],
];

const applied = (w: World, x: Text): Text => {
  const form = w.draw.chance(0.2)
    ? w.draw.pick(BOUNDED)
    : w.draw.weighted(FUNCTIONS.map(([n, f]) => [n, () => f] as const));
  return { text: `(${form.replaceAll("X", x.text)})`, axes: x.axes };
};

/** A choice; some guard what would not be a number, or not exist, in the other branch. */
const choice = (w: World, allowed: readonly string[], depth: number): Text => {
  const { draw } = w;
  const sub = (): Text => float(w, allowed, depth - 1);
  return draw.weighted<Text>([
    [4, () => join([condition(w, allowed, 1), sub(), sub()], (c, a, b) => `(if ${c} then ${a} else ${b})`)],
    [1, () => join([sub(), sub()], (x, y) => `(if ${x} > 0 then ${draw.pick(["log", "sqrt"])}(${x}) * ${y} else 0)`)],
    [1, () => join([sub(), sub()], (x, y) => `(if abs(${x}) > 0.1 then ${y} / ${x} else ${draw.pick(["0", y])})`)],
    [1, () => join([condition(w, allowed, 0), sub()], (c, x) => `(if ${c} then ${x} else 0)`)],
    [1, allowed.length === 0 ? null : () => moved(w, allowed, true) ?? sub()],
  ]);
};

/** A float over some of these indices. */
export const float = (w: World, allowed: readonly string[], depth: number): Text => {
  if (depth <= 0) return leaf(w, allowed);
  const { draw } = w;
  const sub = (): Text => float(w, allowed, depth - 1);
  return draw.weighted<Text>([
    [3, () => leaf(w, allowed)],
    [6, () => arithmetic(w, sub(), () => float(w, allowed, draw.below(depth)))],
    [3.5, () => applied(w, sub())],
    [1.5, () => choice(w, allowed, depth)],
    [3.5, () => reduction(w, allowed, depth) ?? leaf(w, allowed)],
    [1.5, () => normalised(w, allowed, depth) ?? leaf(w, allowed)],
    [1, () => moved(w, allowed, false) ?? leaf(w, allowed)],
    [0.3, () => join([int(w, allowed, 1)], (n) => `float(${n})`)],
  ]);
};
