/** What `tfx run` says about a run. */
import type { Accuracy } from "./accuracy.ts";

export type Summary = {
  readonly adapter: string;
  readonly kernel: string;
  readonly plan: string;
  readonly sizes: Readonly<Record<string, number>>;
  readonly maxError: number | null;
  readonly checks: readonly Accuracy[];
  readonly peakBytes: number;
  readonly ioBytes: number;
  readonly timeMs: number;
  readonly gflops: number;
  readonly gbps: number;
};

const decimal = (x: number): string => (x === 0 || (x >= 0.01 && x < 1e6) ? x.toPrecision(3) : x.toExponential(2));
const bytes = (n: number): string => (n < 2 ** 20 ? `${(n / 1024).toFixed(1)} KiB` : `${(n / 2 ** 20).toFixed(2)} MiB`);

export const printSummary = (s: Summary): void => {
  const sizes = Object.entries(s.sizes)
    .map(([name, value]) => `${name}=${value}`)
    .join(" ");
  console.log(`adapter  ${s.adapter}\nkernel   ${s.kernel} ${sizes}\nplan     ${s.plan}`);
  for (const c of s.checks) {
    if (c.undefinedCells > 0) {
      console.log(
        `error    ${c.output}: what the file says is NaN (not a number) in ${c.undefinedCells} cells: NOTHING TO COMPARE WITH`,
      );
      continue;
    }
    const verdict = c.ok ? "ok" : "TOO LARGE";
    console.log(
      `error    ${c.output}: ${decimal(c.error)}, naive f32 ${decimal(c.naive)}, allowed ${decimal(c.allowed)}: ${verdict}`,
    );
  }
  console.log(`memory   ${bytes(s.peakBytes)} at most, inputs and outputs ${bytes(s.ioBytes)}`);
  console.log(`time     ${decimal(s.timeMs)} ms, ${decimal(s.gflops)} GFLOP/s, ${decimal(s.gbps)} GB/s`);
};

/** Infinity and NaN as text: JSON has neither. */
export const toJson = (value: unknown): string =>
  JSON.stringify(value, (_key, x: unknown) => (typeof x === "number" && !Number.isFinite(x) ? String(x) : x));
