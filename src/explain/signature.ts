/** The signature of a compiled kernel, with the element types and sizes that were chosen. */
import { first } from "../base/must.ts";
import type { Compiled } from "../compiled.ts";
import type { Tensor } from "../ir/graph/graph.ts";
import { printNode } from "../ir/graph/print.ts";
import { printSize } from "../base/size.ts";
import { penOf } from "./pen.ts";

const tensorText = (compiled: Compiled, t: Tensor): string => {
  const axis = (id: number): string => `${penOf(compiled).axis(id).name}: ${printSize(penOf(compiled).axis(id).size)}`;
  const dims = t.dims.map((d) => (d.length === 1 ? axis(first(d)) : `(${d.map(axis).join(", ")})`));
  return `${t.name}: ${t.dtype}${dims.length === 0 ? "" : `[${dims.join(", ")}]`}`;
};

/** A line for the name, one for each parameter and result. */
export const signatureOf = (compiled: Compiled): readonly string[] => {
  const { graph, spec } = compiled;
  const constants = Object.entries(compiled.artifact.constants).map(([n, v]) => `${n}=${v}`);
  const fixed = spec.scalars.filter((s) => s.isStatic).map((s) => s.name);
  const notes = [constants.join(" "), fixed.length === 0 ? "" : `static ${fixed.join(", ")}`].filter((x) => x !== "");
  return [
    `${graph.name}${notes.length === 0 ? "" : ` (${notes.join("; ")})`}`,
    ...graph.tensors.filter((t) => t.role === "input").map((t) => `  ${tensorText(compiled, t)}`),
    ...graph.scalars.map((s) => `  ${s.name}: ${s.ty}${s.init === null ? "" : ` = ${printNode(graph, s.init)}`}`),
    ...graph.tensors.filter((t) => t.role === "output").map((t) => `  -> ${tensorText(compiled, t)}`),
  ];
};
