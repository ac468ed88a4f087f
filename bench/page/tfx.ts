/** The compiler's kernels: compiled here, from the text of `bench/kernels.tfx`, and run by the project's runtime. */
import { BASELINE, type Target } from "../../src/base/target.ts";
import { compile, type Compiled } from "../../src/compile.ts";
import { createKernel } from "../../src/runtime/index.ts";
import type { Case, Inputs } from "./cases.ts";
import { swapHeads } from "./cases.ts";
import { bufferOf, readBuffer, submitPass, type Program } from "./device.ts";
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

/** Values as a tensor of the element type stores them. */
const stored = (values: Float32Array, element: "f32" | "f16"): Float32Array | Uint16Array =>
  element === "f32" ? values : new Uint16Array(new Float16Array(values).buffer);

export type TfxOptions = { readonly layout?: "own" | "peers"; readonly element?: "f32" | "f16" };

/** Compiles a case's kernel for a target and gives it buffers. */
export const tfxProgram = async (
  device: GPUDevice,
  target: Target,
  sources: Sources,
  c: Case,
  inputs: Inputs,
  options: TfxOptions = {},
): Promise<Program> => {
  const { layout = "own", element = "f32" } = options;
  const call = callOf(c, layout);
  const { artifact } = compileKernel(sources, call.kernel, call.dims, target, element);
  const kernel = await createKernel(device, artifact);
  const place = (x: Float32Array): Float32Array => (layout === "peers" && c.kind === "attention" ? swapHeads(c, x) : x);
  const first = Object.values(inputs)[0];
  const output = bufferOf(device, (first?.length ?? 0) * (element === "f32" ? 4 : 2));
  const buffers: Record<string, GPUBuffer> = { [call.output]: output };
  for (const [name, data] of Object.entries(inputs)) buffers[name] = bufferOf(device, stored(place(data), element));
  return {
    plan: artifact.plan,
    encode: (pass) => kernel.encode(pass, { buffers, sizes: call.sizes }),
    output,
    destroy: () => Object.values(buffers).forEach((b) => b.destroy()),
  };
};

const make = async (
  device: GPUDevice,
  target: Target,
  sources: Sources,
  c: Case,
  inputs: Inputs,
  layout: "own" | "peers",
): Promise<Candidate> => {
  const program = await tfxProgram(device, target, sources, c, inputs, { layout });
  let free = (): void => {};
  return {
    plan: program.plan,
    run: async () => {
      await submitPass(device, (pass) => {
        free = program.encode(pass);
      });
      free();
    },
    read: async () => {
      const found = await readBuffer(device, program.output, program.output.size / 4);
      return layout === "peers" && c.kind === "attention" ? swapHeads({ ...c, H: c.N, N: c.H }, found) : found;
    },
  };
};

/** What a page without the subgroups feature would get. */
const withoutSubgroups = (target: Target): Target => ({ ...target, subgroups: null });

/** The planner's choices: for this adapter, without subgroups, as for a GPU of only the guaranteed limits, in the peers' layout. */
export const tfxOffers = (
  device: GPUDevice,
  target: Target,
  sources: Sources,
  c: Case,
  inputs: Inputs,
): readonly Offer[] => {
  const offer = (name: string, t: Target, layout: "own" | "peers" = "own"): Offer => ({
    name,
    make: () => make(device, t, sources, c, inputs, layout),
  });
  if (c.kind === "norm")
    return [offer("tfx", target), offer("tfx as for a GPU", { ...BASELINE, name: "as for a GPU" })];
  return [
    offer("tfx", target),
    ...(target.subgroups === null ? [] : [offer("tfx no subgroups", withoutSubgroups(target))]),
    offer("tfx [B,N,H,D]", target, "peers"),
  ];
};
