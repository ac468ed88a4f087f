/** A pane of code, line by line: lines light up with what is looked at, and say what they are when they are pointed at. */
import { h } from "../dom.ts";
import { light } from "../link.ts";
import type { PaneLine, Places } from "../protocol.ts";

const TOKEN =
  /(\/\/.*|# .*)|\b(let|var|for|if|else|fn|struct|return|array|store|kernel|tile|plan|pass|then|where|gauge|scan|over|in|step|barrier|storage|workgroup|uniform|scratch|const|enable)\b|(@\w+|\b(?:f32|f16|i32|u32|bool|vec[234](?:<\w+>|f|h|u|i|b)?|f32x4|f16x4|bf16)\b)|\b(\d[\w.]*)/g;
const CLASS = ["c", "k", "t", "n"] as const;

/** Words of the code in colours. */
const coloured = (text: string): readonly (Node | string)[] => {
  const out: (Node | string)[] = [];
  let at = 0;
  for (const m of text.matchAll(TOKEN)) {
    const kind = CLASS[m.slice(1).findIndex((g) => g !== undefined)] ?? "c";
    out.push(text.slice(at, m.index), h("span", { class: kind }, m[0]));
    at = m.index + m[0].length;
  }
  out.push(text.slice(at));
  return out;
};

export type Lines = {
  readonly element: HTMLElement;
  readonly show: (lines: readonly PaneLine[]) => void;
  /** `own`: what is looked at is looked at here. */
  readonly light: (looked: Places, own: boolean) => void;
};

/** Scrolls inside the pane only, and only when nothing lit can be seen. */
const reveal = (pane: HTMLElement, rows: readonly HTMLElement[]): void => {
  const { top, height } = pane.getBoundingClientRect();
  const seen = (r: HTMLElement): boolean => {
    const y = r.getBoundingClientRect().top - top;
    return y >= 0 && y < height - 18;
  };
  const [first] = rows;
  if (first === undefined || rows.some(seen)) return;
  pane.scrollTop += first.getBoundingClientRect().top - top - height / 3;
};

/** `look`: someone points at a line, or away from it. */
export const createLines = (look: (at: Places) => void): Lines => {
  const list = h("ol", { class: "lines" });
  const element = h("div", { class: "pane", tabindex: 0 }, list);
  let lines: readonly PaneLine[] = [];
  let current = -1;
  const rowOf = (n: number): HTMLElement | undefined => list.children[n] as HTMLElement | undefined;
  const point = (n: number): void => {
    rowOf(current)?.classList.remove("current");
    current = n;
    rowOf(n)?.classList.add("current");
    look((lines[n]?.at ?? []).slice(0, 1));
  };
  list.addEventListener("mouseover", ({ target }) => {
    const row = (target as Element).closest("li");
    if (row !== null) point([...list.children].indexOf(row));
  });
  element.addEventListener("mouseleave", () => point(-1));
  element.addEventListener("blur", () => point(-1));
  element.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step === undefined || lines.length === 0) return;
    event.preventDefault();
    const n = Math.min(lines.length - 1, Math.max(0, current + step));
    point(n);
    rowOf(n)?.scrollIntoView({ block: "nearest" });
  });
  return {
    element,
    show: (next) => {
      lines = next;
      current = -1;
      list.replaceChildren(...next.map((l) => h("li", {}, ...coloured(l.text))));
    },
    light: (looked, own) => {
      const lit = lines.flatMap((l, n) => {
        const row = rowOf(n);
        return row !== undefined && light(row, l.at.slice(0, 1), looked) ? [row] : [];
      });
      if (!own && !element.hidden) reveal(element, lit);
    },
  };
};
