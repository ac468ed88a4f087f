/**
 * Gradients held against differences of the meaning: the oracle is the interpreter of the kernel itself, moved along random
 * directions. It shares nothing with what derives the gradient.
 */
import { checkProgram } from "../../src/check/check.ts";
import type { Spec, SpecTensor } from "../../src/check/spec.ts";
import { createRandom } from "../../src/cli/random.ts";
import { createSources } from "../../src/cli/sources.ts";
import { interpret, type Inputs } from "../../src/meaning/interpret.ts";
import { parseProgram } from "../../src/parser/parse.ts";
import { evalSize } from "../../src/base/size.ts";

export type Numbers = Readonly<Record<string, number>>;
export type Data = Readonly<Record<string, Float64Array>>;

const sources = createSources();

/** The only kernel of a text, which must be checked without an error. */
export const checked = (text: string, file = "test.tfx"): Spec => {
  const [spec, ...more] = allChecked(text, file);
  if (spec === undefined || more.length > 0) throw new Error(`${1 + more.length} kernels`);
  return spec;
};

/** All kernels of a text. */
export const allChecked = (text: string, file = "test.tfx"): readonly Spec[] => {
  const { program, diagnostics } = parseProgram(text, file);
  const out = checkProgram(program, file, { resolveImport: sources.resolveImport, text });
  const errors = [...diagnostics, ...out.diagnostics].filter((d) => d.severity === "error");
  if (errors.length > 0) throw new Error(`${errors.map((d) => `${d.code} ${d.message}`).join("; ")}\n${text}`);
  return out.specs;
};

export type Ways = {
  readonly sizes: Numbers;
  readonly statics?: Numbers;
  readonly scalars?: Numbers;
  /** The value of a cell of a tensor of floats, from a standard normal one. */
  readonly value?: (tensor: string, normal: number) => number;
  /** Integers are below this; the smallest size of the kernel where left out. */
  readonly below?: number;
};

const isFloat = (spec: Spec, dtype: string): boolean =>
  dtype === "f32" || dtype === "f16" || spec.typeVars.some((t) => t.name === dtype);

/** Floats normal, integers small, conditions mostly true. */
export const drawn = (spec: Spec, ways: Ways, seed: number): Data => {
  const random = createRandom(seed);
  const normal = (): number => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  const below = ways.below ?? Math.max(1, Math.min(...Object.values(ways.sizes)));
  const cell = (t: SpecTensor): number => {
    if (isFloat(spec, t.dtype)) return ways.value?.(t.name, normal()) ?? normal();
    return t.dtype === "bool" ? Number(random() < 0.75) : Math.floor(random() * below);
  };
  return Object.fromEntries(
    spec.tensors.map((t) => [t.name, Float64Array.from({ length: count(spec, t, ways) }, () => cell(t))]),
  );
};

const count = (spec: Spec, t: SpecTensor, ways: Ways): number => {
  const lookup = (name: string): number => {
    const known = ways.sizes[name] ?? ways.statics?.[name] ?? ways.scalars?.[name];
    if (known !== undefined) return known;
    const init = spec.scalars.find((s) => s.name === name)?.init;
    if (init?.kind === "const") return init.value;
    throw new Error(`no size ${name}`);
  };
  return t.dims.flatMap((d) => d.axes).reduce((n, a) => n * evalSize(spec.axes[a]?.size ?? 0, lookup), 1);
};

const dot = (a: ArrayLike<number>, b: ArrayLike<number>): number => {
  let sum = 0;
  for (let n = 0; n < a.length; n++) sum += (a[n] as number) * (b[n] as number);
  return sum;
};

export type Verdict = {
  readonly input: string;
  readonly found: number;
  readonly expected: number;
  readonly scale: number;
};

/** How far apart the two may be, as a share of the sum of the absolute values of what is added. */
const SHARE = 2e-7;
const STEP = 1e-4;

/**
 * The gradient of `spec` for `of` and `wrt`, a program, at random data: for each wanted input the slope along a random direction
 * and what the program says, where they differ. Data at which the meaning has a kink near by are drawn again. Null: no such data.
 */
export const compareWithDifferences = (
  spec: Spec,
  derived: Spec,
  of: readonly string[],
  ways: Ways,
  seed = 1,
): readonly Verdict[] | null => {
  const positive: Ways = { ...ways, value: (_, normal) => Math.abs(normal) + 0.1 };
  for (let draw = 0; draw < 12; draw++) {
    // What is a number for positive data only has no slope elsewhere.
    const verdicts = compareAt(spec, derived, of, draw < 6 ? ways : positive, seed + 1000 * draw);
    if (verdicts !== null) return verdicts;
  }
  return null;
};

const compareAt = (
  spec: Spec,
  derived: Spec,
  of: readonly string[],
  ways: Ways,
  seed: number,
): readonly Verdict[] | null => {
  const tensors = drawn(spec, ways, seed);
  const base: Inputs = { sizes: ways.sizes, statics: ways.statics ?? {}, scalars: ways.scalars ?? {}, tensors };
  const normal = normals(seed + 77);
  const at = (inputs: Inputs) => interpret(spec, inputs);
  const here = interpret(spec, base);
  if (of.some((o) => here[o]?.some((v) => Number.isNaN(v) || v === Infinity))) return null;
  // The step magnifies the rounding of large results.
  const sizes = of.flatMap((o) => [...(here[o] ?? [])].filter(Number.isFinite).map(Math.abs));
  const noise = (sizes.reduce((x, y) => x + y, 0) * 2 ** -52) / STEP;
  const cotangents = Object.fromEntries(
    // A row without a cell has the maximum -inf, everywhere near: it has no slope.
    of.map((o) => [`d_${o}`, (here[o] as Float64Array).map((v) => (Number.isFinite(v) ? normal() : 0))]),
  );
  const isScalar = (o: string): boolean => spec.results.find((r) => r.name === o)?.dims.length === 0;
  const loss = (inputs: Inputs): number => {
    const out = at(inputs);
    return of.reduce((sum, o) => {
      const [values, weights] = [out[o] as Float64Array, cotangents[`d_${o}`] as Float64Array];
      return (
        sum +
        dot(
          values.map((v, n) => (Number.isFinite(here[o]?.[n]) ? v : 0)),
          weights,
        )
      );
    }, 0);
  };
  const results = interpret(derived, {
    ...base,
    scalars: {
      ...base.scalars,
      ...Object.fromEntries(of.filter(isScalar).map((o) => [`d_${o}`, cotangents[`d_${o}`]?.[0] ?? 0])),
    },
    tensors: { ...tensors, ...cotangents },
  });
  const verdicts: Verdict[] = [];
  for (const r of derived.results) {
    const input = r.name.slice(2);
    const gradient = results[r.name] as Float64Array;
    const direction = gradient.map(() => normal());
    const along = (h: number): number => loss(movedBy(base, input, direction, h, spec));
    const slope = (h: number): number => (8 * (along(h) - along(-h)) - (along(2 * h) - along(-2 * h))) / (12 * h);
    const [expected, again] = [slope(STEP), slope(STEP / 3)];
    const found = dot(gradient, direction);
    const scale = gradient.reduce((s, g, n) => s + Math.abs(g * (direction[n] as number)), 1);
    const far = (x: number, y: number): boolean => !(Math.abs(x - y) <= SHARE * scale);
    if (Number.isNaN(expected) || far(expected, again) || noise > SHARE * scale) return null;
    if (far(found, expected)) verdicts.push({ input, found, expected, scale });
  }
  return verdicts;
};

/**
 * What a program says of results and of how they move along random tangents, where it is not what the kernel says: [] is right, null: no data
 * without a kink near by. `nowhere`: how -inf moves.
 */
export const tangentFaults = (
  spec: Spec,
  derived: Spec,
  of: readonly string[],
  ways: Ways,
  seed = 1,
  nowhere = 0,
): readonly string[] | null => {
  const positive: Ways = { ...ways, value: (_, normal) => Math.abs(normal) + 0.1 };
  for (let draw = 0; draw < 12; draw++) {
    const faults = tangentFaultsAt(spec, derived, of, draw < 6 ? ways : positive, seed + 1000 * draw, nowhere);
    if (faults !== null) return faults;
  }
  return null;
};

const tangentFaultsAt = (
  spec: Spec,
  derived: Spec,
  of: readonly string[],
  ways: Ways,
  seed: number,
  nowhere: number,
): readonly string[] | null => {
  const tensors = drawn(spec, ways, seed);
  const base: Inputs = { sizes: ways.sizes, statics: ways.statics ?? {}, scalars: ways.scalars ?? {}, tensors };
  const normal = normals(seed + 78);
  const moving = spec.tensors.filter((t) => derived.tensors.some((x) => x.name === `t_${t.name}`)).map((t) => t.name);
  const direction = new Map(moving.map((name) => [name, (tensors[name] as Float64Array).map(() => normal())]));
  const at = (h: number): Data => {
    const moved = Object.fromEntries(
      [...direction].map(([name, d]) => [name, d.map((x, n) => (tensors[name]?.[n] as number) + h * x)]),
    );
    return interpret(spec, { ...base, tensors: { ...tensors, ...moved } });
  };
  const slope = (h: number): ((o: string, n: number) => number) => {
    const [a, b, c, d] = [at(h), at(-h), at(2 * h), at(-2 * h)];
    const of = (x: Data, o: string, n: number): number => x[o]?.[n] as number;
    return (o, n) => (8 * (of(a, o, n) - of(b, o, n)) - (of(c, o, n) - of(d, o, n))) / (12 * h);
  };
  const here = interpret(spec, base);
  if (of.some((o) => here[o]?.some((v) => Number.isNaN(v) || v === Infinity))) return null;
  const tangents = Object.fromEntries([...direction].map(([name, d]) => [`t_${name}`, d]));
  const found = interpret(derived, { ...base, tensors: { ...tensors, ...tangents } });
  const [first, second] = [slope(STEP), slope(STEP / 3)];
  const faults: string[] = [];
  for (const o of of) {
    const value = here[o] as Float64Array;
    const largest = Math.max(1, ...[...value].filter(Number.isFinite).map(Math.abs));
    for (let n = 0; n < value.length; n++) {
      const [v, t, primal] = [value[n] as number, found[`t_${o}`]?.[n] as number, found[o]?.[n] as number];
      if (primal !== v && !(Math.abs(primal - v) <= 1e-9 * largest)) faults.push(`${o}[${n}] is ${primal}, not ${v}`);
      // A row without a cell has the maximum -inf, everywhere near.
      if (v === -Infinity && Object.is(t, nowhere)) continue;
      const [x, y] = v === -Infinity ? [nowhere, nowhere] : [first(o, n), second(o, n)];
      const scale = Math.max(largest, Math.abs(x));
      if (Number.isNaN(x) || Math.abs(x - y) > SHARE * scale) return null;
      if (!(Math.abs(t - x) <= SHARE * scale)) faults.push(`t_${o}[${n}] is ${t}, not ${x}`);
    }
  }
  return faults;
};

const normals = (seed: number): (() => number) => {
  const random = createRandom(seed);
  return () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
};

const movedBy = (base: Inputs, input: string, direction: Float64Array, h: number, spec: Spec): Inputs => {
  const tensor = base.tensors[input];
  if (tensor !== undefined)
    return {
      ...base,
      tensors: { ...base.tensors, [input]: direction.map((d, n) => (tensor[n] as number) + h * d) },
    };
  const isStatic = spec.scalars.some((s) => s.name === input && s.isStatic);
  const key = isStatic ? "statics" : "scalars";
  return { ...base, [key]: { ...base[key], [input]: (base[key]?.[input] ?? 0) + h * (direction[0] as number) } };
};
