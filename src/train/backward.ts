/** The way back: which layers have one, their gradient kernels, and the sums of what comes from several readers. */
import type { Spec } from "../check/spec.ts";
import { gradient } from "../grad/gradient.ts";
import type { Chain, Held, Link } from "./forward.ts";
import type { KernelCall, Model } from "./model.ts";
import { dtypeOf, elementsOf, shapeOf, partOf, type Library } from "./specs.ts";

const ADD = {
  file: "the sum of two cotangents",
  kernel: "add",
  text: "kernel add(x: f32[n: N], y: f32[n]) -> z: f32[n] {\n  z = x + y\n}\n",
};

export type Both = {
  readonly forward: readonly KernelCall[];
  readonly backward: readonly KernelCall[];
  /** The buffer with the gradient of each parameter. */
  readonly gradients: ReadonlyMap<string, string>;
  readonly held: ReadonlyMap<string, Held>;
};

const namesOf = (values: Readonly<Record<string, number>> | undefined, known: readonly string[]) =>
  Object.fromEntries(Object.entries(values ?? {}).filter(([name]) => known.includes(name)));

/** A kernel on the sizes and values of a layer. */
const callOf = (link: Link, spec: Spec, buffers: Readonly<Record<string, string>>): KernelCall => {
  const named = (isStatic: boolean): readonly string[] =>
    spec.scalars.filter((s) => s.isStatic === isStatic).map((s) => s.name);
  const used = [...spec.tensors, ...spec.results].map((t) => [t.name, buffers[t.name] as string] as const);
  return {
    spec,
    sizes: namesOf(link.sizes, spec.sizes),
    scalars: namesOf(link.layer.scalars, named(false)),
    statics: namesOf(link.layer.statics, named(true)),
    buffers: Object.fromEntries(used),
  };
};

/** As a layer's own kernel. */
export const plainCall = (link: Link): KernelCall => callOf(link, link.spec, link.buffers);

/** Throws where a parameter has no gradient, and what `tfx grad` says of a kernel that has none. */
export const backwardOf = async (model: Model, { links, held: before }: Chain, library: Library): Promise<Both> => {
  const held = new Map(before);
  const forward = links.map(plainCall);
  const backward: KernelCall[] = [];
  /** Parameters and what depends on them. */
  const active = new Set(Object.keys(model.parameters));
  const floats = (link: Link): readonly string[] =>
    link.spec.tensors
      .filter((t) => dtypeOf(link.spec, t) === "f32" && active.has(link.buffers[t.name] as string))
      .map((t) => t.name);
  for (const link of links)
    if (floats(link).length > 0)
      for (const r of link.spec.results)
        if (dtypeOf(link.spec, r) === "f32") active.add(link.buffers[r.name] as string);
  /** Buffers that add up to the cotangent of a buffer. */
  const parts = new Map<string, string[]>();
  const give = (of: string, part: string): void => void parts.set(of, [...(parts.get(of) ?? []), part]);
  for (const name of before.keys()) {
    const of = name.startsWith("d_") ? name.slice(2) : "";
    if (!active.has(of)) continue;
    if (elementsOf(before.get(name)!.shape) !== elementsOf(before.get(of)!.shape))
      throw new Error(`${name} is to be the cotangent of ${of}, but has another number of elements`);
    give(of, name);
  }
  if (parts.size === 0)
    throw new Error("no layer and no input gives the cotangent of a buffer, as `d_x`: nothing to begin from");

  /** One buffer with the sum of all parts. */
  const summed = (of: string): string | null => {
    const [first, ...rest] = parts.get(of) ?? [];
    if (first === undefined) return null;
    const spec = library.own(ADD.file, ADD.text, ADD.kernel);
    const count = elementsOf(before.get(of)!.shape);
    return rest.reduce((sum, part, n) => {
      const z = `d_${of}.sum${n === rest.length - 1 ? "" : n}`;
      held.set(z, before.get(of) as Held);
      backward.push({ spec, sizes: { N: count }, scalars: {}, statics: {}, buffers: { x: sum, y: part, z } });
      return z;
    }, first);
  };

  for (let n = links.length - 1; n >= 0; n--) {
    const link = links[n] as Link;
    const { spec, layer, buffers } = link;
    const wrt = floats(link);
    const of = spec.results.filter((r) => parts.has(buffers[r.name] as string)).map((r) => r.name);
    if (of.length === 0 || wrt.length === 0) continue;
    const made = await gradient(spec, { of, wrt, save: layer.save ?? "auto" });
    library.refuse(made.diagnostics);
    if (!made.ok) throw new Error(`layer ${n} (${layer.kernel}) has no gradient`);
    const choice = `${of.join(", ")} by ${wrt.join(", ")}, saving ${made.saved.join(", ") || "nothing"}`;
    // The name tells all that the text depends on: a file is read once.
    const file = `gradient of ${layer.kernel} (${choice}) in ${spec.file}`;
    const all: Record<string, string> = { ...buffers };
    if (made.forward !== null) {
      const kept = library.own(file, made.text, made.forward);
      for (const r of kept.results)
        if (all[r.name] === undefined) {
          all[r.name] = `layer${n}.${r.name}`;
          held.set(`layer${n}.${r.name}`, heldBy(kept, r.name, link));
        }
      if (made.saved.some((name) => !spec.results.some((r) => r.name === name))) forward[n] = callOf(link, kept, all);
    }
    const back = library.own(file, made.text, made.kernel);
    for (const name of of) all[`d_${name}`] = summed(buffers[name] as string) as string;
    for (const name of wrt) {
      const of = buffers[name] as string;
      const part = `d_${of}.${n}.${name}`;
      all[`d_${name}`] = part;
      held.set(part, heldBy(back, `d_${name}`, link));
      give(of, part);
    }
    // What is learned sums over all rows, what goes on is one of each: two kernels walk them in their own ways.
    const isLearned = (name: string): boolean => Object.hasOwn(model.parameters, buffers[name] as string);
    for (const group of [wrt.filter((name) => !isLearned(name)), wrt.filter(isLearned)])
      if (group.length > 0)
        backward.push(
          callOf(
            link,
            partOf(
              back,
              group.map((name) => `d_${name}`),
            ),
            all,
          ),
        );
  }
  const gradients = new Map(
    Object.keys(model.parameters).map((name) => {
      const found = summed(name);
      if (found === null) throw new Error(`the parameter ${name} has no gradient: no cotangent reaches it`);
      return [name, found] as const;
    }),
  );
  return { forward, backward, gradients, held };
};

const heldBy = (spec: Spec, name: string, link: Link): Held => {
  const r = spec.results.find((x) => x.name === name);
  if (r === undefined) throw new Error(`${spec.name} has no result ${name}`);
  return { dtype: dtypeOf(spec, r), shape: shapeOf(spec, r, link.sizes) };
};
