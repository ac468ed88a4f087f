/**
 * `npm run bench:count`: what the kernels do, counted by running their Tile IR, not timed: the same on every machine.
 * Bytes are what all lanes ask storage for (a subgroup's broadcast or a workgroup's tile is asked for once, caches are not
 * modelled); work is multiplications of floats.
 */
import { TARGETS, type Target } from "../src/base/target.ts";
import type { Counts } from "../src/ir/tile/eval.ts";
import { evaluateTile } from "../src/ir/tile/eval.ts";
import { elements, evalSize, resolve } from "../src/runtime/sizes.ts";
import { randomArray } from "./page/cases.ts";
import { compileKernel } from "./page/tfx.ts";
import { benchSources } from "./sources.ts";
import { columns } from "./table.ts";

export type Job = {
  readonly kernel: string;
  /** Sizes given to the compiler. */
  readonly dims: Readonly<Record<string, number>>;
  /** Sizes given at run time. */
  readonly sizes: Readonly<Record<string, number>>;
  readonly scalars?: Readonly<Record<string, number>>;
};

export type Counted = {
  readonly counts: Counts;
  readonly plan: string;
  /** Bytes of each tensor: what must be read or written at least. */
  readonly compulsory: Readonly<Record<string, number>>;
};

const sources = benchSources();

/** Compiles for a target and runs the tile program on random numbers. */
export const countKernel = (job: Job, target: Target): Counted => {
  const { tile, artifact } = compileKernel(sources, job.kernel, job.dims, target);
  const known = resolve(artifact, { sizes: job.sizes, scalars: job.scalars ?? {} }, new Map());
  const lengths = artifact.tensors.map((t) => ({ t, count: evalSize(elements(t), known) }));
  const buffers = Object.fromEntries(
    lengths.map(({ t, count }, n) => [
      t.name,
      t.role === "input" ? randomArray(count, n + 1) : new Float32Array(count),
    ]),
  );
  const values = Object.fromEntries(known);
  const { counts } = evaluateTile(tile, { sizes: values, uniforms: values, buffers, count: true });
  const compulsory = Object.fromEntries(lengths.map(({ t, count }) => [t.name, count * 4]));
  return { counts, plan: artifact.plan, compulsory };
};

const TARGET_NAMES = ["baseline", "subgroups", "software", "software-subgroups"] as const;

const targetOf = (name: string): Target => {
  const target = TARGETS[name];
  if (target === undefined) throw new Error(`no target ${name}`);
  return target;
};

const times = (x: number): string => `${x.toFixed(x < 10 ? 2 : 0)}x`;

const bytesRow = (title: string, job: Job, name: string): readonly string[] => {
  const { counts, compulsory } = countKernel(job, targetOf(name));
  const moved = (tensor: string): number => (counts.loaded[tensor] ?? 0) + (counts.stored[tensor] ?? 0);
  const tensors = Object.keys(compulsory).map((t) => `${t} ${times(moved(t) / (compulsory[t] ?? NaN))}`);
  const all = Object.keys(compulsory).reduce((n, t) => n + moved(t), 0);
  const least = Object.values(compulsory).reduce((n, x) => n + x, 0);
  return [
    `  ${title}`,
    name,
    (all / 1024).toFixed(0),
    (least / 1024).toFixed(0),
    times(all / least),
    String(counts.barriers),
    String(counts.subgroupOps),
    String(counts.expLike),
    tensors.join(", "),
  ];
};

const BYTES: readonly (readonly [string, Job])[] = [
  ["full 1x1x128x64", { kernel: "full_attention", dims: { D: 64 }, sizes: { B: 1, H: 1, N: 128, M: 128 } }],
  ["causal 1x1x128x64", { kernel: "causal_attention", dims: { D: 64 }, sizes: { B: 1, H: 1, N: 128, M: 128 } }],
  ["decode 1x2x1x256x64", { kernel: "full_attention", dims: { D: 64 }, sizes: { B: 1, H: 2, N: 1, M: 256 } }],
  ["LayerNorm 64x768", { kernel: "layer_norm_affine", dims: { D: 768 }, sizes: { N: 64 } }],
  ["RMSNorm 64x768", { kernel: "rms_norm_scaled", dims: { D: 768 }, sizes: { N: 64 } }],
];

/** Work of a masked kernel against the unmasked one. `scale`: the unmasked one is counted at 1/scale of the size and is quadratic. */
type Share = {
  readonly title: string;
  readonly masked: Job;
  readonly full: Job;
  readonly scale: number;
  readonly atMost: number;
};

const square = (kernel: string, N: number, D: number, scalars: Readonly<Record<string, number>> = {}): Job => ({
  kernel,
  dims: { D },
  sizes: { B: 1, H: 1, N, M: N },
  scalars,
});

const SHARES: readonly Share[] = [
  {
    title: "causal N=1024, D=16",
    masked: square("causal_attention", 1024, 16),
    full: square("full_attention", 1024, 16),
    scale: 1,
    atMost: 0.55,
  },
  {
    title: "window 256 of N=8192, D=4 (full counted at N=1024, times 64)",
    masked: square("window_attention", 8192, 4, { w: 256 }),
    full: square("full_attention", 1024, 4),
    scale: 8,
    atMost: 0.08,
  },
];

const shareRow = (share: Share, name: string): readonly string[] => {
  const masked = countKernel(share.masked, targetOf(name)).counts.multiplies;
  const full = countKernel(share.full, targetOf(name)).counts.multiplies * share.scale ** 2;
  const part = masked / full;
  if (part > share.atMost) process.exitCode = 1;
  return [
    `  ${share.title}`,
    name,
    `${(100 * part).toFixed(1)} %`,
    `${(100 * share.atMost).toFixed(0)} %`,
    part > share.atMost ? "TOO MUCH" : "",
  ];
};

const main = (): void => {
  const head = [
    "storage bytes asked for by lanes",
    "target",
    "KiB",
    "least KiB",
    "ratio",
    "barriers",
    "subgroup ops",
    "exps",
    "each tensor",
  ];
  const bytes = BYTES.flatMap(([title, job]) => TARGET_NAMES.map((name) => bytesRow(title, job, name)));
  console.log(`${columns([head, ...bytes])}\n`);
  const shares = SHARES.flatMap((share) => TARGET_NAMES.map((name) => shareRow(share, name)));
  console.log(columns([["work of the unmasked kernel that is done", "target", "counted", "goal", ""], ...shares]));
};

if (process.argv[1] === import.meta.filename) main();
