/** Conditions and whole numbers. */
import { axisNamed, join, within, type Text, type World } from "./world.ts";
import { float } from "./floats.ts";

const plain = (text: string, axes: readonly string[] = []): Text => ({ text, axes });

/** A whole number over some of these indices. */
export const int = (w: World, allowed: readonly string[], depth: number): Text => {
  const { draw } = w;
  const index =
    allowed.length > 0
      ? (): Text => {
          const a = draw.pick(allowed);
          return plain(a, [a]);
        }
      : null;
  const stored = w.values.filter((v) => v.type === "int" && within(v.axes, allowed));
  const sub = (): Text => int(w, allowed, depth - 1);
  const leaf = (): Text =>
    draw.weighted<Text>([
      [4, index],
      [
        2,
        stored.length > 0
          ? () => {
              const v = draw.pick(stored);
              return plain(v.name, v.axes);
            }
          : null,
      ],
      [1, () => plain(String(draw.below(4)))],
      [
        1,
        allowed.length > 0
          ? () => {
              const a = axisNamed(w, draw.pick(allowed));
              return plain(draw.pick([`size(${a.name})`, `(size(${a.name}) - 1)`]));
            }
          : null,
      ],
    ]);
  if (depth <= 0) return leaf();
  const reducible = w.axes.filter((a) => !w.axes.some((u) => u.parts?.includes(a.name))).map((a) => a.name);
  return draw.weighted<Text>([
    [4, leaf],
    [2, () => join([sub(), sub()], (a, b) => `(${a} ${draw.pick(["+", "-"])} ${b})`)],
    [1, () => join([sub()], (a) => `(${a} * ${draw.pick(["2", "3"])})`)],
    [1, () => join([sub()], (a) => `(${a} ${draw.pick(["/ 2", "% 2", "% 3", "/ 3"])})`)],
    [1, () => join([sub(), sub()], (a, b) => `${draw.pick(["min", "max"])}(${a}, ${b})`)],
    [0.5, () => join([sub()], (a) => `abs(${a})`)],
    [0.5, () => join([condition(w, allowed, depth - 1), sub(), sub()], (c, a, b) => `(if ${c} then ${a} else ${b})`)],
    [0.7, reducible.length > 0 ? () => counted(w, draw.pick(reducible), allowed, depth - 1) : null],
  ]);
};

/** `count`, `argmax` and the like along an index. */
const counted = (w: World, axis: string, allowed: readonly string[], depth: number): Text => {
  const inner = [...new Set([...allowed, axis])];
  const op = w.draw.pick(["count", "count", "argmax", "argmin"]);
  const body = op === "count" ? condition(w, inner, depth) : float(w, inner, depth);
  const over = body.axes.includes(axis)
    ? body
    : op === "count"
      ? join([body, plain(axis, [axis])], (c, a) => `(${c} and ${a} >= 0)`)
      : join([body, plain(axis, [axis])], (x, a) => `(${x} + ${a})`);
  return { text: `${op}[${axis}](${over.text})`, axes: over.axes.filter((a) => a !== axis) };
};

/** A condition over some of these indices. */
export const condition = (w: World, allowed: readonly string[], depth: number): Text => {
  const { draw } = w;
  const stored = w.values.filter((v) => v.type === "bool" && within(v.axes, allowed));
  const unions = allowed.map((a) => axisNamed(w, a)).filter((a) => a.parts !== null);
  const pair = (): readonly [string, string] => {
    const [a, b] = draw.some(allowed, 2, 2) as [string, string];
    return draw.chance(0.5) ? [a, b] : [b, a];
  };
  const positions = (): Text =>
    draw.weighted<Text>([
      [
        3,
        () => {
          const [a, b] = pair();
          return plain(`${a} ${draw.pick(["<=", ">=", "!=", "<", "=="])} ${b}`, [a, b]);
        },
      ],
      [
        1,
        () => {
          const [a, b] = pair();
          return plain(`causal(${a}, ${b})`, [a, b]);
        },
      ],
      [
        0.6,
        () => {
          const [a, b] = pair();
          return plain(`window(${a}, ${b}, ${draw.pick(["2", "3"])})`, [a, b]);
        },
      ],
      [
        1,
        () => {
          const [a, b] = pair();
          return plain(`(${a} + ${b}) % 3 != ${draw.below(3)}`, [a, b]);
        },
      ],
      [
        0.6,
        () => {
          const [a, b] = pair();
          return plain(`abs(${a} - ${b}) <= ${1 + draw.below(2)}`, [a, b]);
        },
      ],
      [
        0.6,
        () => {
          const [a, b] = pair();
          return plain(`${a} / 2 == ${b} / 2`, [a, b]);
        },
      ],
    ]);
  const one = (): Text => {
    const a = draw.pick(allowed);
    return plain(
      draw.pick([
        `${a} < 2`,
        `${a} > 1`,
        `${a} % 2 == 0`,
        `${a} != 1`,
        `${a} > 5`,
        `${a} >= 1`,
        `${a} == 0`,
        `${a} < size(${a}) - 1`,
      ]),
      [a],
    );
  };
  const atom = (): Text =>
    draw.weighted<Text>([
      [3, allowed.length > 1 ? positions : null],
      [0.2, () => plain(draw.pick(["true", "false"]))],
      [3, allowed.length > 0 ? one : null],
      [
        3,
        stored.length > 0
          ? () => {
              const v = draw.pick(stored);
              return plain(v.name, v.axes);
            }
          : null,
      ],
      [
        2,
        unions.length > 0
          ? () => {
              const u = draw.pick(unions);
              const part = draw.pick(u.parts!);
              return plain(
                draw.pick([
                  `${u.name} in ${part}`,
                  `(${u.name} in ${part} or ${part} > 0)`,
                  `(${u.name} in ${part} or ${part} != 1)`,
                ]),
                [u.name],
              );
            }
          : null,
      ],
      [
        1.5,
        () =>
          join(
            [int(w, allowed, 1), int(w, allowed, 1)],
            (a, b) => `${a} ${draw.pick(["<", "<=", "==", "!=", ">", ">="])} ${b}`,
          ),
      ],
      [
        1.5,
        () => join([float(w, allowed, Math.max(0, depth - 1))], (a) => `${a} > ${draw.pick(["0", "0.3", "-0.5"])}`),
      ],
      [
        0.5,
        () =>
          join(
            [float(w, allowed, 0), float(w, allowed, 0)],
            (a, b) => `${a} ${draw.pick(["<", ">=", "==", "!="])} ${b}`,
          ),
      ],
    ]);
  if (depth <= 0) return atom();
  const sub = (): Text => condition(w, allowed, depth - 1);
  return draw.weighted<Text>([
    [5, atom],
    [1.5, () => join([sub(), sub()], (a, b) => `(${a} and ${b})`)],
    [1.5, () => join([sub(), sub()], (a, b) => `(${a} or ${b})`)],
    [0.7, () => join([sub()], (a) => `not (${a})`)],
    [
      0.3,
      allowed.length > 0
        ? () => {
            const axis = draw.pick(allowed);
            const body = condition(w, allowed, 0);
            const over = body.axes.includes(axis)
              ? body
              : join([body, plain(axis, [axis])], (c, a) => `(${c} or ${a} > 1)`);
            return {
              text: `${draw.pick(["any", "all"])}[${axis}](${over.text})`,
              axes: over.axes.filter((a) => a !== axis),
            };
          }
        : null,
    ],
  ]);
};
