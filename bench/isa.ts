/**
 * `npm run bench:isa`: what Mesa's compiler for AMD GPUs makes of kernels, without a GPU: registers, spills, waves, and a bound from a model
 * of the assembly. `--target NAME` (baseline), `--rows`: with lanes that own rows, `--json`. Says why and ends well where the driver is not here.
 */
import { parseArgs } from "node:util";
import { TARGETS } from "../src/base/target.ts";
import { artifactOf, inRows, ISA_CASES } from "./isa/cases.ts";
import { figuresOf, openDriver, type Figures } from "./isa/driver.ts";

const { values } = parseArgs({
  options: {
    target: { type: "string", default: "baseline" },
    rows: { type: "boolean", default: false },
    json: { type: "boolean", default: false },
  },
});
const named = TARGETS[values.target];
const driver = openDriver();
if (named === undefined) {
  console.error(`no target ${values.target}: ${Object.keys(TARGETS).join(", ")}`);
  process.exitCode = 2;
} else if ("reason" in driver) console.log(`skipped: ${driver.reason}`);
else {
  const target = values.rows ? inRows(named) : named;
  const artifacts = ISA_CASES.map((c) => artifactOf(c, target));
  const programs = artifacts.map((a) => ({ wgsl: a.wgsl, entryPoints: a.dispatches.map((d) => d.entryPoint) }));
  const found = await figuresOf(driver, programs);
  const rows = ISA_CASES.flatMap((c, n) => (found[n] ?? []).map((f) => ({ title: c.title, ...f })));
  if (values.json) console.log(JSON.stringify(rows, null, 1));
  else for (const line of table(rows)) console.log(line);
}

function table(rows: readonly (Figures & { readonly title: string })[]): readonly string[] {
  const cells = rows.map((r) => [
    r.title,
    ...[r.registers, r.spilled, r.scratchBytes, r.waves].map((n) => n.toLocaleString("en")),
    r.hot?.fmaPerLdsByte?.toFixed(2) ?? "–",
    r.hot === null ? "–" : `${Math.round(100 * r.hot.share)} % (${r.hot.limit})`,
  ]);
  const head = [
    "kernel",
    "registers",
    "spilled",
    "scratch, bytes a wave",
    "waves a SIMD",
    "FMA a byte of LDS",
    "share of peak, modelled",
  ];
  return [head, head.map(() => "-"), ...cells].map((line) => `| ${line.join(" | ")} |`);
}
