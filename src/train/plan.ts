/** From a model to a plan: everything derived, compiled and laid out; plain JSON, for `createTraining`. */
import type { Artifact } from "../codegen/artifact.ts";
import { compileSpec } from "../compile.ts";
import { bufferBytes } from "../runtime/arrays.ts";
import { elements, evalSize, resolve } from "../runtime/sizes.ts";
import { std } from "../std/library.ts";
import { backwardOf, plainCall } from "./backward.ts";
import { given, linksOf, type Held } from "./forward.ts";
import { layOut, share, type Wanted } from "./memory.ts";
import type { KernelCall, Model, PlanOptions, Shape } from "./model.ts";
import { createLibrary, elementsOf, type Library } from "./specs.ts";

/** A place in a block of memory. */
export type Place = {
  readonly block: number;
  /** Bytes. */
  readonly offset: number;
  readonly size: number;
  readonly dtype: string;
  readonly shape: Shape;
};

export type PlannedCall = {
  /** Which of the plan's artifacts it runs. */
  readonly artifact: number;
  readonly scalars: Readonly<Record<string, number>>;
  /** The buffer of each tensor of the artifact. */
  readonly buffers: Readonly<Record<string, string>>;
};

export type TrainingPlan = {
  readonly artifacts: readonly Artifact[];
  readonly forward: readonly PlannedCall[];
  readonly backward: readonly PlannedCall[];
  readonly update: readonly PlannedCall[];
  /** After the update: what becomes of the state, `from` in the place of `to`. */
  readonly moves: readonly { readonly from: string; readonly to: string }[];
  readonly places: Readonly<Record<string, Place>>;
  /** Bytes of each block of memory. */
  readonly blocks: readonly number[];
  readonly parameters: readonly string[];
  readonly inputs: readonly string[];
  /** What a checkpoint has: `p` and the optimizer's own. */
  readonly state: readonly string[];
  readonly loss: string;
  /** What may be read after a step. */
  readonly kept: readonly string[];
};

/** The shapes and calls of a model, before anything is compiled. */
export type Derived = {
  readonly forward: readonly KernelCall[];
  readonly backward: readonly KernelCall[];
  readonly update: readonly KernelCall[];
  readonly moves: TrainingPlan["moves"];
  readonly gradients: ReadonlyMap<string, string>;
  readonly held: ReadonlyMap<string, Held>;
  /** Offsets of the parameters in `p`, and of their gradients in `g`, in elements. */
  readonly offsets: ReadonlyMap<string, number>;
  readonly state: readonly string[];
};

/** Derives the step of a model. Throws an Error in the user's names, with the compiler's diagnostics where there are some. */
export const deriveTraining = async (model: Model, options: Omit<PlanOptions, "target">): Promise<Derived> =>
  derive(model, createLibrary(options.resolveImport ?? std));

const derive = async (model: Model, library: Library): Promise<Derived> => {
  const before = given(model, library);
  const chain = linksOf(model.layers, before, library, false, "layer");
  for (const name of [model.loss, ...(model.keep ?? [])])
    if (!chain.held.has(name)) throw new Error(`no layer gives ${name}`);
  const both = await backwardOf(model, chain, library);
  const sizes = Object.entries(model.parameters).map(([name, shape]) => [name, 4 * elementsOf(shape)] as const);
  const flat = layOut(new Map(sizes));
  const list: Held = { dtype: "f32", shape: [flat.bytes / 4] };
  const lists = new Map([
    ["p", list],
    ["g", list],
  ]);
  const update = linksOf(model.update, lists, library, true, "update");
  for (const name of update.held.keys())
    if (both.held.has(name)) throw new Error(`${name} is a buffer of the layers and of the update`);
  const moves = update.links.flatMap(({ spec, buffers }) =>
    spec.results.flatMap((r) => {
      const to = r.name.endsWith("_next") ? buffers[r.name.slice(0, -"_next".length)] : undefined;
      return to === undefined ? [] : [{ from: buffers[r.name] as string, to }];
    }),
  );
  if (!moves.some((m) => m.to === "p")) throw new Error("the update gives no `p_next`");
  return {
    ...both,
    update: update.links.map(plainCall),
    moves,
    held: new Map([...both.held, ...update.held]),
    offsets: new Map([...flat.offsets].map(([name, offset]) => [name, offset / 4])),
    state: ["p", ...update.state],
  };
};

/** Compiles a step. */
export const planTraining = async (model: Model, options: PlanOptions): Promise<TrainingPlan> => {
  const library = createLibrary(options.resolveImport ?? std);
  const derived = await derive(model, library);
  const artifacts: Artifact[] = [];
  const known = new Map<string, number>();
  const compiled = (call: KernelCall): number => {
    const { spec, sizes, statics } = call;
    const key = JSON.stringify([spec.file, spec.name, spec.results.map((r) => r.name), sizes, statics]);
    const found = known.get(key);
    if (found !== undefined) return found;
    const { target } = options;
    const made = compileSpec(spec, { file: spec.file, dims: sizes, statics, target });
    if (!("artifact" in made)) {
      library.refuse([made]);
      throw new Error(`${spec.name} is not compiled: ${made.message}`);
    }
    known.set(key, artifacts.length);
    return artifacts.push(made.artifact) - 1;
  };
  const planned = (phase: string, calls: readonly KernelCall[]): readonly PlannedCall[] =>
    calls.map((call, n) => {
      const artifact = compiled(call);
      const own = artifacts[artifact]!.tensors.map((t) => [t.name, call.buffers[t.name] ?? `${phase}${n}.${t.name}`]);
      return { artifact, scalars: call.scalars, buffers: Object.fromEntries(own) };
    });
  const forward = planned("forward", derived.forward);
  const backward = planned("backward", derived.backward);
  const update = planned("update", derived.update);
  const kept = [...new Set([model.loss, ...(model.keep ?? [])])];
  const { places, blocks } = placed(model, derived, [...forward, ...backward, ...update], artifacts, kept);
  return {
    artifacts,
    forward,
    backward,
    update,
    moves: derived.moves,
    places,
    blocks,
    parameters: Object.keys(model.parameters),
    inputs: Object.keys(model.inputs),
    state: derived.state,
    loss: model.loss,
    kept,
  };
};

/** Memory for every buffer of a step: lists of parameters and gradients, what stays, and what may share. */
const placed = (
  model: Model,
  { held, offsets, gradients, state, moves }: Derived,
  calls: readonly PlannedCall[],
  artifacts: readonly Artifact[],
  kept: readonly string[],
): Pick<TrainingPlan, "places" | "blocks"> => {
  const wanted = new Map<string, Wanted & { readonly dtype: string }>();
  calls.forEach((call, n) => {
    const artifact = artifacts[call.artifact] as Artifact;
    const values = resolve(artifact, { scalars: zeros(artifact) }, new Map());
    for (const t of artifact.tensors) {
      const name = call.buffers[t.name] as string;
      const bytes = Math.ceil(bufferBytes(t, evalSize(elements(t), values)) / 16) * 16;
      const old = wanted.get(name);
      wanted.set(name, {
        name,
        bytes: Math.max(bytes, old?.bytes ?? 0),
        from: old?.from ?? n,
        to: moves.some((m) => m.from === name) ? calls.length : n,
        dtype: t.dtype,
      });
    }
  });
  const blocks: number[] = [];
  const places: Record<string, Place> = {};
  /** What a binding of it has, in whole vectors. */
  const sizeOf = (name: string): number =>
    wanted.get(name)?.bytes ?? Math.ceil(elementsOf(held.get(name)!.shape) / 4) * 16;
  const put = (name: string, block: number, offset = 0): void => {
    const { dtype, shape } = held.get(name) ?? { dtype: wanted.get(name)!.dtype, shape: [] };
    places[name] = { block, offset, size: sizeOf(name), dtype, shape };
  };
  const own = (name: string): number => {
    const block = blocks.push(sizeOf(name)) - 1;
    put(name, block);
    return block;
  };
  const p = own("p");
  const g = own("g");
  for (const [name, offset] of offsets) {
    put(name, p, 4 * offset);
    put(gradients.get(name) as string, g, 4 * offset);
  }
  // A caller may give the cotangent of a parameter itself: then it is an input in its place in `g`.
  const stays = [...Object.keys(model.inputs), ...state, ...kept];
  for (const name of stays) if (places[name] === undefined) own(name);
  const shared = [...wanted.values()].filter((w) => places[w.name] === undefined);
  const found = share(shared);
  for (const w of shared) put(w.name, blocks.length + (found.blocks.get(w.name) as number));
  return { places, blocks: [...blocks, ...found.bytes] };
};

/** Scalars that a buffer's size does not depend on. */
const zeros = (artifact: Artifact): Readonly<Record<string, number>> =>
  Object.fromEntries(artifact.scalars.filter((s) => s.init === null).map((s) => [s.name, 0]));
