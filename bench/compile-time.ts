/** `npm run bench:compile`: milliseconds from text to WGSL for the kernels of the language reference, after a warm-up. */
import { TARGETS, type Target } from "../src/codegen/target.ts";
import { median } from "./page/rounds.ts";
import { compileKernel } from "./page/tfx.ts";
import { LANGUAGE_DIMS, languageSources } from "./sources.ts";
import { columns } from "./table.ts";

const ROUNDS = 9;
const GOAL_MS = 30;
const TARGET_NAMES = ["baseline", "subgroups", "software-subgroups"];

const sources = languageSources();

const milliseconds = (kernel: string, target: Target): { readonly ms: number; readonly cpu: number } => {
  const start = performance.now();
  const before = process.cpuUsage();
  compileKernel(sources, kernel, LANGUAGE_DIMS[kernel] ?? {}, target);
  const { user, system } = process.cpuUsage(before);
  return { ms: performance.now() - start, cpu: (user + system) / 1000 };
};

const targets = TARGET_NAMES.flatMap((name) => TARGETS[name] ?? []);
const kernels = Object.keys(LANGUAGE_DIMS);
const times = new Map<string, number[]>();
const first = milliseconds("flash_attention", targets[0] as Target).ms;
// Round -1 and -2 warm the just-in-time compiler up.
for (let round = -2; round < ROUNDS; round++)
  for (const kernel of kernels)
    for (const target of targets) {
      const { ms } = milliseconds(kernel, target);
      const key = `${kernel} ${target.name}`;
      if (round >= 0) times.set(key, [...(times.get(key) ?? []), ms]);
    }
const rows = kernels.map((kernel) => [
  kernel,
  ...targets.flatMap((t) => {
    const all = times.get(`${kernel} ${t.name}`) ?? [];
    return [median(all).toFixed(1), Math.min(...all).toFixed(1)];
  }),
  compileKernel(sources, kernel, LANGUAGE_DIMS[kernel] ?? {}, targets[0] as Target)
    .artifact.wgsl.split("\n")
    .length.toString(),
]);
console.log(
  `text to WGSL, ms (median and least of ${ROUNDS}; goal ${GOAL_MS}); the first compilation of the process: ${first.toFixed(0)}`,
);
console.log(columns([["kernel", ...targets.flatMap((t) => [t.name, "min"]), "lines (baseline)"], ...rows]));
