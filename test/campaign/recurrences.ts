/** `let`s that run along an index: each step forgets, so that long runs stay small. */
import { condition } from "./conditions.ts";
import { float } from "./floats.ts";
import { axisNamed, usable, without, type World } from "./world.ts";

const STEPS = [
  "0.7 * P + A",
  "sigmoid(A) * P + B",
  "tanh(0.5 * P + A)",
  "0.5 * P + 0.3 * P * tanh(A) + B",
  "max(0.9 * P, A)",
  "(if A > 0 then 0.5 * P else P) + B",
  "0.5 * P + 0.2 * mean[D](P) + A",
  "0.5 * P / (1 + max[D](abs(P))) + A",
  "0.4 * P + 0.1 * var[D](P) + A",
  "exp(-abs(A)) * P + B * (1 - exp(-abs(A)))",
];

export const recurrence = (w: World): void => {
  const { draw } = w;
  const all = usable(w).filter((a) => axisNamed(w, a).parts === null);
  const along = draw.pick(all);
  const dims = draw.some(without(all, [along]), 0, 2);
  const own = draw.chance(0.5) ? [along, ...dims] : [...dims, along];
  const mixed = dims.length > 0 ? draw.pick(dims) : null;
  const step = draw.pick(STEPS.filter((s) => mixed !== null || !s.includes("D")));
  const starts = w.values.filter((v) => v.type === "float" && v.axes.every((a) => dims.includes(a)));
  const start = draw.weighted([
    [2, () => "0"],
    [1, () => "0.5"],
    [2, starts.length > 0 ? () => draw.pick(starts).name : null],
  ]);
  const [a, b] = [float(w, own, draw.below(3)), float(w, own, draw.below(2))];
  const body = step
    .replaceAll("P", `prev[${along}](s, ${start})`)
    .replaceAll("A", `(${a.text})`)
    .replaceAll("B", `(${b.text})`)
    .replaceAll("[D]", `[${mixed}]`);
  const where = draw.chance(0.25) ? ` where ${condition(w, own, 1).text}` : "";
  w.lines.push(`let s[${own.join(", ")}] = ${body}${where}`);
  w.values.push({ name: "s", type: "float", axes: [...own].sort(), dims: null, data: null, upTo: null });
};
