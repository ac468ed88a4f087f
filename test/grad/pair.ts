/** A forward and a backward kernel against the gradient that computes everything again. */
import type { Spec } from "../../src/check/spec.ts";
import type { Gradient } from "../../src/grad/gradient.ts";
import { interpret, measure } from "../../src/meaning/interpret.ts";
import { allChecked, checked, drawn, type Ways } from "./differences.ts";

/** What differs: gradients by more than 1e-9 of what is added up. */
export const sameAsPair = (spec: Spec, whole: string, pair: Gradient, ways: Ways): readonly string[] => {
  if (!pair.ok) return pair.diagnostics.map((d) => d.message);
  const specs = allChecked(pair.text);
  const [forward, backward] = [pair.forward, pair.kernel].map((name) => specs.find((s) => s.name === name));
  if (forward === undefined || backward === undefined || specs.length !== 2) return ["not two kernels"];
  const one = checked(whole);
  // Data of the kernel and its cotangents alike.
  const data = drawn(one, ways, 5);
  const cotangents = one.scalars.filter((s) => !spec.scalars.some((x) => x.name === s.name));
  const inputs = {
    sizes: ways.sizes,
    statics: ways.statics ?? {},
    scalars: { ...ways.scalars, ...Object.fromEntries(cotangents.map((s) => [s.name, 0.8])) },
    tensors: data,
  };
  const made = interpret(forward, inputs);
  const kept = Object.fromEntries(pair.saved.map((name) => [name, made[name] ?? new Float64Array()]));
  const expected = measure(one, inputs);
  const found = interpret(backward, { ...inputs, tensors: { ...data, ...kept } });
  return one.results.flatMap(({ name }) => {
    const { values, scales } = expected[name] as NonNullable<(typeof expected)[string]>;
    const other = found[name] as Float64Array;
    const far = values.findIndex(
      (v, n) =>
        !Number.isNaN(v) &&
        !(v === other[n] || Math.abs(v - (other[n] as number)) <= 1e-9 * (scales[n] as number) + 1e-30),
    );
    return far < 0 ? [] : [`${name}[${far}] is ${other[far]}, not ${values[far]}`];
  });
};
