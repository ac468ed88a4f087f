/** What each pass made of one kernel, as text. */
import { printSpec } from "../check/print-spec.ts";
import type { Spec } from "../check/spec.ts";
import type { GraphLevels } from "../compiled.ts";
import { printPlan } from "../explain/print-plan.ts";
import { printGraph } from "../ir/graph/print.ts";
import { printSchedule } from "../ir/schedule/schedule.ts";
import { printTile } from "../ir/tile/print.ts";
import { parseProgram } from "../parser/parse.ts";
import { printItem } from "../parser/print-ast.ts";
import type { PassName } from "./level-names.ts";

/** What the parser made of the kernels of a file; of the one named, where one is. */
export const parsedText = (text: string, file: string, kernel?: string): string =>
  parseProgram(text, file)
    .program.items.filter((i) => i.kind === "kernel" && (kernel === undefined || i.name.text === kernel))
    .map(printItem)
    .join("\n");

/** The text that a kernel is of, and its name in messages. */
export type Source = { readonly text: string; readonly file: string };

/** `levels`: those made so far, that of the pass among them. */
export const textAfter = (
  pass: PassName,
  { text, file }: Source,
  spec: Spec,
  levels: Partial<GraphLevels> = {},
): string => {
  const made = <K extends keyof GraphLevels>(name: K): GraphLevels[K] => {
    const level = levels[name];
    if (level === undefined) throw new Error(`pass \`${pass}\` ended without ${name}`);
    return level;
  };
  switch (pass) {
    case "parse":
      return parsedText(text, file, spec.name);
    case "check":
      return printSpec(spec);
    case "graph":
      return printGraph(made("graph"));
    case "prepare":
      return printGraph(made("prepared").graph);
    case "chunks":
      return printGraph(made("chunked").graph);
    case "kernels":
      return printPlan({ graph: made("graph"), plan: made("whole") });
    case "parts":
      return printPlan({ graph: made("graph"), plan: made("plan") });
    case "schedules":
      return made("schedules")
        .map((s, n) => `${made("plan").kernels[n]?.name ?? ""}: ${printSchedule(s)}`)
        .join("\n");
    case "base2":
      return printPlan({ graph: made("graph"), plan: made("folded") });
    case "tile":
      return printTile(made("tile"));
    case "write":
      return made("written").text;
    case "artifact":
      return JSON.stringify({ ...made("artifact"), wgsl: "" }, null, 2);
  }
};
