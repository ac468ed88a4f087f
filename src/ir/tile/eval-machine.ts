/**
 * The machine that the evaluator runs a workgroup on: all lanes in lockstep under a mask, memories that know their bounds
 * and who touched them since the last barrier, and counters.
 */
import type { Buffer } from "./tile.ts";
import { rounder, type Precision } from "./eval-ops.ts";

/** What a program did. Bytes and accesses are those of active lanes; a barrier counts once a workgroup. */
export type Counts = {
  /** Bytes loaded from and stored to each storage buffer. */
  readonly loaded: Record<string, number>;
  readonly stored: Record<string, number>;
  /** Loads and stores of workgroup memory (one of a vec4 is one). */
  workgroupLoads: number;
  workgroupStores: number;
  barriers: number;
  /** Calls of exp, exp2, log, log2, tanh, erf, pow, sin, cos, by component. */
  expLike: number;
  /** Multiplications of floats: alone, in fma, in dot. */
  multiplies: number;
  /** Cross-lane operations, once a lane. */
  subgroupOps: number;
};

export const newCounts = (): Counts => ({
  loaded: {},
  stored: {},
  workgroupLoads: 0,
  workgroupStores: 0,
  barriers: 0,
  expLike: 0,
  multiplies: 0,
  subgroupOps: 0,
});

/** State of one workgroup while it runs. `mask[lane]` is 1 where the lane is active. */
export type Machine = {
  readonly kernel: string;
  readonly lanes: number;
  readonly precision: Precision;
  readonly subgroupSize: number;
  readonly counts: Counts | null;
  readonly uniforms: ReadonlyMap<string, number>;
  readonly memories: ReadonlyMap<string, Memory>;
  mask: Uint8Array;
  group: number;
  /** Turns of loops that are left. */
  turns: number;
};

export const fail = (m: Pick<Machine, "kernel" | "group">, what: string): never => {
  throw new Error(`${m.kernel}, workgroup ${m.group}: ${what}`);
};

export const activeLanes = (m: Machine): number => m.mask.reduce((sum, on) => sum + on, 0);

const BYTES = { f32: 4, f16: 2, i32: 4, u32: 4, bool: 4 } as const;

/** A buffer's elements and, for each, its last writer and reader. */
export type Memory = {
  readonly buffer: Buffer;
  /** Scalars, `width` an element. */
  readonly data: Float64Array;
  readonly load: (m: Machine, at: Float64Array, out: Float64Array) => void;
  readonly store: (m: Machine, at: Float64Array, value: Float64Array) => void;
  /** A barrier: what came before is visible, nobody is a reader or writer of now. */
  readonly sync: () => void;
};

const NOBODY = -1;
const SEVERAL = -2;

/**
 * The memory of a buffer. Two lanes at one element without a barrier between, one of them writing, are an error; in storage
 * nothing synchronises lanes, so there it is an error for the whole dispatch.
 */
export const createMemory = (buffer: Buffer, data: Float64Array, precision: Precision): Memory => {
  const width = buffer.type.width;
  const length = Math.floor(data.length / width);
  const round = rounder(buffer.type.elem, precision);
  const watched = buffer.access === "read_write";
  const [writer, reader] = [
    new Int32Array(watched ? length : 0).fill(NOBODY),
    new Int32Array(watched ? length : 0).fill(NOBODY),
  ];
  const isLocal = buffer.space === "workgroup";
  const bytes = BYTES[buffer.type.elem] * width;
  /** What a tensor without an element gives: WebGPU binds a few bytes and keeps every read inside them, and nothing may use the value. */
  const nothing = buffer.type.elem === "f32" || buffer.type.elem === "f16" ? NaN : 0x7fffffff;

  const where = (m: Machine, lane: number, index: number): number => {
    if (!(index >= 0 && index < length))
      fail(m, `lane ${lane} is out of bounds: ${buffer.name}[${index}] of ${length}`);
    return isLocal ? lane : m.group * m.lanes + lane;
  };
  const race = (m: Machine, lane: number, other: number, index: number, how: string): never =>
    fail(
      m,
      `data race: lane ${lane} ${how} ${buffer.name}[${index}] ${other === SEVERAL ? "that others read" : `with lane ${isLocal ? other : `${other % m.lanes} of workgroup ${Math.floor(other / m.lanes)}`}`}`,
    );
  const count = (m: Machine, kind: "loaded" | "stored", lanes: number): void => {
    if (m.counts === null) return;
    if (!isLocal) m.counts[kind][buffer.name] = (m.counts[kind][buffer.name] ?? 0) + lanes * bytes;
    else if (kind === "loaded") m.counts.workgroupLoads += lanes;
    else m.counts.workgroupStores += lanes;
  };

  const load = (m: Machine, at: Float64Array, out: Float64Array): void => {
    let lanes = 0;
    for (let lane = 0; lane < m.lanes; lane++) {
      if (m.mask[lane] === 0) continue;
      if (length === 0 && !isLocal && !watched) {
        out.fill(nothing, lane * width, (lane + 1) * width);
        continue;
      }
      const index = at[lane] ?? -1;
      const who = where(m, lane, index);
      lanes++;
      if (watched) {
        const last = writer[index] ?? NOBODY;
        if (last !== NOBODY && last !== who) race(m, lane, last, index, "reads");
        const seen = reader[index];
        reader[index] = seen === NOBODY || seen === who ? who : SEVERAL;
      }
      for (let c = 0; c < width; c++) out[lane * width + c] = data[index * width + c] ?? 0;
    }
    count(m, "loaded", lanes);
  };

  const store = (m: Machine, at: Float64Array, value: Float64Array): void => {
    let lanes = 0;
    if (!watched) fail(m, `${buffer.name} is read-only`);
    for (let lane = 0; lane < m.lanes; lane++) {
      if (m.mask[lane] === 0) continue;
      const index = at[lane] ?? -1;
      const who = where(m, lane, index);
      lanes++;
      const [last, seen] = [writer[index] ?? NOBODY, reader[index] ?? NOBODY];
      if (last !== NOBODY && last !== who) race(m, lane, last, index, "writes");
      if (seen !== NOBODY && seen !== who) race(m, lane, seen, index, "writes");
      writer[index] = who;
      for (let c = 0; c < width; c++) data[index * width + c] = round(value[lane * width + c] ?? 0);
    }
    count(m, "stored", lanes);
  };

  return { buffer, data, load, store, sync: () => void (writer.fill(NOBODY), reader.fill(NOBODY)) };
};
