/** The compiler's kernels: compiled here, from the text of `bench/kernels.tfx`, and run by the project's runtime. */
import { BASELINE, type Target } from "../../src/codegen/target.ts";
import { compile, type Compiled } from "../../src/compile.ts";
import { createKernel } from "../../src/runtime/index.ts";
import type { Case, Inputs } from "./cases.ts";
import { swapHeads } from "./cases.ts";
import { bufferOf, readBuffer, submitPass } from "./device.ts";
import type { Candidate, Offer } from "./rounds.ts";

export type Sources = { readonly kernels: string; readonly prelude: string };

/** How a case's kernel is called and which sizes are given to the compiler and to the runtime. */
type Call = {
  readonly kernel: string;
  readonly dims: Readonly<Record<string, number>>;
  readonly sizes: Readonly<Record<string, number>>;
  readonly output: string;
};

/** `peers`: the kernel that reads the layout of onnxruntime-web and jax-js, [B, N, H, D]. */
const callOf = (c: Case, layout: "own" | "peers"): Call => {
  if (c.kind === "norm") {
    const kernel = c.norm === "layer" ? "layer_norm_affine" : "rms_norm_scaled";
    return { kernel, dims: { D: c.features }, sizes: { N: c.rows }, output: "y" };
  }
  const base = c.causal ? "causal_attention" : "full_attention";
  const sizes = { B: c.B, H: c.H, N: c.N, M: c.N };
  return layout === "own"
    ? { kernel: base, dims: { D: c.D }, sizes, output: "o" }
    : { kernel: `${base}_bnhd`, dims: { D: c.D }, sizes, output: "o" };
};

/** Compiles one kernel of the bench's file; throws with the diagnostics' texts. */
export const compileKernel = (
  sources: Sources,
  kernel: string,
  dims: Readonly<Record<string, number>>,
  target: Target,
  element: "f32" | "f16" = "f32",
): Compiled => {
  const { compiled, diagnostics } = compile(sources.kernels, {
    file: "bench/kernels.tfx",
    kernel,
    dims,
    types: { T: element },
    target,
    resolveImport: (path) => (path === "std/prelude" ? { file: "std/prelude.tfx", text: sources.prelude } : null),
  });
  const [one] = compiled;
  if (one === undefined) throw new Error(diagnostics.map((d) => `${d.code} ${d.message}`).join("; "));
  return one;
};

const make = async (
  device: GPUDevice,
  target: Target,
  sources: Sources,
  c: Case,
  inputs: Inputs,
  layout: "own" | "peers",
): Promise<Candidate> => {
  const call = callOf(c, layout);
  const { artifact } = compileKernel(sources, call.kernel, call.dims, target);
  const kernel = await createKernel(device, artifact);
  const swapped = layout === "peers" && c.kind === "attention";
  const place = (x: Float32Array): Float32Array => (swapped ? swapHeads(c, x) : x);
  const first = Object.values(inputs)[0];
  const count = first === undefined ? 0 : first.length;
  const output = bufferOf(device, count);
  const buffers: Record<string, GPUBuffer> = { [call.output]: output };
  for (const [name, data] of Object.entries(inputs)) buffers[name] = bufferOf(device, new Float32Array(place(data)));
  let free = (): void => {};
  return {
    plan: artifact.plan,
    run: async () => {
      await submitPass(device, (pass) => {
        free = kernel.encode(pass, { buffers, sizes: call.sizes });
      });
      free();
    },
    read: async () => {
      const found = await readBuffer(device, output, count);
      return swapped ? swapHeads({ ...c, H: c.N, N: c.H }, found) : found;
    },
  };
};

/** What a page without the subgroups feature would get. */
const withoutSubgroups = (target: Target): Target => ({ ...target, subgroups: null });

/** The planner's choices: for this adapter, without subgroups, as for a GPU of only the guaranteed limits, in the peers' layout. */
export const tfxOffers = (device: GPUDevice, target: Target, sources: Sources, c: Case, inputs: Inputs): readonly Offer[] => {
  const offer = (name: string, t: Target, layout: "own" | "peers" = "own"): Offer => ({
    name,
    make: () => make(device, t, sources, c, inputs, layout),
  });
  if (c.kind === "norm") return [offer("tfx", target), offer("tfx as for a GPU", { ...BASELINE, name: "as for a GPU" })];
  return [
    offer("tfx", target),
    ...(target.subgroups === null ? [] : [offer("tfx no subgroups", withoutSubgroups(target))]),
    offer("tfx [B,N,H,D]", target, "peers"),
  ];
};
