/** `tfx bench FILE [OTHER]` */
import { createKernel } from "../../runtime/index.ts";
import { callOf, compileFor, only } from "../compile-for.ts";
import { onDevice, type ExitCode } from "../errors.ts";
import { countFlops } from "../flops.ts";
import { openGpu, restartFor, type Gpu } from "../gpu.ts";
import { sizesMadeUp } from "../made-up.ts";
import { during } from "../progress.ts";
import type { Format } from "../report.ts";
import { choiceOf, loadSide, refuseStray, scalarsOf, type Side, type SideOptions } from "../side.ts";
import { toJson } from "../summary.ts";
import { checkRoom, collectInputs, sizesOf } from "../tensors.ts";

export type BenchOptions = SideOptions & {
  readonly kernel?: string;
  readonly other?: string;
  readonly adapter: string;
  readonly target?: string;
  readonly rounds: number;
  readonly random: number;
  readonly json?: boolean;
  readonly format: Format;
};

/** A kernel with its data, ready to be run again and again. */
type Candidate = {
  readonly name: string;
  readonly plan: string;
  readonly sizes: Readonly<Record<string, number>>;
  readonly flops: number;
  readonly bytes: number;
  /** Milliseconds from the text to the first result. */
  readonly first: number;
  readonly once: () => Promise<number>;
  readonly times: number[];
};

/** Compiles a kernel for the device, makes up its data and runs it once; null when the file has mistakes. */
const candidateOf = async (side: Side, gpu: Gpu, options: BenchOptions): Promise<Candidate | null> => {
  const { file, spec } = side;
  const choice = choiceOf(spec, options);
  const scalars = scalarsOf(spec, options);
  const parameters = { ...scalars, ...choice.statics };
  const known = sizesOf(spec, new Map(), choice.dims, parameters);
  const sizes = sizesOf(spec, new Map(), { ...choice.dims, ...sizesMadeUp(spec, known, options.random) }, parameters);
  checkRoom(spec, sizes, choice.types, gpu);
  const start = performance.now();
  const compiled = compileFor(side, choice, sizes, gpu, options);
  if (compiled === null) return null;
  const { artifact, graph } = compiled;
  const inputs = collectInputs(spec, new Map(), sizes, choice.types, options.random);
  const call = callOf(artifact, inputs, sizes, scalars);
  const kernel = await createKernel(gpu.device, artifact);
  const run = async () => kernel.run(call);
  const { outputs } = await onDevice(`\`${artifact.kernel}\` did not run`, run);
  const first = performance.now() - start;
  const tensors = Object.fromEntries(inputs.map(({ name, data }) => [name, data]));
  const results = spec.results.map((r) => outputs[r.name]?.byteLength ?? 0);
  return {
    name: `${file}: ${spec.name}`,
    plan: artifact.plan,
    sizes: only(sizes, spec.sizes),
    flops: countFlops(graph, { sizes, tensors, scalars }),
    bytes: [...inputs.map((i) => i.data.byteLength), ...results].reduce((a, b) => a + b, 0),
    first,
    once: async () => (await run()).timeMs,
    times: [],
  };
};

/** Every round runs all candidates once and begins with another one. */
const measure = async (candidates: readonly Candidate[], rounds: number): Promise<void> => {
  for (let round = 0; round < rounds; round++) {
    if (process.stderr.isTTY) process.stderr.write(`\r\x1b[Kround ${round + 1} of ${rounds}`);
    for (let n = 0; n < candidates.length; n++) {
      const one = candidates[(n + round) % candidates.length];
      one?.times.push(await one.once());
    }
  }
  if (process.stderr.isTTY) process.stderr.write("\r\x1b[K");
};

const quantile = (times: readonly number[], q: number): number =>
  times.toSorted((a, b) => a - b)[Math.floor(q * (times.length - 1))] ?? NaN;
const ms = (x: number): string => (x < 1000 ? x.toPrecision(3) : x.toFixed(0));

/** Runs one kernel, or two in turns, on made-up data and says how long each takes. */
export const bench = async (file: string, other: string | undefined, options: BenchOptions): Promise<ExitCode> => {
  const restarted = await restartFor(options.adapter);
  if (restarted !== null) return restarted as ExitCode;
  const asked = [
    { file, kernel: options.kernel },
    ...(other === undefined ? [] : [{ file: other, kernel: options.other ?? options.kernel }]),
  ];
  const sides = asked.map((s) => loadSide(s.file, s.kernel, options.format));
  if (sides.includes(null)) return 1;
  const both = sides.filter((s) => s !== null);
  refuseStray(
    both.map((s) => s.spec),
    options,
  );
  const gpu = await openGpu(options.adapter, { subgroups: true });
  try {
    const candidates: Candidate[] = [];
    for (const side of both) {
      const made = await during(`first run of ${side.file}`, () => candidateOf(side, gpu, options));
      if (made === null) return 1;
      candidates.push(made);
    }
    await measure(candidates, options.rounds);
    const found = candidates.map((c) => {
      const medianMs = quantile(c.times, 0.5);
      return {
        kernel: c.name,
        plan: c.plan,
        sizes: c.sizes,
        firstMs: c.first,
        medianMs,
        quartilesMs: [quantile(c.times, 0.25), quantile(c.times, 0.75)] as const,
        gflops: c.flops / medianMs / 1e6,
        gbps: c.bytes / medianMs / 1e6,
        rounds: c.times.length,
      };
    });
    if (options.json === true) console.log(toJson({ adapter: gpu.target.name, kernels: found }));
    else {
      console.log(`adapter  ${gpu.target.name}; ${options.rounds} rounds${found.length > 1 ? " in turns" : ""}`);
      for (const f of found) {
        const sizes = Object.entries(f.sizes).map(([name, value]) => `${name}=${value}`);
        const [low, high] = f.quartilesMs;
        console.log(`kernel   ${f.kernel} ${sizes.join(" ")}\nplan     ${f.plan}`);
        console.log(
          `time     ${ms(f.medianMs)} ms (half of the rounds from ${ms(low)} to ${ms(high)}), ${ms(f.gflops)} GFLOP/s, ${ms(f.gbps)} GB/s; from the text to the first result ${ms(f.firstMs)} ms`,
        );
      }
      const [a, b] = found;
      if (a !== undefined && b !== undefined)
        console.log(`ratio    the second takes ${ms(b.medianMs / a.medianMs)} times as long as the first`);
    }
    return 0;
  } finally {
    gpu.close();
  }
};
