/** The derivation: of each kernel of the plan what is carried, rescaled and taken out of the loop, and why not less. */
import { h, prose } from "../dom.ts";
import { light } from "../link.ts";
import type { Compilation, KernelView, PaneLine, Places, Section } from "../protocol.ts";

/** What the headings of `tfx explain` are called here, in this order; the others are folded away. */
const FIRST: ReadonlyMap<string, string> = new Map([
  ["passes", "passes"],
  ["carried", "carried"],
  ["gauge", "rescaled"],
  ["hoisted", "hoisted"],
  ["domain", "mask"],
  ["empty row", "empty row"],
  ["why not", "not fused"],
]);

export type Derivation = {
  readonly element: HTMLElement;
  readonly show: (c: Compilation) => void;
  readonly light: (looked: Places) => void;
};

export const createDerivation = (look: (at: Places) => void): Derivation => {
  const cards = h("div", { class: "cards" });
  const element = h("div", { class: "pane", tabindex: 0 }, cards);
  let shown: { readonly row: HTMLElement; readonly at: Places }[] = [];
  const line = (l: PaneLine): HTMLElement => {
    const row = h("div", { class: l.text.startsWith("  ") ? "line indent" : "line" }, ...prose(l.text.trim()));
    row.addEventListener("mouseenter", () => look(l.at));
    shown.push({ row, at: l.at });
    return row;
  };
  element.addEventListener("mouseleave", () => look([]));
  const list = (sections: readonly Section[]): HTMLElement =>
    h(
      "dl",
      {},
      ...sections.flatMap((s) => [h("dt", {}, FIRST.get(s.title) ?? s.title), h("dd", {}, ...s.lines.map(line))]),
    );
  const card = (k: KernelView): HTMLElement => {
    const open = [...FIRST.keys()].flatMap((title) => k.sections.filter((s) => s.title === title));
    const folded = k.sections.filter((s) => !FIRST.has(s.title));
    return h(
      "article",
      { class: "card" },
      h("h3", {}, "kernel ", h("code", {}, k.name), " writes ", h("code", {}, k.writes)),
      h("p", { class: "summary" }, k.summary),
      list(open),
      h("details", {}, h("summary", {}, "schedule, memory, cost"), list(folded)),
    );
  };
  return {
    element,
    show: (c) => {
      const wasOpen = element.querySelector("details")?.open ?? false;
      shown = [];
      cards.replaceChildren(...c.kernels.map(card));
      if (wasOpen) for (const d of element.querySelectorAll("details")) d.open = true;
    },
    light: (looked) => {
      for (const { row, at } of shown) light(row, at, looked);
    },
  };
};
