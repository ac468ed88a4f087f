/** Panes behind tabs: arrow keys move between the tabs, as everywhere. */
import { h } from "../dom.ts";

export type Tab = { readonly id: string; readonly title: string; readonly element: HTMLElement };
export type Tabs = { readonly open: (id: string) => void };

/** Puts the tabs into a column. `chosen`: someone opened another one. */
export const createTabs = (column: HTMLElement, tabs: readonly Tab[], chosen: (id: string) => void): Tabs => {
  const buttons = tabs.map(({ id, title, element }) => {
    element.id = `pane-${id}`;
    element.setAttribute("role", "tabpanel");
    element.setAttribute("aria-labelledby", `tab-${id}`);
    return h("button", { type: "button", role: "tab", id: `tab-${id}`, "aria-controls": element.id }, title);
  });
  const select = (n: number): void => {
    buttons.forEach((b, i) => {
      b.setAttribute("aria-selected", String(i === n));
      b.tabIndex = i === n ? 0 : -1;
      const pane = tabs[i]?.element;
      if (pane !== undefined) pane.hidden = i !== n;
    });
  };
  const choose = (n: number): void => {
    const tab = tabs[n];
    if (tab === undefined) return;
    select(n);
    chosen(tab.id);
  };
  buttons.forEach((b, n) => {
    b.addEventListener("click", () => choose(n));
    b.addEventListener("keydown", ({ key }) => {
      const step = { ArrowRight: 1, ArrowLeft: -1 }[key];
      if (step === undefined) return;
      const to = (n + step + tabs.length) % tabs.length;
      choose(to);
      buttons[to]?.focus();
    });
  });
  column.append(
    h("div", { class: "bar", role: "tablist", "aria-label": column.getAttribute("aria-label") ?? "" }, ...buttons),
    ...tabs.map((t) => t.element),
  );
  select(0);
  return {
    open: (id) =>
      select(
        Math.max(
          0,
          tabs.findIndex((t) => t.id === id),
        ),
      ),
  };
};
