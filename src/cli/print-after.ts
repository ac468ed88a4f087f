/** What each pass made of one kernel, as text. */
import { printSpec } from "../check/print-spec.ts";
import type { Compiled } from "../compiled.ts";
import { printPlan } from "../explain/print-plan.ts";
import { printGraph } from "../ir/graph/print.ts";
import { printSchedule } from "../ir/schedule/schedule.ts";
import { printTile } from "../ir/tile/print.ts";
import { parseProgram } from "../parser/parse.ts";
import { printItem } from "../parser/print-ast.ts";
import type { PassName } from "./level-names.ts";

/** `text`, `file`: the source that the kernel is of. */
export const textAfter = (pass: PassName, compiled: Compiled, text: string, file: string): string => {
  switch (pass) {
    case "parse":
      return parseProgram(text, file)
        .program.items.filter((i) => i.kind === "kernel" && i.name.text === compiled.spec.name)
        .map(printItem)
        .join("\n");
    case "check":
      return printSpec(compiled.spec);
    case "graph":
      return printGraph(compiled.graph);
    case "prepare":
      return printGraph(compiled.prepared.graph);
    case "kernels":
      return printPlan({ ...compiled, plan: compiled.whole });
    case "parts":
      return printPlan(compiled);
    case "schedules":
      return compiled.schedules
        .map((s, n) => `${compiled.plan.kernels[n]?.name ?? ""}: ${printSchedule(s)}`)
        .join("\n");
    case "base2":
      return printPlan({ ...compiled, plan: compiled.folded });
    case "tile":
      return printTile(compiled.tile);
    case "write":
      return compiled.written.text;
    case "artifact":
      return JSON.stringify({ ...compiled.artifact, wgsl: "" }, null, 2);
  }
};
