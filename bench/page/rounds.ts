/** Interleaved measurement: every round runs all candidates once, each round starting one place later. */

/** Something to be timed. Made by an `Offer`, which may fail: then its reason is listed. */
export type Candidate = {
  /** What was chosen or built, in a line. */
  readonly plan: string;
  /** Submits the work once and resolves when the device has done all of it. */
  readonly run: () => Promise<void>;
  /** The result of the last run, in the case's own layout. */
  readonly read: () => Promise<Float32Array>;
};

export type Offer = { readonly name: string; readonly make: () => Promise<Candidate> };

export type Measured = {
  readonly name: string;
  /** Why there are no times; null: there are. */
  readonly reason: string | null;
  readonly plan: string;
  /** From the start of making it to its first result, ms: compilation by everybody concerned. */
  readonly firstMs: number;
  /** Wall clock of every round, ms. */
  readonly times: readonly number[];
  readonly medianMs: number;
  readonly minMs: number;
  /**
   * Mean CPU time of a run over all processes of the browser and all cores, ms, or null where it cannot be told. On a software
   * adapter it depends less on what else the machine does than wall clock; it includes what the peer's own code takes.
   */
  readonly cpuMs: number | null;
  /** Largest distance to the f64 reference. */
  readonly maxError: number;
};

/** The upper median. */
export const median = (xs: readonly number[]): number => xs.toSorted((a, b) => a - b)[xs.length >> 1] ?? NaN;

const maxError = (found: Float32Array, reference: Float64Array): number => {
  if (found.length !== reference.length) return Infinity;
  let max = 0;
  for (let i = 0; i < found.length; i++) {
    const d = Math.abs((found[i] ?? NaN) - (reference[i] ?? NaN));
    if (!(d <= max)) max = Number.isNaN(d) ? Infinity : d;
  }
  return max;
};

/** CPU time of the browser so far, ms; NaN where it cannot be told. */
export type CpuClock = () => Promise<number>;

type Made = {
  readonly offer: Offer;
  readonly candidate: Candidate;
  readonly firstMs: number;
  readonly times: number[];
  readonly cpu: number[];
};

const without = (offer: Offer, reason: string): Measured => ({
  name: offer.name,
  reason,
  plan: "",
  firstMs: NaN,
  times: [],
  medianMs: NaN,
  minMs: NaN,
  cpuMs: null,
  maxError: NaN,
});

/** One line of an error. */
export const reasonOf = (e: unknown): string =>
  (e instanceof Error ? e.message : String(e)).split("\n").slice(0, 2).join(" ").slice(0, 300);

const measuredOf = ({ offer, candidate, firstMs, times, cpu }: Made, error: number): Measured => {
  const mean = cpu.reduce((a, b) => a + b, 0) / cpu.length;
  return {
    name: offer.name,
    reason: null,
    plan: candidate.plan,
    firstMs,
    times,
    medianMs: median(times),
    minMs: Math.min(...times),
    cpuMs: Number.isNaN(mean) ? null : mean,
    maxError: error,
  };
};

/** Makes all, warms them up, runs `rounds` rounds, and compares what the last round left with the reference. */
export const measure = async (
  offers: readonly Offer[],
  reference: Float64Array,
  rounds: number,
  cpu: CpuClock,
  say: (line: string) => void,
): Promise<readonly Measured[]> => {
  const results = new Map<string, Measured>();
  const made: Made[] = [];
  for (const offer of offers) {
    const start = performance.now();
    try {
      const candidate = await offer.make();
      await candidate.run();
      const firstMs = performance.now() - start;
      await candidate.run();
      made.push({ offer, candidate, firstMs, times: [], cpu: [] });
      say(`  ${offer.name}: ready after ${Math.round(firstMs)} ms`);
    } catch (e) {
      results.set(offer.name, without(offer, reasonOf(e)));
      say(`  ${offer.name}: left out: ${reasonOf(e)}`);
    }
  }
  for (let round = 0; round < rounds; round++)
    for (let i = 0; i < made.length; i++) {
      // A B C, C A B, B C A, …
      const one = made[(i + round * (made.length - 1)) % made.length];
      if (one === undefined) continue;
      const before = await cpu();
      const start = performance.now();
      await one.candidate.run();
      one.times.push(performance.now() - start);
      one.cpu.push((await cpu()) - before);
    }
  for (const one of made) {
    const error = maxError(await one.candidate.read(), reference);
    results.set(one.offer.name, measuredOf(one, error));
  }
  return offers.flatMap((o) => results.get(o.name) ?? []);
};
