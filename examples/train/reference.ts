/** The same steps in f64, by what the checked kernels mean: nothing of the compiler but the front end is asked. */
import { interpret } from "../../src/meaning/interpret.ts";
import type { Derived, KernelCall } from "../../src/train/index.ts";

type Numbers = ArrayLike<number>;

export type Reference = {
  readonly write: (values: Readonly<Record<string, Numbers>>) => void;
  /** One step; the mean of the loss. */
  readonly step: (options: {
    readonly inputs?: Readonly<Record<string, Numbers>>;
    readonly scalars?: Readonly<Record<string, number>>;
  }) => number;
  /** The forward and the backward pass alone. */
  readonly gradients: () => Readonly<Record<string, Float64Array>>;
  /** The mean of the loss of the forward pass. */
  readonly loss: () => number;
};

const count = (shape: readonly number[]): number => shape.reduce((n, d) => n * d, 1);

export const createReference = (derived: Derived, loss: string): Reference => {
  const buffers = new Map<string, Numbers>();
  const { held, offsets, gradients, moves } = derived;
  const total = count(held.get("p")!.shape);
  for (const name of derived.state) buffers.set(name, new Float64Array(count(held.get(name)!.shape)));

  const run = (calls: readonly KernelCall[], more: Readonly<Record<string, number>> = {}): void => {
    for (const { spec, sizes, scalars, statics, buffers: bound } of calls) {
      const names = spec.scalars.map((s) => s.name);
      const own = Object.entries({ ...scalars, ...more }).filter(([name]) => names.includes(name));
      const tensors = Object.fromEntries(spec.tensors.map((t) => [t.name, numbers(bound[t.name]!)]));
      const results = interpret(spec, { sizes, statics, scalars: Object.fromEntries(own), tensors });
      for (const r of spec.results) buffers.set(bound[r.name]!, results[r.name] as Float64Array);
    }
  };
  const numbers = (name: string): Numbers => {
    const found = buffers.get(name);
    if (found === undefined) throw new Error(`nothing gives ${name}`);
    return found;
  };
  /** The list `p` or `g` from its parts, and back. */
  const gather = (): void => {
    const [p, g] = [new Float64Array(total), new Float64Array(total)];
    for (const [name, offset] of offsets) {
      p.set(numbers(name), offset);
      g.set(numbers(gradients.get(name)!), offset);
    }
    buffers.set("p", p);
    buffers.set("g", g);
  };
  const scatter = (): void => {
    const p = numbers("p") as Float64Array;
    for (const [name, offset] of offsets) buffers.set(name, p.slice(offset, offset + count(held.get(name)!.shape)));
  };
  const mean = (): number => {
    const all = Array.from(numbers(loss));
    return all.reduce((a, b) => a + b, 0) / all.length;
  };
  const write = (values: Readonly<Record<string, Numbers>>): void => {
    for (const [name, data] of Object.entries(values)) buffers.set(name, Float64Array.from(data));
  };
  return {
    write,
    step: ({ inputs = {}, scalars = {} }) => {
      write(inputs);
      run([...derived.forward, ...derived.backward]);
      const found = mean();
      gather();
      run(derived.update, scalars);
      for (const { from, to } of moves) buffers.set(to, numbers(from));
      scatter();
      return found;
    },
    gradients: () => {
      run([...derived.forward, ...derived.backward]);
      return Object.fromEntries([...gradients].map(([name, g]) => [name, Float64Array.from(numbers(g))]));
    },
    loss: () => {
      run(derived.forward);
      return mean();
    },
  };
};
