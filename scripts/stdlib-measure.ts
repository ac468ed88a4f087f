/** How exact the entries of the standard library are on each WebGPU stack: random inputs, small ragged sizes. */
import { accuracy, type Accuracy } from "../src/cli/accuracy.ts";
import { compileEntry, type Entry } from "../src/cli/catalogue.ts";
import { createRandom, randomData } from "../src/cli/random.ts";
import { shapeOf } from "../src/cli/tensors.ts";
import type { Compiled } from "../src/compile.ts";
import { operands, type Graph, type NodeId } from "../src/ir/graph/graph.ts";
import { nodeAt, reach } from "../src/ir/graph/walk.ts";
import { pack, unpack, type Stored } from "../src/npy/convert.ts";
import type { Stack, Tensors } from "../test/gpu/stacks.ts";

/** What one stack gave for one kernel: the worst result; null where the stack is not here. */
export type Measured = { readonly error: number; readonly allowed: number; readonly ok: boolean } | null;

/** Inputs that say where to read other tensors (pages, tokens): their numbers must be in range. */
const indexing = (g: Graph): ReadonlySet<string> => {
  const found = new Set<string>();
  for (const id of reach(
    g,
    g.results.map((r) => r.value),
  )) {
    const n = nodeAt(g, id);
    if (n.kind !== "load") continue;
    for (const below of reach(g, operands(n) as NodeId[])) {
      const m = nodeAt(g, below);
      if (m.kind === "load") found.add(m.tensor);
    }
  }
  return found;
};

type Given = {
  readonly sizes: Record<string, number>;
  readonly scalars: Record<string, number>;
  readonly data: Record<string, Stored>;
};

/** Squares are not negative, and a log-sum-exp is above the logits. */
const asTrained = (name: string, data: Float32Array): Float32Array =>
  name === "v" || name === "squares" ? data.map(Math.abs) : name === "lse" ? data.map((x) => 30 + x) : data;

/** Random inputs: f32 normal (bounded for recurrences), indices within the smallest size, other integers (lengths) up to the largest. */
const inputsOf = ({ folder, spec, sizes: { small, statics } }: Entry, { graph, plan }: Compiled): Given => {
  const random = createRandom(7);
  // Recurrences of any numbers grow without bound: rates below 1, decays below 0.
  const recurs = plan.kernels.some((k) => k.scans.length > 0);
  const rate = (name: string): number => (name === "decay" || name === "g" ? -1 : 1) * (0.05 + 0.3 * random());
  const known = Object.values(small);
  const isIndex = indexing(graph);
  const fixed = Object.fromEntries(
    graph.scalars.flatMap((s) => (s.init === null ? [[s.name, s.ty === "f32" ? 0.5 : 5]] : [])),
  );
  const data = Object.fromEntries(
    graph.tensors
      .filter((t) => t.role === "input")
      .map((t) => {
        const shape = shapeOf(spec, t.name, { ...defaults(spec), ...statics, ...small });
        const count = shape.reduce((a, b) => a * b, 1);
        if (t.dtype === "i32" && !isIndex.has(t.name))
          return [t.name, Int32Array.from({ length: count }, () => Math.floor(random() * (Math.max(...known) + 1)))];
        if (recurs && (t.dtype === "f32" || t.dtype === "f16"))
          return [t.name, Float32Array.from({ length: count }, () => rate(t.name))];
        const drawn = randomData(t.dtype, count, Math.min(...known.filter((n) => n > 1)), random);
        return [t.name, folder === "train" && drawn instanceof Float32Array ? asTrained(t.name, drawn) : drawn];
      }),
  );
  return { sizes: { ...small }, scalars: fixed, data };
};

/** Static parameters that are sizes too have their default. */
const defaults = (spec: Entry["spec"]): Record<string, number> =>
  Object.fromEntries(
    spec.scalars.flatMap((s) => (s.isStatic && s.init?.kind === "const" ? [[s.name, s.init.value]] : [])),
  );

/** Compiles an entry for the stack, runs it there and compares every result with the f64 meaning. Rejects where it fails. */
export const measure = async (entry: Entry, stack: Stack): Promise<Measured> => {
  if (!stack.available) return null;
  const compiled = compileEntry(entry, entry.sizes.small, stack.target);
  const { sizes, scalars, data } = inputsOf(entry, compiled);
  const inputs = compiled.graph.tensors.filter((t) => t.role === "input");
  const packed = Object.fromEntries(inputs.map((t) => [t.name, pack(data[t.name] as Stored, t.dtype)]));
  const found = await stack.run(compiled.artifact, packed as Tensors, sizes, scalars);
  const outputs = Object.fromEntries(
    compiled.graph.tensors
      .filter((t) => t.role === "output")
      .map((t) => {
        const length = shapeOf(entry.spec, t.name, { ...defaults(entry.spec), ...sizes }).reduce((a, b) => a * b, 1);
        return [t.name, unpack(found[t.name] as Stored, t.dtype, length)];
      }),
  );
  const results = accuracy(
    { spec: compiled.spec },
    { sizes, tensors: data, scalars, statics: entry.sizes.statics },
    outputs,
  );
  const [first, ...rest] = results;
  if (first === undefined) throw new Error("no result");
  const worst = rest.reduce<Accuracy>(
    (a, b) => (((b.ok ? 0 : 1) - (a.ok ? 0 : 1) || b.error - a.error) > 0 ? b : a),
    first,
  );
  return { error: worst.error, allowed: worst.allowed, ok: worst.ok };
};
