/** jax-js on WebGPU: its attention function, and norms from array operations, all under `jit`. */
import { EPS, swapHeads, type Case, type Inputs } from "./cases.ts";
import type { Candidate, Offer } from "./rounds.ts";

/** The parts of jax-js that are used here. Operations consume their arguments; `ref` keeps one. */
type Arr = {
  readonly ref: Arr;
  readonly sub: (x: Arr | number) => Arr;
  readonly add: (x: Arr | number) => Arr;
  readonly mul: (x: Arr | number) => Arr;
  readonly div: (x: Arr | number) => Arr;
  readonly dispose: () => void;
  readonly data: () => Promise<Float32Array>;
  readonly blockUntilReady: () => Promise<Arr>;
};
type Jit = (f: (...xs: readonly Arr[]) => Arr) => (...xs: readonly Arr[]) => Arr;
type Jax = {
  readonly init: (device: string) => Promise<readonly string[]>;
  readonly defaultDevice: (device: string) => string;
  readonly jit: Jit;
  readonly numpy: {
    readonly array: (data: Float32Array, options: { readonly shape: readonly number[] }) => Arr;
    readonly mean: (x: Arr, axis: number, options: { readonly keepdims: boolean }) => Arr;
    readonly sqrt: (x: Arr) => Arr;
  };
  readonly nn: {
    readonly dotProductAttention: (q: Arr, k: Arr, v: Arr, options: { readonly isCausal: boolean }) => Arr;
  };
};

let loaded: Promise<Jax> | null = null;
const load = async (): Promise<Jax> => {
  const path = "/peers/@jax-js/jax/dist/index.js";
  const jax = (await import(path)) as Jax;
  const devices = await jax.init("webgpu");
  if (!devices.includes("webgpu")) throw new Error("it finds no WebGPU device");
  jax.defaultDevice("webgpu");
  return jax;
};

type Program = { readonly f: (...xs: readonly Arr[]) => Arr; readonly arguments: readonly Arr[] };

const programOf = (jax: Jax, c: Case, inputs: Inputs): Program => {
  const { numpy: np, nn, jit } = jax;
  const of = (name: string, shape: readonly number[]): Arr => {
    const data = inputs[name] ?? new Float32Array();
    return np.array(c.kind === "attention" ? swapHeads(c, data) : data, { shape });
  };
  if (c.kind === "attention") {
    const shape = [c.B, c.N, c.H, c.D];
    const f = jit((q, k, v) => nn.dotProductAttention(q!, k!, v!, { isCausal: c.causal }));
    return { f, arguments: [of("q", shape), of("k", shape), of("v", shape)] };
  }
  const mean = (x: Arr): Arr => np.mean(x, -1, { keepdims: true });
  const scaled = (x: Arr, gamma: Arr): Arr => x.ref.div(np.sqrt(mean(x.ref.mul(x)).add(EPS))).mul(gamma);
  const x = of("x", [c.rows, c.features]);
  const gamma = of("gamma", [c.features]);
  if (c.norm === "rms") return { f: jit((a, g) => scaled(a!, g!)), arguments: [x, gamma] };
  const f = jit((a, g, b) => scaled(a!.ref.sub(mean(a!)), g!).add(b!));
  return { f, arguments: [x, gamma, of("beta", [c.features])] };
};

const make = async (c: Case, inputs: Inputs): Promise<Candidate> => {
  const jax = await (loaded ??= load());
  const program = programOf(jax, c, inputs);
  let last: Arr | undefined;
  return {
    plan: c.kind === "attention" ? "nn.dotProductAttention in jit" : "array operations in jit",
    run: async () => {
      last?.dispose();
      last = program.f(...program.arguments.map((x) => x.ref));
      await last.blockUntilReady();
    },
    read: async () => {
      if (last === undefined) throw new Error("nothing was run");
      const found = await last.ref.data();
      return c.kind === "attention" ? swapHeads({ ...c, H: c.N, N: c.H }, found) : found;
    },
  };
};

export const jaxOffer = (c: Case, inputs: Inputs): Offer => ({ name: "jax-js", make: () => make(c, inputs) });
