/** A kernel under the rooflines of some devices. */
import { boundOf, DEVICES, type Device } from "../devices.ts";
import { h, svg } from "../dom.ts";
import type { Cost } from "../protocol.ts";
import { milliseconds } from "./units.ts";

const SHADES = ["#7f8fa6", "#5b7fe6", "#4fa68b", "#b07cc6", "#d2716b", "#f0a94e"];
const [WIDE, HIGH] = [560, 250] as const;
/** FLOP for a byte, and FLOP in a second in units of 10^12. */
const [X, Y] = [
  [0.1, 10_000],
  [0.005, 200],
] as const;

const along = (v: number, [low, high]: readonly [number, number]): number =>
  Math.log(Math.min(high, Math.max(low, v)) / low) / Math.log(high / low);
const x = (v: number): number => 36 + (WIDE - 50) * along(v, X);
const y = (v: number): number => HIGH - 26 - (HIGH - 40) * along(v, Y);

const line = (device: Device, shade: string): SVGElement => {
  const knee = (device.tflops * 1000) / device.gbps;
  const start = (X[0] * device.gbps) / 1000;
  const points = [
    [x(X[0]), y(start)],
    [x(knee), y(device.tflops)],
    [x(X[1]), y(device.tflops)],
  ];
  return svg(
    "polyline",
    { points: points.map((p) => p.join(",")).join(" "), fill: "none", stroke: shade, "stroke-width": 1.5 },
    svg("title", {}, device.name),
  );
};

/** `c`: of one kernel, at the sizes of the pictures. */
export const rooflinePicture = (c: Cost): HTMLElement => {
  const moved = c.read + c.written;
  const now = c.flops / Math.max(1, moved);
  const rows = DEVICES.map((device, n) => ({
    device,
    shade: SHADES[n % SHADES.length] ?? "gray",
    bound: boundOf(device, c.flops, moved),
  }));
  const ticks = [0.1, 1, 10, 100, 1000, 10_000];
  const heights = [0.01, 0.1, 1, 10, 100];
  const picture = svg(
    "svg",
    {
      viewBox: `0 0 ${WIDE} ${HIGH}`,
      role: "img",
      "aria-label": `Rooflines at ${now.toPrecision(3)} FLOP for a byte: ${rows.map((r) => `${r.device.name} bound by ${r.bound.by}`).join(", ")}`,
    },
    ...heights.flatMap((t) => [
      svg("line", { x1: 36, x2: WIDE - 14, y1: y(t), y2: y(t), class: "grid" }),
      svg("text", { x: 30, y: y(t) + 4, "text-anchor": "end" }, String(t)),
    ]),
    ...ticks.map((t) =>
      svg("text", { x: x(t), y: HIGH - 8, "text-anchor": "middle" }, t >= 1000 ? `${t / 1000} k` : String(t)),
    ),
    svg("line", { x1: x(now), x2: x(now), y1: 8, y2: HIGH - 24, class: "axis", "stroke-dasharray": "2 3" }),
    ...rows.map((r) => line(r.device, r.shade)),
    ...rows.map((r) => svg("circle", { cx: x(now), cy: y(r.bound.tflops), r: 3.5, fill: r.shade })),
  );
  const row = ({ device, shade, bound }: (typeof rows)[number]): HTMLElement =>
    h(
      "tr",
      {},
      h("th", { scope: "row" }, h("span", { class: "key" }, h("i", { style: `background: ${shade}` }), device.name)),
      h("td", {}, String(device.tflops)),
      h("td", {}, String(device.gbps)),
      h("td", {}, milliseconds(bound.milliseconds)),
      h("td", {}, bound.by),
    );
  return h(
    "figure",
    { class: "roofline" },
    h("figcaption", {}, "Roofline: FLOP for a byte across, 10¹² FLOP in a second up, both logarithmic."),
    picture,
    h(
      "table",
      { class: "sides" },
      h(
        "thead",
        {},
        h("tr", {}, ...["device", "TFLOP/s", "GB/s", "at best", "bound by"].map((t) => h("th", { scope: "col" }, t))),
      ),
      h("tbody", {}, ...rows.map(row)),
    ),
    h(
      "figcaption",
      {},
      "What the devices could do at most, if no cache helped with what is read again. These are bounds from data sheets: nothing here was measured.",
    ),
  );
};
