/** Two formulas, or one for two targets, side by side. */
import { h } from "../dom.ts";
import type { Comparison, Side } from "../protocol.ts";
import { amount, bytes } from "./units.ts";

export type Compare = {
  readonly element: HTMLElement;
  /** Asks for both sides anew. */
  readonly refresh: () => void;
};

/** `ask`: null where nothing is kept; `keep`: this one; `swap`: what is kept into the editor, and the other way round. */
export const createCompare = (on: {
  readonly ask: () => Promise<Comparison> | null;
  readonly keep: () => void;
  readonly swap: () => void;
}): Compare => {
  const meaning = h("p", { role: "status" });
  const table = h("table", { class: "sides" });
  const swap = h("button", { type: "button", id: "swap", onclick: () => on.swap() }, "Swap");
  const buttons = h(
    "div",
    { class: "row" },
    h("button", { type: "button", id: "keep", onclick: () => on.keep() }, "Keep this one"),
    swap,
  );
  const words = h(
    "p",
    { class: "summary" },
    "Keep a formula with its target and sizes, then change either: both stand here. The link has both.",
  );
  const element = h(
    "div",
    { class: "pane", tabindex: 0 },
    h("div", { class: "cards" }, words, buttons, meaning, table),
  );
  const row = (what: string, sides: readonly Side[], say: (s: Side) => string): HTMLElement =>
    h("tr", {}, h("th", { scope: "row" }, what), ...sides.map((s) => h("td", {}, say(s))));
  const counted =
    (say: (s: Side) => string) =>
    (s: Side): string =>
      s.why === null ? say(s) : "–";
  const show = ({ sides, meaning: said }: Comparison): void => {
    meaning.textContent = `Meaning: ${said.words}`;
    meaning.className = said.same === null ? "summary" : said.same ? "ok" : "bad";
    const most = Math.max(...sides.map((s) => s.kernels.length));
    const kernels = Array.from({ length: most }, (_, n) => [
      row(most === 1 ? "plan" : `kernel ${n + 1}`, sides, (s) => s.kernels[n]?.summary ?? s.why ?? "–"),
      row("schedule", sides, (s) => s.kernels[n]?.schedule ?? "–"),
    ]).flat();
    table.replaceChildren(
      h(
        "thead",
        {},
        row("", sides, (s) => `${s === sides[0] ? "this" : "kept"}: ${s.name}, ${s.target}`),
      ),
      h(
        "tbody",
        {},
        ...(most === 0 ? [row("plan", sides, (s) => s.why ?? "–")] : kernels),
        row(
          "workgroup memory",
          sides,
          counted((s) => bytes(s.memory)),
        ),
        row(
          "work",
          sides,
          counted((s) => `${amount(s.work)} FLOP`),
        ),
        row(
          "reads",
          sides,
          counted((s) => `${bytes(s.read)}, least ${bytes(s.least)} moved`),
        ),
        row(
          "FLOP a byte",
          sides,
          counted((s) => String(Number((s.work / Math.max(1, s.read + s.written)).toPrecision(3)))),
        ),
        row(
          "WGSL",
          sides,
          counted((s) => `${s.lines} lines`),
        ),
      ),
    );
  };
  let turn = 0;
  const refresh = async (): Promise<void> => {
    const mine = ++turn;
    const asked = on.ask();
    swap.disabled = asked === null;
    if (asked === null) {
      meaning.textContent = "";
      table.replaceChildren();
      return;
    }
    const found = await asked;
    if (mine === turn) show(found);
  };
  return { element, refresh: () => void refresh() };
};
