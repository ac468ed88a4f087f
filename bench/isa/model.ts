/**
 * A bound on the speed of a program's hot loop, from its assembly: cycles of one iteration of one wave on a SIMD that holds several such
 * waves. It ranks shapes of a kernel; it is no time. Not in it: bank conflicts, barriers, divergence, instruction cache, clocks, L2, DRAM.
 */
import {
  addWork,
  issueOf,
  noWork,
  operandsOf,
  registersOf,
  SLOW,
  workOf,
  type Instruction,
  type Work,
} from "./assembly.ts";

/** RDNA3, a SIMD. Cycles; the latencies of memory are assumed. */
const RDNA3 = {
  valu: 5,
  slow: 10,
  scalar: 2,
  lds: 64,
  memory: 300,
  scratch: 150,
  scalarLoad: 60,
  /** 128 bytes a clock of LDS for two SIMDs, 64 of the vector cache, two multiply-adds for each of 32 lanes. */
  ldsBytes: 64,
  memoryBytes: 32,
  fma: 64,
};

type Loop = {
  readonly from: number;
  readonly to: number;
  readonly children: Loop[];
  work: Work;
  latency: number;
  /** How often it runs; null where the assembly does not say. */
  trips: number | null;
  /** All that is nested in it has a known length, or no multiply-adds. */
  closed: boolean;
};

export type HotLoop = {
  /** Of the peak of multiply-adds. */
  readonly share: number;
  readonly limit: string;
  readonly fmaPerLdsByte: number | null;
};

/** The hot loop of a program, null where none multiplies and adds. */
export const hotLoop = (code: readonly Instruction[], wave: number, waves: number): HotLoop | null => {
  const loops = loopsOf(code, wave).filter((l) => l.closed && l.work.fma > 0);
  const size = (l: Loop): number => l.to - l.from;
  const best = loops.reduce<Loop | null>((x, y) => {
    if (x === null || y.work.fma > x.work.fma * 1.1) return y;
    return y.work.fma > x.work.fma * 0.9 && size(y) < size(x) ? y : x;
  }, null);
  if (best === null) return null;
  const { work } = best;
  const parts: Readonly<Record<string, number>> = {
    "vector unit": work.valu,
    "slow unit": work.slow,
    "scalar unit": work.scalar,
    LDS: (work.ldsBytes * wave) / RDNA3.ldsBytes,
    cache: (work.memoryBytes * wave) / RDNA3.memoryBytes,
    latency: best.latency / Math.max(1, waves),
  };
  const cycles = Math.max(...Object.values(parts));
  return {
    share: (work.fma * wave) / (cycles * RDNA3.fma),
    limit: Object.keys(parts).find((k) => parts[k] === cycles) ?? "",
    fmaPerLdsByte: work.ldsLoaded > 0 ? work.fma / work.ldsLoaded : null,
  };
};

const loopsOf = (code: readonly Instruction[], wave: number): readonly Loop[] => {
  const heads = new Map<number, number>();
  code.forEach((i, k) => {
    if (i.to >= 0 && i.to <= k) heads.set(i.to, Math.max(heads.get(i.to) ?? 0, k));
  });
  const loops = [...heads]
    .map(([from, to]): Loop => ({ from, to, children: [], work: noWork(), latency: 0, trips: null, closed: true }))
    .sort((a, b) => a.from - b.from || b.to - a.to);
  const open: Loop[] = [];
  for (const l of loops) {
    while (open.length > 0 && (open.at(-1)?.to ?? 0) < l.from) open.pop();
    open.at(-1)?.children.push(l);
    open.push(l);
  }
  // Nested ones stand behind what they are nested in.
  for (const l of loops.toReversed()) measure(l, code, wave);
  return loops;
};

const measure = (l: Loop, code: readonly Instruction[], wave: number): void => {
  const nested = (k: number): boolean => l.children.some((c) => k >= c.from && k <= c.to);
  const own = code.slice(l.from, l.to + 1).filter((_, k) => !nested(l.from + k));
  for (const i of own) addWork(l.work, workOf(i, wave), 1);
  l.latency = latencyOf(own, wave);
  for (const c of l.children) {
    addWork(l.work, c.work, c.trips ?? 1);
    l.latency += (c.trips ?? 1) * c.latency;
  }
  l.trips = tripsOf(l, own, code);
  l.closed = l.children.every((c) => c.closed && (c.trips !== null || c.work.fma === 0));
};

const literal = (a: string | undefined): number =>
  a !== undefined && /^-?(0x[0-9a-f]+|\d+)$/i.test(a) ? Number(a) : NaN;

/** Iterations of a loop whose counter is a scalar register, compared with a number; null where that is not all there is. */
const tripsOf = (l: Loop, own: readonly Instruction[], code: readonly Instruction[]): number | null => {
  for (const compare of own.filter((i) => /^s_cmpk?_(lt|ge|gt|le|lg|eq)_[ui]32$/.test(i.op))) {
    const [counter = "", end] = operandsOf(compare.args);
    const add = own.find((i) => /^s_addk?_[iu]32$/.test(i.op) && operandsOf(i.args)[0] === counter);
    if (add === undefined || Number.isNaN(literal(end))) continue;
    const [, ...terms] = operandsOf(add.args);
    const step = literal(terms.find((a) => !a.startsWith("s")));
    const from = terms.find((a) => /^s\d/.test(a)) ?? counter;
    const n = Math.ceil((literal(end) - startOf(l, from, code)) / step);
    if (step > 0 && n > 0 && n < 4096) return n;
  }
  return null;
};

/** What a counter starts with: 0 where it is not found. */
const startOf = (l: Loop, register: string, code: readonly Instruction[]): number => {
  const set = code
    .slice(0, l.from)
    .findLast(
      (i) => !/^s_c(mp|branch)|store/.test(i.op) && registersOf(operandsOf(i.args)[0] ?? "").includes(register),
    );
  const [to = "", value] = set === undefined ? [] : operandsOf(set.args);
  if (set === undefined) return 0;
  if (/^s_movk?_[bi]32$/.test(set.op)) return literal(value) || 0;
  // A move of 64 bits extends its number by the sign.
  if (set.op === "s_mov_b64")
    return registersOf(to)[0] === register ? literal(value) || 0 : literal(value) < 0 ? -1 : 0;
  return 0;
};

/** Cycles of one iteration of a single wave in order: what is issued, what is not ready yet, what is waited for. */
const latencyOf = (body: readonly Instruction[], wave: number): number => {
  const ready = new Map<string, number>();
  const [memory, local]: [number[], number[]] = [[], []];
  let [now, first] = [0, 0];
  const await_ = (queue: number[], left: string | undefined): void => {
    while (left !== undefined && queue.length > Number(left)) now = Math.max(now, queue.shift() ?? 0);
  };
  for (const round of [0, 1]) {
    if (round === 1) first = now;
    for (const i of body) {
      if (/^s_(delay_alu|clause|inst_prefetch)/.test(i.op)) continue;
      if (i.op.startsWith("s_waitcnt")) {
        await_(memory, /vmcnt\((\d+)\)/.exec(i.args)?.[1]);
        await_(local, /lgkmcnt\((\d+)\)/.exec(i.args)?.[1]);
        now += 1;
        continue;
      }
      const { reads, writes } = registersRead(i);
      for (const r of reads) now = Math.max(now, ready.get(r) ?? 0);
      const [valu] = issueOf(i, wave);
      const issue = Math.max(1, valu);
      const takes = started(i, now, memory, local);
      for (const r of writes) ready.set(r, now + Math.max(issue, takes));
      now += issue;
    }
  }
  return now - first;
};

/** Cycles until a result is there, or 1 where the program waits for it by name. */
const started = ({ op }: Instruction, now: number, memory: number[], local: number[]): number => {
  const queue = (list: number[], cycles: number): number => {
    list.push(now + cycles);
    return 1;
  };
  if (op.startsWith("ds_")) return queue(local, RDNA3.lds);
  if (/^s_(buffer_)?load/.test(op)) return queue(local, RDNA3.scalarLoad);
  if (op.startsWith("scratch_load")) return queue(memory, RDNA3.scratch);
  if (/^(buffer|global|flat)_load/.test(op)) return queue(memory, RDNA3.memory);
  return op.startsWith("v_") ? (SLOW.test(op) ? RDNA3.slow : RDNA3.valu) : RDNA3.scalar;
};

const registersRead = ({
  op,
  args,
}: Instruction): { readonly reads: readonly string[]; readonly writes: readonly string[] } => {
  const stores = /store|^s_c?branch|^s_cmp|^s_barrier/.test(op);
  const [reads, writes]: [string[], string[]] = [[], []];
  for (const half of args.split("::")) {
    const operands = operandsOf(half.replace(/^\s*v_dual_\w+\s/, ""));
    operands.forEach((a, k) => (k === 0 && !stores ? writes : reads).push(...registersOf(a)));
    if (/fmac|dot2acc|dot2c/.test(`${op} ${half}`)) reads.push(...registersOf(operands[0] ?? ""));
  }
  return { reads, writes };
};
