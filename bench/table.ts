/** Prints what was measured. */
import type { CaseResult, PageResult } from "./page/main.ts";
import { median, type Measured } from "./page/rounds.ts";

/** Beyond this, an f32 kernel computes something else. */
const WRONG = 1e-3;

/** How many times as long as `one` the other took: the median over rounds of the ratio within the round. */
export const ratio = (one: Measured, other: Measured | undefined): number =>
  other === undefined ? NaN : median(one.times.map((t, i) => (other.times[i] ?? NaN) / t));

/** Cells padded to columns: the first left, the others right. */
export const columns = (rows: readonly (readonly string[])[]): string => {
  const width = (n: number): number => Math.max(...rows.map((row) => (row[n] ?? "").length));
  const cell = (text: string, n: number): string => (n === 0 ? text.padEnd(width(n)) : text.padStart(width(n)));
  return rows.map((row) => row.map(cell).join("  ").trimEnd()).join("\n");
};

const number = (x: number, digits: number): string => (Number.isNaN(x) ? "-" : x.toFixed(digits));

const caseTable = ({ title, candidates }: CaseResult): string => {
  const base = candidates.find((c) => c.name === "onnxruntime-web" && c.reason === null);
  const head = [title, "median ms", "min ms", "x ort", "cpu ms", "x ort", "first ms", "max error"];
  const rows = candidates.map((c) =>
    c.reason === null
      ? [
          `  ${c.name}`,
          number(c.medianMs, 1),
          number(c.minMs, 1),
          number(ratio(c, base), 2),
          number(c.cpuMs ?? NaN, 0),
          number((base?.cpuMs ?? NaN) / (c.cpuMs ?? NaN), 2),
          number(c.firstMs, 0),
          `${c.maxError.toExponential(1)}${c.maxError > WRONG ? " WRONG" : ""}`,
        ]
      : [`  ${c.name}`, ...head.slice(1).map(() => "-")],
  );
  const reasons = candidates.filter((c) => c.reason !== null).map((c) => `  ${c.name} is missing: ${c.reason}`);
  const plans = candidates.filter((c) => c.plan !== "").map((c) => `    ${c.name}: ${c.plan}`);
  return [columns([head, ...rows]), ...reasons, ...plans].join("\n");
};

/** All cases, a table each. `x ort`: how many times faster than onnxruntime-web, by wall clock and by CPU time. */
export const printResult = (result: PageResult): string =>
  [
    `adapter: ${result.adapter}${result.software ? " (software: ratios between kernels, no GPU figures)" : ""}`,
    ...result.cases.map(caseTable),
  ].join("\n\n");
