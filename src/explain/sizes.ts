/** Sizes at which the report counts: those given, the rest made up and said so. */
import type { Compiled } from "../compiled.ts";
import { evaluateGraph } from "../ir/graph/eval.ts";
import type { AxisId } from "../ir/graph/graph.ts";
import { evalSize, sizeNames } from "../base/size.ts";
import { NO_SPAN } from "../base/span.ts";
import { penOf } from "./pen.ts";

export type Example = {
  /** Values of all size symbols that are not constants. */
  readonly sizes: Readonly<Record<string, number>>;
  readonly extent: (axis: AxisId) => number;
  /** The value of a scalar parameter; null for one that needs a value and has none. */
  readonly scalar: (name: string) => number | null;
  /** `B=1 H=1 N=512 M=512`. */
  readonly text: string;
};

/** Sequence lengths where none are given. */
const LENGTH = 512;
/** Integer parameters (windows) where none are given. */
const WINDOW = 64;

/** Made-up sizes: 512 for what the kernels stream over or tile, 1 for the rest (batch, heads). */
export const exampleOf = (compiled: Compiled, given: Readonly<Record<string, number>>): Example => {
  const { graph, plan } = compiled;
  const b = penOf(compiled);
  const long = new Set(
    plan.kernels.flatMap((k) => [...k.stream, ...k.rows.slice(-1)]).flatMap((a) => sizeNames(b.axis(a).size)),
  );
  const sizes = Object.fromEntries(graph.sizes.map((s) => [s, given[s] ?? (long.has(s) ? LENGTH : 1)]));
  const scalars = new Map<string, number>();
  const madeUp: string[] = [];
  for (const s of graph.scalars) {
    const value = given[s.name] ?? defaultOf(compiled, s.name, sizes);
    if (value !== null) scalars.set(s.name, value);
    else if (s.ty === "i32") {
      scalars.set(s.name, WINDOW);
      madeUp.push(`${s.name}=${WINDOW}`);
    }
  }
  const asked = graph.scalars.filter((s) => given[s.name] !== undefined).map((s) => `${s.name}=${given[s.name]}`);
  const lookup = (name: string): number => sizes[name] ?? scalars.get(name) ?? 1;
  return {
    sizes,
    extent: (axis) => evalSize(b.axis(axis).size, lookup),
    scalar: (name) => scalars.get(name) ?? null,
    text: [...Object.entries(sizes).map(([n, v]) => `${n}=${v}`), ...asked, ...madeUp].join(" "),
  };
};

/** A default value, evaluated by the graph's own evaluator. */
const defaultOf = (compiled: Compiled, name: string, sizes: Readonly<Record<string, number>>): number | null => {
  const { graph } = compiled;
  const init = graph.scalars.find((s) => s.name === name)?.init ?? null;
  if (init === null) return null;
  const tensor = { name, dtype: "f32" as const, dims: [], role: "output" as const, span: NO_SPAN };
  try {
    return (
      evaluateGraph(
        { ...graph, tensors: [tensor], results: [{ tensor: name, value: init, span: NO_SPAN }] },
        { sizes, tensors: {}, scalars: {} },
      )[name]?.[0] ?? null
    );
  } catch {
    return null;
  }
};
