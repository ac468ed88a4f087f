/** Generates tokens with the kernels of `decoder.tfx`. Everything is made once: a step records dispatches and allocates nothing. */
import type { EncodeOptions, Kernel, Prepared } from "../../src/runtime/index.ts";
import { MODEL, turn, type Weights } from "./model.ts";

export type Sampling = { readonly temperature: number; readonly top: number };
export type Decoder = {
  /** One step: from `token`, or from the last one that was drawn, to the next, at the part `u` of the likeliest words. */
  readonly step: (u: number, token?: number) => void;
  /** The last tokens that were drawn, at most HISTORY. */
  readonly tokens: (count: number) => Promise<Int32Array>;
  readonly destroy: () => void;
};

export const KERNELS = ["embed", "turned", "projected", "attend", "added", "widened", "weighed", "ranked", "drawn"];
export const HISTORY = 1024;
const [MAP_READ, COPY_SRC, COPY_DST, STORAGE] = [1, 4, 8, 128];

type Numbers = Readonly<Record<string, number>>;
type Copy = { readonly from: GPUBuffer; readonly to: GPUBuffer; readonly bytes: number; readonly slots: number };

export const createDecoder = (
  device: GPUDevice,
  kernels: ReadonlyMap<string, Kernel>,
  weights: Weights,
  { temperature, top }: Sampling,
): Decoder => {
  const { V, D, H, G, E, F, M, layers } = MODEL;
  const made: { readonly destroy: () => void }[] = [];
  const buffer = (count: number, usage = STORAGE | COPY_SRC | COPY_DST): GPUBuffer => {
    made.push(device.createBuffer({ size: 4 * count, usage }));
    return made.at(-1) as GPUBuffer;
  };
  const stored = new Map([...weights].map(([name, data]) => [name, buffer(data.length)]));
  for (const [name, data] of weights) device.queue.writeBuffer(stored.get(name)!, 0, data as Float32Array<ArrayBuffer>);
  const of = (name: string): GPUBuffer => stored.get(name)!;

  /** What a step does: dispatches, and copies of new rows into the caches. */
  const program: (Prepared | Copy)[] = [];
  const call = (name: string, buffers: EncodeOptions["buffers"], own: Numbers = {}, scalars: Numbers = {}) => {
    const kernel = kernels.get(name)!;
    const all: Numbers = { ...MODEL, T: 1, U: F, ...own };
    const base = { sizes: Object.fromEntries(kernel.artifact.sizes.map((n) => [n, all[n] ?? 0])), scalars };
    const prepared = kernel.prepare({ ...base, buffers });
    made.push(prepared);
    program.push(prepared);
    return (changed: Numbers): void => prepared.update({ ...base, scalars: { ...scalars, ...changed } });
  };

  const named = <N extends string>(counts: Readonly<Record<N, number>>) =>
    Object.fromEntries(Object.entries<number>(counts).map(([n, count]) => [n, buffer(count)])) as Record<N, GPUBuffer>;
  const { token, history, z, p, above } = named({ token: 1, history: HISTORY, z: V, p: V, above: V });
  const { x, mid, wide, angles } = named({ x: D, mid: D, wide: F, angles: E });
  const { q, k, v, o } = named({ q: H * E, k: G * E, v: G * E, o: H * E });
  const staging = buffer(HISTORY, MAP_READ | COPY_DST);
  const norm = { x: x, gain: of("gain") };
  const filled: ((changed: Numbers) => void)[] = [];
  call("embed", { token, table: of("table"), x: x });
  for (let n = 0; n < layers; n++) {
    const [keys, values] = [buffer(M * G * E), buffer(M * G * E)];
    call("turned", { ...norm, w: of(`${n}.q`), turn: angles, y: q });
    call("turned", { ...norm, w: of(`${n}.k`), turn: angles, y: k }, { H: G });
    call("projected", { ...norm, w: of(`${n}.v`), y: v }, { F: G * E });
    program.push(
      { from: k, to: keys, bytes: 4 * G * E, slots: M },
      { from: v, to: values, bytes: 4 * G * E, slots: M },
    );
    filled.push(call("attend", { q: q, k: keys, v: values, o: o }, {}, { length: 1 }));
    call("added", { x: o, w: of(`${n}.out`), r: x, y: mid }, { U: H * E });
    call("widened", { ...norm, x: mid, w: of(`${n}.gate`), v: of(`${n}.up`), y: wide });
    call("added", { x: wide, w: of(`${n}.down`), r: mid, y: x });
  }
  call("projected", { ...norm, w: of("head"), y: z }, { F: V });
  call("weighed", { z, p }, {}, { temperature });
  call("ranked", { p, above });
  const draw = call("drawn", { p, above, token }, {}, { top, u: 0 });
  program.push({ from: token, to: history, bytes: 4, slots: HISTORY });

  let position = 0;
  const turns = new Float32Array(E);
  const step = (u: number, from?: number): void => {
    turn(position, turns);
    device.queue.writeBuffer(angles, 0, turns);
    if (from !== undefined) device.queue.writeBuffer(token, 0, Int32Array.of(from));
    for (const update of filled) update({ length: Math.min(position + 1, M) });
    draw({ u });
    const encoder = device.createCommandEncoder();
    let pass: GPUComputePassEncoder | null = null;
    for (const item of program)
      if ("encode" in item) item.encode((pass ??= encoder.beginComputePass()));
      else {
        pass?.end();
        pass = null;
        encoder.copyBufferToBuffer(item.from, 0, item.to, (position % item.slots) * item.bytes, item.bytes);
      }
    device.queue.submit([encoder.finish()]);
    position++;
  };
  const tokens = async (count: number): Promise<Int32Array> => {
    const encoder = device.createCommandEncoder();
    encoder.copyBufferToBuffer(history, 0, staging, 0, 4 * HISTORY);
    device.queue.submit([encoder.finish()]);
    await staging.mapAsync(MAP_READ);
    const all = new Int32Array(staging.getMappedRange());
    const n = Math.min(count, position, HISTORY);
    const last = Int32Array.from({ length: n }, (_, i) => all[(position - n + i) % HISTORY] ?? 0);
    staging.unmap();
    return last;
  };
  return { step, tokens, destroy: () => made.forEach((b) => b.destroy()) };
};
