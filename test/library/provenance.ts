/** Whether every line of a kernel's WGSL is one of the source: what is missing or out of place, a line each. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { placeOf, type Span } from "../../src/base/span.ts";
import { STDLIB } from "../../src/cli/sources.ts";
import { originOfLine } from "../../src/codegen/source-map.ts";
import type { Compiled } from "../../src/compile.ts";
import { forEachStmt } from "../../src/ir/tile/walk.ts";

const texts = new Map<string, string>();
/** The text of `std/attention/causal.tfx` and the like. */
const textOf = (file: string): string => {
  const known = texts.get(file) ?? readFileSync(join(STDLIB, file.replace(/^std\//, "")), "utf8");
  texts.set(file, known);
  return known;
};

const isSame = (p: Span | null | undefined, q: Span): boolean =>
  p != null && p.file === q.file && p.start === q.start && p.end === q.end;

export const misplaced = ({ artifact, spec, tile, plan }: Compiled): readonly string[] => {
  const out: string[] = [];
  artifact.wgsl.split("\n").forEach((line, n) => {
    const origin = originOfLine(artifact.sourceMap, n + 1);
    const report = (what: string): void => void out.push(`${n + 1}: ${line.trim()}: ${what}`);
    if (line.trim() === "") return origin.length > 0 ? report("a blank line comes from somewhere") : undefined;
    if (origin.length === 0) return report("comes from nowhere");
    for (const s of origin)
      if (!(s.start >= 0 && s.start < s.end && s.end <= textOf(s.file).length)) report("is out of the text");
    const [first] = origin;
    if (first?.file !== spec.file) report(`comes from ${first?.file ?? ""}`);
    const binding = /^@group\(0\) @binding\([1-9]\d*\) var<storage, \w+> (\w+):/.exec(line)?.[1];
    const tensor = spec.tensors.find((t) => t.name === binding) ?? spec.results.find((t) => t.name === binding);
    if (tensor !== undefined && binding !== undefined && !textOf(spec.file).slice(first?.start).startsWith(binding))
      report("is not at the parameter");
    const stored = spec.results.find((r) => new RegExp(`^ +${r.name}\\[.*\\] = `).test(line));
    if (stored !== undefined && !isSame(first, stored.value.span)) report("is not at the result");
  });
  for (const k of tile.kernels) {
    if (k.origin.length === 0) out.push(`${k.name} comes from nowhere`);
    const lost = new Set<string>();
    forEachStmt(k.body, (s) => {
      if (
        (s.kind === "let" || s.kind === "var" || s.kind === "array" || s.kind === "for") &&
        !k.origins.get(s.name)?.length
      )
        lost.add(s.name);
    });
    for (const name of lost) out.push(`${k.name}: ${name} comes from nowhere`);
  }
  // Values of a plan, where not numbers or sizes alone, come from the source.
  const { graph } = plan;
  for (const k of plan.kernels)
    for (const a of k.accumulators)
      if (placeOf(graph.origins[a.node] ?? [], spec.file) === null) out.push(`${k.name}: ${a.name} comes from nowhere`);
  return out;
};
