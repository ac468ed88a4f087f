/** The same kernel for every target, side by side. */
import { h } from "../dom.ts";
import type { TargetRow } from "../protocol.ts";
import { bytes } from "./units.ts";

export type Targets = {
  readonly element: HTMLElement;
  /** Asks for all rows anew. */
  readonly refresh: () => void;
};

/** `ask`: the row of a target; `choose`: show this one; `now`: the one that is shown. */
export const createTargets = (
  names: readonly string[],
  on: {
    readonly ask: (target: string) => Promise<TargetRow>;
    readonly choose: (target: string) => void;
    readonly now: () => string;
  },
): Targets => {
  const words = h(
    "p",
    { class: "summary" },
    "What the planner chooses for each kind of device, those with the same code together. Numbers at the sizes of the pictures.",
  );
  const list = h("div", { class: "cards", style: "padding: 0" });
  const element = h("div", { class: "pane", tabindex: 0 }, h("div", { class: "cards" }, words, list));
  const button = (target: string): HTMLElement =>
    h("button", { type: "button", "aria-pressed": target === on.now(), onclick: () => on.choose(target) }, target);
  const card = (rows: readonly TargetRow[]): HTMLElement => {
    const [row] = rows;
    if (row === undefined) return h("article");
    const head = h("div", { class: "row" }, ...rows.map((r) => button(r.target)));
    if (row.why !== null) return h("article", { class: "card" }, head, h("p", { class: "bad" }, row.why));
    const facts: readonly (readonly [string, string])[] = [
      ...row.kernels.map((k) => [k.name, k.schedule] as const),
      ["memory", row.kernels.map((k) => `${k.bytes} bytes of workgroup memory`).join("; ")],
      ["reads", `${bytes(row.read)}, ${Number(row.intensity.toPrecision(3))} FLOP for a byte moved`],
      ["WGSL", `${row.wgsl.split("\n").length - 1} lines`],
    ];
    return h(
      "article",
      { class: "card" },
      head,
      h("dl", {}, ...facts.flatMap(([what, text]) => [h("dt", {}, what), h("dd", {}, text)])),
    );
  };
  let turn = 0;
  const refresh = async (): Promise<void> => {
    const mine = ++turn;
    const groups = new Map<string, TargetRow[]>();
    for (const name of names) {
      const row = await on.ask(name);
      if (mine !== turn) return;
      const key = JSON.stringify({ ...row, target: "" });
      groups.set(key, [...(groups.get(key) ?? []), row]);
    }
    list.replaceChildren(...[...groups.values()].map(card));
  };
  return { element, refresh: () => void refresh() };
};
