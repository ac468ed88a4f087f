/** A compiled kernel with random inputs at the sizes of the page. */
import { evalSize } from "../../src/base/size.ts";
import type { StorageType } from "../../src/base/storage-type.ts";
import type { Spec } from "../../src/check/spec.ts";
import { createRandom, randomData } from "../../src/cli/random.ts";
import type { InputData } from "../../src/cli/tensors.ts";
import type { Artifact } from "../../src/codegen/artifact.ts";
import type { Graph } from "../../src/ir/graph/graph.ts";
import type { Inputs } from "../../src/meaning/interpret.ts";
import type { State } from "../protocol.ts";
import { valuesOf, type Outcome } from "./compile.ts";

/** Most elements of a tensor, and of all together. */
const MOST = 2 ** 26;

export type Job = {
  readonly spec: Spec;
  readonly artifact: Artifact;
  readonly graph: Graph;
  readonly inputs: readonly InputData[];
  readonly meant: Inputs;
  readonly shapeOf: (dims: Spec["tensors"][number]["dims"]) => readonly number[];
  readonly typeOf: (dtype: string) => StorageType;
};

export const product = (xs: readonly number[]): number => xs.reduce((a, b) => a * b, 1);

/** Or the reason why there is nothing to run. */
export const jobOf = ({ spec, compiled, parameters, types }: Outcome, state: State): Job | string => {
  if (spec === null || compiled === null) return "the formula does not compile";
  const scalars = valuesOf(parameters, "scalar");
  const statics = valuesOf(parameters, "static");
  const sizes: Record<string, number> = { ...scalars, ...statics, ...valuesOf(parameters, "size") };
  const chosen = new Map(types.map((t) => [t.name, t.value as StorageType]));
  const typeOf = (dtype: string): StorageType => chosen.get(dtype) ?? (dtype as StorageType);
  const extent = (id: number): number => evalSize(spec.axes[id]?.size ?? 1, (name) => sizes[name] ?? 1);
  const shapeOf: Job["shapeOf"] = (dims) => dims.map((d) => product(d.axes.map(extent)));
  const wrong = spec.axes.find((a) => !Number.isInteger(extent(a.id)) || extent(a.id) < 0);
  if (wrong !== undefined) return `with these sizes axis \`${wrong.name}\` has ${extent(wrong.id)} cells`;
  const all = [...spec.tensors, ...spec.results].map((t) => ({ name: t.name, count: product(shapeOf(t.dims)) }));
  if (all.reduce((n, t) => n + t.count, 0) > MOST) return "these sizes are too large for a try in a page";
  const random = createRandom(state.seed);
  const smallest = Math.min(...Object.values(sizes).filter((n) => n > 0), 8);
  const inputs = spec.tensors.map((t): InputData => {
    const [type, shape] = [typeOf(t.dtype), shapeOf(t.dims)];
    return { name: t.name, type, shape, data: randomData(type, product(shape), smallest, random) };
  });
  const tensors = Object.fromEntries(inputs.map((t) => [t.name, t.data]));
  return {
    spec,
    artifact: compiled.artifact,
    graph: compiled.graph,
    inputs,
    meant: { sizes, scalars, statics, tensors },
    shapeOf,
    typeOf,
  };
};
