/** Pictures of the kernels of a plan: masks, workgroup memory, work beside traffic. */
import { h, prose, svg } from "../dom.ts";
import { light } from "../link.ts";
import type { Compilation, Cost, KernelView, Memory, Places, TileMap } from "../protocol.ts";
import { amount, bytes } from "./units.ts";
import { registersPicture } from "./registers.ts";
import { rooflinePicture } from "./roofline.ts";

const CLASSES: Readonly<Record<string, string>> = { ".": "empty-tile", "/": "partial-tile", "#": "full-tile" };

/** Squares of one class side by side are one rectangle. `data`: where data decide, a tile is no edge yet. */
const rectangles = (rows: readonly string[], data: boolean): readonly SVGElement[] =>
  rows.flatMap((row, y) =>
    [...row.matchAll(/(.)\1*/g)].map((m) =>
      svg("rect", {
        x: m.index,
        y,
        width: m[0].length,
        height: 1,
        class: data && m[1] === "/" ? "data-tile" : (CLASSES[m[1] ?? "."] ?? "empty-tile"),
      }),
    ),
  );

const key = (kind: string, n: number, all: number, words: string): HTMLElement =>
  h("span", { class: "key" }, h("i", { class: kind }), `${n} ${words} (${Math.round((100 * n) / Math.max(1, all))} %)`);

const maskPicture = (m: TileMap): HTMLElement => {
  const { empty, partial, full, exact } = m.counts;
  const all = empty + partial + full;
  const [i, j] = m.axes;
  const width = m.rows[0]?.length ?? 1;
  const label = `Mask over ${i} and ${j}: of ${all} tiles ${empty} are skipped, ${partial} are on an edge, ${full} are whole`;
  // Tiles are seldom square; the picture is as its axes are.
  const [tall, wide] = [m.size[0], m.size[1]];
  const ratio = Math.min(3, Math.max(1 / 2, wide / Math.max(1, tall)));
  const picture = svg(
    "svg",
    {
      viewBox: `0 0 ${width} ${m.rows.length}`,
      preserveAspectRatio: "none",
      class: "mask",
      role: "img",
      "aria-label": label,
      "shape-rendering": "crispEdges",
      style: `aspect-ratio: ${ratio}`,
    },
    ...rectangles(m.rows, m.data),
  );
  const where = m.condition === null ? [`every ${j} for every ${i}`] : prose(`\`${j}\` where \`${m.condition.text}\``);
  const square =
    m.square[0] === m.tile[0] && m.square[1] === m.tile[1]
      ? ""
      : `; a square of the picture is ${m.square[0]} x ${m.square[1]}`;
  return h(
    "figure",
    { class: "lit-box" },
    h("figcaption", {}, ...where),
    h(
      "div",
      { class: "row" },
      key("e", empty, all, "skipped"),
      m.data ? key("u", partial, all, "data decide") : key("p", partial, all, "edge"),
      key("f", full, all, "whole"),
    ),
    picture,
    h(
      "figcaption",
      {},
      `${i} down to ${m.size[0]}, ${j} across to ${m.size[1]}; a workgroup decides about ${m.tile[0]} x ${m.tile[1]} cells at once${square}${m.data ? "" : `; ${m.cells} of the cells exist`}.`,
      ...(exact ? [] : [" Too many tiles to look into each: what is left counts as edge."]),
      ...(m.data ? [" What data decide is known at run time only."] : []),
    ),
  );
};

const SHADES = ["#5b7fe6", "#f0a94e", "#4fa68b", "#b07cc6", "#d2716b", "#7f8fa6"];

const memoryPicture = (m: Memory): HTMLElement => {
  const used = m.parts.reduce((n, p) => n + p.bytes, 0);
  if (used === 0) return h("figure", {}, h("figcaption", {}, "Workgroup memory: none is used."));
  const shade = (n: number): string => SHADES[n % SHADES.length] ?? "gray";
  const bar = h(
    "div",
    { class: "memory", role: "img", "aria-label": `Workgroup memory: ${used} of ${m.total} bytes` },
    ...m.parts.map((p, n) =>
      h("div", {
        style: `--b: ${shade(n)}; width: ${(100 * p.bytes) / m.total}%`,
        title: `${p.name}: ${p.bytes} bytes`,
      }),
    ),
  );
  return h(
    "figure",
    {},
    h("figcaption", {}, `Workgroup memory: ${used} of ${m.total} bytes`),
    bar,
    h(
      "div",
      { class: "row" },
      ...m.parts.map((p, n) =>
        h(
          "span",
          { class: "key" },
          h("i", { style: `background: ${shade(n)}` }),
          h("code", {}, p.name),
          `${p.bytes} (${p.text})`,
        ),
      ),
    ),
  );
};

/** FLOP for a byte: below, memory is the bound on common GPUs, above, f32 arithmetic. */
const BALANCE = [10, 80] as const;
const [LOW, HIGH, WIDE] = [0.1, 10_000, 560] as const;

const costPicture = (c: Cost): HTMLElement => {
  const moved = c.read + c.written;
  const [now, best] = [c.flops / Math.max(1, moved), c.flops / Math.max(1, c.least)];
  const x = (v: number): number =>
    20 + ((WIDE - 40) * Math.log(Math.min(HIGH, Math.max(LOW, v)) / LOW)) / Math.log(HIGH / LOW);
  const ticks = [0.1, 1, 10, 100, 1000, 10_000];
  const bound = now <= BALANCE[0] ? "bound by memory" : now >= BALANCE[1] ? "bound by arithmetic" : "near the balance";
  return h(
    "figure",
    {},
    h(
      "figcaption",
      {},
      `${amount(c.flops)} FLOP (${amount(c.products)} in sums of products, ${amount(c.slow)} exp and their like); ${bytes(c.read)} read, ${bytes(c.written)} written, ${bytes(c.least)} at least: ${bound}`,
    ),
    svg(
      "svg",
      {
        viewBox: `0 0 ${WIDE} 74`,
        role: "img",
        "aria-label": `${now.toPrecision(3)} FLOP for a byte moved, ${best.toPrecision(3)} at best: ${bound} on common GPUs`,
      },
      svg("rect", { x: x(BALANCE[0]), y: 18, width: x(BALANCE[1]) - x(BALANCE[0]), height: 30, class: "band" }),
      ...ticks.flatMap((t) => [
        svg("line", { x1: x(t), x2: x(t), y1: 44, y2: 48, class: "axis" }),
        svg("text", { x: x(t), y: 62, "text-anchor": "middle" }, t >= 1000 ? `${t / 1000} k` : String(t)),
      ]),
      svg("line", { x1: 20, x2: WIDE - 20, y1: 48, y2: 48, class: "axis" }),
      svg("text", { x: x(BALANCE[0]) - 6, y: 30, "text-anchor": "end" }, "memory"),
      svg("text", { x: x(BALANCE[1]) + 6, y: 30 }, "arithmetic"),
      svg("line", { x1: x(now), x2: x(best), y1: 39, y2: 39, class: "axis", "stroke-dasharray": "2 3" }),
      svg("circle", { cx: x(best), cy: 39, r: 4.5, class: "ring" }),
      svg("circle", { cx: x(now), cy: 39, r: 5, class: "dot" }),
      svg(
        "text",
        { x: x(now), y: 12, "text-anchor": "middle", class: "name" },
        `${Number(now.toPrecision(3))} FLOP a byte`,
      ),
    ),
    h(
      "figcaption",
      {},
      "Dot: this schedule; ring: every tensor moved once. The band is where the f32 balance of common GPUs lies, 10 to 80.",
    ),
  );
};

export type Pictures = {
  readonly element: HTMLElement;
  readonly show: (c: Compilation, length: number) => void;
  readonly light: (looked: Places) => void;
};

/** `resized`: another length of the long axes. */
export const createPictures = (look: (at: Places) => void, resized: (length: number) => void): Pictures => {
  const slider = h("input", {
    type: "range",
    min: 4,
    max: 14,
    step: 1,
    id: "length",
    "aria-label": "Length of the long axes",
  });
  const output = h("output", { for: "length" });
  const example = h("p", { class: "summary" });
  const cards = h("div", { class: "cards" });
  const top = h(
    "div",
    { class: "cards", style: "padding-bottom: 0; gap: 2px" },
    h("div", { class: "row" }, h("label", { for: "length" }, "length"), slider, output),
  );
  top.append(example);
  const registers = h("div", { class: "cards" }, registersPicture());
  const element = h("div", { class: "pane", tabindex: 0 }, top, cards, registers);
  let shown: { readonly box: HTMLElement; readonly at: Places }[] = [];
  slider.addEventListener("input", () => {
    output.value = String(2 ** slider.valueAsNumber);
    slider.setAttribute("aria-valuetext", output.value);
    resized(2 ** slider.valueAsNumber);
  });
  element.addEventListener("mouseleave", () => look([]));
  const card = (k: KernelView): HTMLElement => {
    const masks = k.maps.map((m) => {
      const box = maskPicture(m);
      const at = m.condition?.at ?? [];
      box.addEventListener("mouseenter", () => look(at));
      shown.push({ box, at });
      return box;
    });
    return h(
      "article",
      { class: "card cards", style: "padding: 0" },
      h("h3", {}, "kernel ", h("code", {}, k.name)),
      ...masks,
      memoryPicture(k.memory),
      costPicture(k.cost),
      rooflinePicture(k.cost),
    );
  };
  return {
    element,
    show: (c, length) => {
      slider.value = String(Math.round(Math.log2(length)));
      output.value = String(length);
      example.textContent = c.example === "" ? "All sizes are told to the compiler." : `counted at ${c.example}`;
      shown = [];
      cards.replaceChildren(...c.kernels.map(card));
    },
    light: (looked) => {
      for (const { box, at } of shown) light(box, at, looked);
    },
  };
};
