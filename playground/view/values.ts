/** A picture of a value of the formula: scores, weights, whatever has a name and two indices. */
import { h } from "../dom.ts";
import type { State, Values } from "../protocol.ts";
import { short } from "./units.ts";

/** Positive and negative, on light and dark paper alike. */
const COLOURS = [
  [91, 127, 230],
  [240, 150, 60],
] as const;

const paint = (canvas: HTMLCanvasElement, { size: [down, across], cells }: Values, most: number): void => {
  [canvas.width, canvas.height] = [across, down];
  const cx = canvas.getContext("2d");
  if (cx === null) return;
  const image = cx.createImageData(across, down);
  cells.forEach((v, n) => {
    const [r, g, b] = COLOURS[v < 0 ? 1 : 0];
    image.data.set([r, g, b, Number.isFinite(v) ? Math.round((255 * Math.abs(v)) / most) : 0], 4 * n);
  });
  cx.putImageData(image, 0, 0);
};

export type ValuePicture = { readonly element: HTMLElement; readonly show: (values: Values | null) => void };

/** `choose`: another value, or other indices along its first axes. */
export const createValues = (choose: (value: Pick<State, "value" | "at">) => void): ValuePicture => {
  const fields = h("div", { class: "row" });
  const canvas = h("canvas", { class: "values", role: "img" });
  const caption = h("figcaption");
  const element = h("figure", { hidden: true }, h("h3", {}, "Values"), fields, canvas, caption);
  const fieldsOf = (v: Values): readonly HTMLElement[] => {
    const name = h("select", { "aria-label": "value" }, ...v.names.map((n) => h("option", { value: n }, n)));
    name.value = v.name;
    name.addEventListener("change", () => choose({ value: name.value, at: [] }));
    const inputs = v.others.map((o) =>
      h("input", { type: "number", min: 0, max: o.size - 1, value: o.at, "aria-label": `index ${o.name}` }),
    );
    const at = (): readonly number[] => inputs.map((i) => (Number.isInteger(i.valueAsNumber) ? i.valueAsNumber : 0));
    for (const i of inputs) i.addEventListener("change", () => choose({ value: name.value, at: at() }));
    return [name, ...v.others.map((o, k) => h("label", { class: "value" }, o.name, inputs[k] ?? ""))];
  };
  return {
    element,
    show: (v) => {
      element.hidden = v === null;
      if (v === null) return;
      const focused = fields.contains(document.activeElement)
        ? document.activeElement?.getAttribute("aria-label")
        : null;
      fields.replaceChildren(...fieldsOf(v));
      if (focused !== null && focused !== undefined)
        fields.querySelector<HTMLElement>(`[aria-label="${focused}"]`)?.focus();
      canvas.hidden = v.why !== null;
      if (v.why !== null) return caption.replaceChildren(v.why);
      const finite = v.cells.filter(Number.isFinite);
      const [low, high] = [Math.min(0, ...finite), Math.max(0, ...finite)];
      paint(canvas, v, Math.max(-low, high) || 1);
      const [i = "", j = ""] = v.axes;
      canvas.setAttribute("aria-label", `${v.name} over ${i} and ${j}, from ${short(low)} to ${short(high)}`);
      caption.replaceChildren(
        `${i} down to ${v.size[0]}, ${j} across to ${v.size[1]}, on the random inputs of Run; blue up to ${short(high)}, orange down to ${short(low)}, nothing where it is 0 or does not exist.`,
      );
    },
  };
};
