/** The levels of a compiled kernel as lines, each with the places of the text that it is made of. */
import type { Origin } from "../../src/base/span.ts";
import { originOfLine } from "../../src/codegen/source-map.ts";
import type { Compiled } from "../../src/compiled.ts";
import { planLines } from "../../src/explain/print-plan.ts";
import { tileLines } from "../../src/ir/tile/print.ts";
import type { Compilation, PaneLine, Places } from "../protocol.ts";
import { FILE } from "./compile.ts";

const known = new WeakMap<Origin, Places>();

/** An origin as places in the text of the editor; what comes from the library alone has none. */
export const placesOf = (origin: Origin): Places => {
  const before = known.get(origin);
  if (before !== undefined) return before;
  const places = origin.filter((s) => s.file === FILE).map((s) => [s.start, s.end] as const);
  known.set(origin, places);
  return places;
};

const lineOf = ({ text, origin }: { readonly text: string; readonly origin: Origin }): PaneLine => ({
  text,
  at: placesOf(origin),
});

export const panesOf = (compiled: Compiled): Compilation["panes"] => {
  const { wgsl, sourceMap } = compiled.artifact;
  const lines = wgsl.replace(/\n$/, "").split("\n");
  return {
    plan: planLines(compiled).map(lineOf),
    tile: tileLines(compiled.tile).map(lineOf),
    wgsl: lines.map((text, n) => lineOf({ text, origin: originOfLine(sourceMap, n + 1) })),
  };
};
