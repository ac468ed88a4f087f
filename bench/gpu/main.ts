/**
 * Runs on the machine with the GPU: checks the language's kernels, times the bench's, writes one JSON file. Options:
 * --rounds N, --out FILE, --adapter TEXT (part of an adapter's name that must match), --no-check.
 */
import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { create, globals } from "webgpu";
import { describeAdapter, isSoftware, openDevice, targetOf } from "../../src/cli/device.ts";
import { columns } from "../table.ts";
import { checkLanguage } from "./correctness.ts";
import { timeAll, type TimedCase } from "./timing.ts";

const { values: flags } = parseArgs({
  options: {
    rounds: { type: "string", default: "9" },
    out: { type: "string" },
    adapter: { type: "string", default: "" },
    "no-check": { type: "boolean", default: false },
  },
});

const number = (x: number, digits: number): string => (Number.isNaN(x) ? "-" : x.toFixed(digits));

const printCase = ({ title, clock, candidates }: TimedCase): string => {
  const head = [title, `median ms (${clock})`, "min ms", "GFLOP/s", "GB/s", "max error"];
  const rows = candidates.map((c) =>
    c.reason === null
      ? [
          `  ${c.name}`,
          number(c.medianMs, 3),
          number(c.minMs, 3),
          number(c.gflops, 0),
          number(c.gbytes, 1),
          c.maxError.toExponential(1),
        ]
      : [`  ${c.name}: ${c.reason}`],
  );
  const plans = candidates.filter((c) => c.plan !== "").map((c) => `    ${c.name}: ${c.plan}`);
  return `\n${columns([head, ...rows])}\n${plans.join("\n")}`;
};

const limitsOf = (adapter: GPUAdapter): Record<string, number> => {
  const names = [
    "maxComputeWorkgroupStorageSize",
    "maxComputeInvocationsPerWorkgroup",
    "maxStorageBufferBindingSize",
    "maxBufferSize",
  ] as const;
  return Object.fromEntries(names.map((name) => [name, adapter.limits[name]]));
};

Object.assign(globalThis, globals);
const gpu = create(["disable-dawn-features=timestamp_quantization"]);
const adapter = await gpu.requestAdapter({ powerPreference: "high-performance" });
if (adapter === null) {
  console.error(
    "no WebGPU adapter: is a Vulkan driver installed (vulkaninfo), and does its manifest lie in /etc/vulkan/icd.d or /usr/share/vulkan/icd.d?",
  );
  process.exit(1);
}
const target = targetOf(adapter, "tint");
const { vendor, architecture, device: model, description, subgroupMinSize, subgroupMaxSize } = adapter.info;
console.log(`adapter: ${describeAdapter(adapter)}; ${vendor} ${architecture} ${model}`);
console.log(
  `subgroups ${subgroupMinSize}..${subgroupMaxSize}, f16 ${target.f16 ? "yes" : "no"}, features: ${[...adapter.features].join(" ")}`,
);
if (!`${describeAdapter(adapter)} ${vendor}`.toLowerCase().includes(flags.adapter.toLowerCase())) {
  console.error(`this is not ${flags.adapter}`);
  process.exit(1);
}
const device = await openDevice(adapter, target);
const checked = flags["no-check"] ? [] : await checkLanguage(device, target, (line) => console.log(line));
const failed = checked.filter((c) => !c.ok).length;
console.log(`${checked.length - failed} of ${checked.length} agree with f64`);
const timed = await timeAll(device, target, isSoftware(adapter), Number(flags.rounds), (one) =>
  console.log(printCase(one)),
);
const date = new Date().toISOString();
const slug = describeAdapter(adapter)
  .toLowerCase()
  .replace(/[^a-z0-9]+/g, "-")
  .replace(/^-|-$/g, "");
const file = flags.out ?? `${date.slice(0, 10)}-gpu-${slug}.json`;
const info = { vendor, architecture, device: model, description, subgroupMinSize, subgroupMaxSize };
const record = {
  date,
  host: process.platform,
  adapter: info,
  features: [...adapter.features],
  limits: limitsOf(adapter),
  target,
  checked,
  timed,
};
writeFileSync(file, `${JSON.stringify(record, null, 1)}\n`);
console.log(`\nwritten: ${file}`);
// Dawn's threads keep Node alive.
process.exit(failed > 0 ? 1 : 0);
