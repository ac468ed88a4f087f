/** What a GPU's compiler makes of kernels of the library: the tables of docs/performance.md, as they are committed. */
import { h } from "../dom.ts";
import performance from "../../docs/performance.md?raw";

const cellsOf = (line: string): readonly string[] =>
  line
    .split("|")
    .slice(1, -1)
    .map((c) => c.trim());

/** The tables of a document that have columns for registers and for what is spilled. */
export const registerTables = (text: string): readonly (readonly (readonly string[])[])[] =>
  [...text.matchAll(/(?:^\|.*\|$\n?)+/gm)]
    .map((m) => m[0].trim().split("\n").map(cellsOf))
    .filter(([head]) => head?.includes("registers") === true && head.includes("spilled"))
    .map((rows) => rows.filter((_, n) => n !== 1));

export const registersPicture = (): HTMLElement =>
  h(
    "details",
    {},
    h("summary", {}, "Registers and spills of kernels of the library"),
    h(
      "p",
      { class: "summary" },
      "By Mesa's compiler for AMD's RDNA3 (NAVI31), the one GPU family that was looked at; the share of the peak is a model of its assembly, not a time.",
    ),
    ...registerTables(performance).map(([head = [], ...rows]) =>
      h(
        "div",
        { class: "wide" },
        h(
          "table",
          { class: "sides" },
          h("thead", {}, h("tr", {}, ...head.map((c) => h("th", { scope: "col" }, c)))),
          h("tbody", {}, ...rows.map((r) => h("tr", {}, ...r.map((c, n) => h(n === 0 ? "th" : "td", {}, c))))),
        ),
      ),
    ),
  );
