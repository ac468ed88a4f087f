/** The chain as it is written: kernels found, sizes solved, shapes of all buffers. */
import type { Spec } from "../check/spec.ts";
import type { Layer, Model, Shape } from "./model.ts";
import { dtypeOf, elementsOf, shapeOf, sizesOf, type Library } from "./specs.ts";

/** What a buffer holds. */
export type Held = { readonly dtype: string; readonly shape: Shape };

/** A layer with what its kernel is and what it binds. */
export type Link = {
  readonly layer: Layer;
  readonly spec: Spec;
  readonly sizes: Readonly<Record<string, number>>;
  /** The buffer of each tensor and result. */
  readonly buffers: Readonly<Record<string, string>>;
};

export type Chain = { readonly links: readonly Link[]; readonly held: ReadonlyMap<string, Held> };

/** Throws where the chain does not hold together, in the names of the model. */
export const linksOf = (
  layers: readonly Layer[],
  before: ReadonlyMap<string, Held>,
  library: Library,
  /** The buffer of a tensor that nothing gives is state of its own. */
  isState: boolean,
  label: string,
): Chain & { readonly state: readonly string[] } => {
  const held = new Map(before);
  const state: string[] = [];
  const links = layers.map((layer, n): Link => {
    const where = `${label} ${n} (${layer.kernel})`;
    const spec = library.find(layer.file, layer.kernel);
    const named = layer.buffers ?? {};
    for (const name of Object.keys(named))
      if (![...spec.tensors, ...spec.results].some((t) => t.name === name))
        throw new Error(`${where}: the kernel has no tensor and no result ${name}`);
    const buffers: Record<string, string> = {};
    for (const t of spec.tensors) buffers[t.name] = named[t.name] ?? t.name;
    for (const r of spec.results) buffers[r.name] = named[r.name] ?? `${label}${n}.${r.name}`;
    const shapes = spec.tensors.flatMap((t) => {
      const own = held.get(buffers[t.name] as string);
      if (own === undefined && !isState)
        throw new Error(`${where}: nothing before it gives the buffer ${buffers[t.name]} of its tensor ${t.name}`);
      return own === undefined ? [] : [[t.name, own.shape] as const];
    });
    const sizes = told(where, () =>
      sizesOf(spec, Object.fromEntries(shapes), {
        ...(layer.sizes === undefined ? {} : { sizes: layer.sizes }),
        values: { ...layer.scalars, ...layer.statics },
      }),
    );
    for (const t of spec.tensors) {
      const buffer = buffers[t.name] as string;
      const own = held.get(buffer);
      if (own === undefined) {
        state.push(buffer);
        held.set(buffer, { dtype: dtypeOf(spec, t), shape: shapeOf(spec, t, sizes) });
      } else if (own.dtype !== dtypeOf(spec, t))
        throw new Error(`${where}: ${t.name} is ${dtypeOf(spec, t)}, but the buffer ${buffer} holds ${own.dtype}`);
    }
    for (const r of spec.results) {
      const buffer = buffers[r.name] as string;
      if (held.has(buffer)) throw new Error(`${where}: the buffer ${buffer} is written twice`);
      held.set(buffer, { dtype: dtypeOf(spec, r), shape: shapeOf(spec, r, sizes) });
    }
    return { layer, spec, sizes, buffers };
  });
  return { links, held, state };
};

/** Buffers that stand before the first layer. A tensor of which no layer says the type is f32, inputs are what their readers take them for. */
export const given = (model: Model, library: Library): ReadonlyMap<string, Held> => {
  const held = new Map<string, Held>();
  for (const [name, shape] of Object.entries(model.parameters)) held.set(name, { dtype: "f32", shape });
  for (const [name, shape] of Object.entries(model.inputs)) {
    if (held.has(name)) throw new Error(`${name} is a parameter and an input`);
    held.set(name, { dtype: readAs(model.layers, name, library) ?? "f32", shape });
  }
  for (const [name, { shape }] of held)
    if (elementsOf(shape) < 1) throw new Error(`${name} has the shape [${shape.join(", ")}]: nothing in it`);
  return held;
};

const readAs = (layers: readonly Layer[], buffer: string, library: Library): string | null => {
  for (const layer of layers) {
    const spec = library.find(layer.file, layer.kernel);
    const t = spec.tensors.find((x) => (layer.buffers?.[x.name] ?? x.name) === buffer);
    if (t !== undefined) return dtypeOf(spec, t);
  }
  return null;
};

const told = <T>(where: string, f: () => T): T => {
  try {
    return f();
  } catch (error) {
    throw new Error(`${where}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
};
