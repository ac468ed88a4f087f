/** Runs examples of docs/language.md: sizes from the shapes that are written out, kernels on the tile evaluator and on devices. */
import { readFileSync } from "node:fs";
import { checkProgram } from "../../src/check/check.ts";
import type { Spec } from "../../src/check/spec.ts";
import type { Artifact, TensorInfo } from "../../src/codegen/artifact.ts";
import type { Target } from "../../src/base/target.ts";
import type { ResolveImport } from "../../src/check/check.ts";
import { compile, type Compiled, type CompileOptions } from "../../src/compile.ts";
import { evalSize, type SizeExpr } from "../../src/base/size.ts";
import { evaluateTile } from "../../src/ir/tile/eval.ts";
import { verifyTile } from "../../src/ir/tile/verify.ts";
import { allocate, pack, unpack } from "../../src/npy/convert.ts";
import { interpret } from "../../src/meaning/interpret.ts";
import { parseProgram } from "../../src/parser/parse.ts";
import { resolve } from "../../src/runtime/sizes.ts";
import type { Diagnostic } from "../../src/base/diagnostic.ts";
import type { Stack, Tensors } from "../gpu/stacks.ts";
import type { Example, Run, Value } from "./examples.ts";

const PRELUDE = readFileSync(new URL("../../stdlib/prelude.tfx", import.meta.url), "utf8");

/** The prelude, the standard library, and the files among the examples. */
export const resolverOf = (examples: readonly Example[]): ResolveImport => {
  const files: ReadonlyMap<string, Example> = new Map(
    examples.flatMap((e) => (e.kind === "file" ? [[`./${e.what}`, e] as const] : [])),
  );
  return (path: string) => {
    if (path === "std/prelude") return { file: "std/prelude.tfx", text: PRELUDE };
    const found = files.get(path) ?? files.get(`${path}.tfx`);
    return found === undefined ? null : { file: found.what, text: found.text };
  };
};

type Given = {
  readonly sizes: Readonly<Record<string, number>>;
  readonly scalars: Readonly<Record<string, number>>;
  readonly statics: Readonly<Record<string, number>>;
  readonly types: Readonly<Record<string, string>>;
  /** Flat, row-major. */
  readonly inputs: Readonly<Record<string, readonly number[]>>;
};

const cellsOf = (v: Value | undefined, what: string): readonly number[] => {
  if (v === undefined || "word" in v) throw new Error(`no value for ${what}`);
  return v.cells.map((c) => c.value);
};

/** What the names of a run are in the kernel's signature. */
const givenOf = (spec: Spec, run: Run): Given => {
  const sizes: Record<string, number> = {};
  const scalars: Record<string, number> = {};
  const statics: Record<string, number> = {};
  const types: Record<string, string> = {};
  const inputs: Record<string, readonly number[]> = {};
  for (const [name, value] of Object.entries(run.given)) {
    if ("word" in value) {
      types[name] = value.word;
      continue;
    }
    const scalar = spec.scalars.find((s) => s.name === name);
    const tensor = spec.tensors.find((t) => t.name === name);
    if (scalar !== undefined) (scalar.isStatic ? statics : scalars)[name] = cellsOf(value, name)[0] ?? 0;
    else if (tensor === undefined && spec.sizes.includes(name)) sizes[name] = cellsOf(value, name)[0] ?? 0;
    else if (tensor === undefined) throw new Error(`\`${name}\` is nothing of the signature: ${run.text}`);
    else inputs[name] = cellsOf(value, name);
  }
  for (const t of spec.tensors) {
    const value = run.given[t.name];
    if (value === undefined || "word" in value) throw new Error(`no \`${t.name}\`: ${run.text}`);
    t.dims.forEach((d, n) => {
      const size = d.axes.length === 1 ? spec.axes[d.axes[0]!]!.size : null;
      if (typeof size === "string" && !(size in scalars)) sizes[size] ??= value.shape[n] ?? 0;
    });
  }
  return { sizes, scalars, statics, types, inputs };
};

/** The shape of a tensor of the signature, and a complaint when a value that is written has another one. */
const shapeFault = (spec: Spec, name: string, value: Value, known: ReadonlyMap<string, number>): string | null => {
  const tensor = [...spec.tensors, ...spec.results].find((t) => t.name === name);
  if (tensor === undefined || "word" in value) return `\`${name}\` is no tensor`;
  const extent = (s: SizeExpr): number => evalSize(s, (n) => known.get(n) ?? NaN);
  const shape = tensor.dims.map((d) => d.axes.reduce((n, a) => n * extent(spec.axes[a]!.size), 1));
  // A list without elements shows only its first dimension.
  const same = value.cells.length === 0 ? shape.includes(0) : shape.join() === value.shape.join();
  return same ? null : `\`${name}\` has shape [${shape.join(", ")}], written is [${value.shape.join(", ")}]`;
};

export type Prepared = {
  readonly compiled: Compiled;
  readonly given: Given;
  readonly values: ReadonlyMap<string, number>;
};

/** The kernel of a run for a target, with its sizes known at compile time or left to run time (where the plan allows that). */
export const prepare = (
  example: Example,
  run: Run,
  target: Target,
  known: boolean,
  resolveImport: ResolveImport,
  more: Pick<CompileOptions, "chunk"> = {},
): Prepared | { readonly diagnostics: readonly Diagnostic[] } => {
  const build = (given: Given | null, dims: Readonly<Record<string, number>>) =>
    compile(example.text, {
      file: "example.tfx",
      kernel: run.kernel,
      target,
      resolveImport,
      dims,
      ...more,
      ...(given === null ? {} : { statics: given.statics, types: given.types }),
    });
  const spec = specOf(example, run.kernel, resolveImport);
  if (spec === null) return { diagnostics: build(null, {}).diagnostics };
  const given = givenOf(spec, run);
  let result = build(given, known ? given.sizes : {});
  if (!known && result.diagnostics.some((d) => d.code === "TFX4002")) result = build(given, given.sizes);
  const [compiled] = result.compiled;
  if (compiled === undefined || result.diagnostics.some((d) => d.severity === "error"))
    return { diagnostics: result.diagnostics };
  const { artifact } = compiled;
  const open = Object.fromEntries(Object.entries(given.sizes).filter(([n]) => artifact.sizes.includes(n)));
  const found = resolve(artifact, { sizes: open, scalars: given.scalars }, new Map());
  const values = new Map([...found, ...Object.entries(given.sizes), ...Object.entries(given.statics)]);
  for (const [name, value] of Object.entries({ ...run.given, ...run.expected })) {
    if ("word" in value || (!(name in run.expected) && !(name in given.inputs))) continue;
    const fault = shapeFault(spec, name, value, values);
    if (fault !== null) throw new Error(fault);
  }
  return { compiled, given, values };
};

/** Parses and checks a text. */
export const checkText = (
  text: string,
  resolveImport: ResolveImport,
): { readonly specs: readonly Spec[]; readonly diagnostics: readonly Diagnostic[] } => {
  const parsed = parseProgram(text, "example.tfx");
  const checked = checkProgram(parsed.program, "example.tfx", { resolveImport });
  return { specs: checked.specs, diagnostics: [...parsed.diagnostics, ...checked.diagnostics] };
};

/** The checked kernel; null when the text has an error. */
export const specOf = (example: Example, kernel: string, resolveImport: ResolveImport): Spec | null => {
  const { specs } = checkText(example.text, resolveImport);
  return specs.find((s) => s.name === kernel) ?? null;
};

/** As the runtime and the tile evaluator's buffers want it: rounded to the type, packed types packed. */
const stored = (t: TensorInfo, cells: readonly number[]) => {
  if (t.dtype === "f16") return new Float16Array(cells);
  const data = allocate(t.dtype, cells.length);
  data.set(cells);
  return pack(data, t.dtype);
};

const words = (data: ArrayBufferView): Uint32Array => {
  const bytes = new Uint8Array(Math.ceil(data.byteLength / 4) * 4);
  bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  return new Uint32Array(bytes.buffer);
};
const isPacked = (t: TensorInfo): boolean => ["i8", "u8", "i4", "u4"].includes(t.dtype);

const countOf = (t: TensorInfo, values: ReadonlyMap<string, number>): number =>
  t.dims.reduce((n, d) => n * evalSize(d.extent, (s) => values.get(s) ?? 0), 1);

/** The elements of a packed output, from its words or bytes. */
const unpacked = (t: TensorInfo, data: ArrayLike<number>, wide: boolean, count: number): readonly number[] => {
  const bytes = wide ? new Uint8Array(Uint32Array.from(data).buffer) : Uint8Array.from(data, (x) => x & 255);
  const small = t.dtype === "i8" ? new Int8Array(bytes.buffer) : bytes;
  return Array.from(unpack(small, t.dtype, count)).slice(0, count);
};

/** The results of the tile program in f64; throws for what the verifier or the evaluator objects to. */
export const onTiles = (
  { compiled, given, values }: Prepared,
  target: Target,
): Readonly<Record<string, readonly number[]>> => {
  const faults = verifyTile(compiled.tile, target);
  if (faults.length > 0) throw new Error(faults.map(String).join("; "));
  const { tensors, scalars, sizes } = compiled.artifact;
  const buffers = Object.fromEntries(
    tensors.map((t) => {
      const cells = given.inputs[t.name] ?? Array.from({ length: countOf(t, values) }, () => 7);
      const data = stored(t, cells);
      return [t.name, isPacked(t) ? words(data) : data];
    }),
  );
  const names = [...sizes, ...scalars.map((s) => s.name)];
  const all = Object.fromEntries(values);
  const found = evaluateTile(compiled.tile, {
    sizes: all,
    uniforms: Object.fromEntries(names.map((n) => [n, all[n] ?? 0])),
    buffers,
    precision: "f64",
  }).buffers;
  return Object.fromEntries(
    tensors
      .filter((t) => t.role === "output")
      .map((t) => {
        const data = found[t.name] ?? new Float64Array();
        const count = countOf(t, values);
        if (isPacked(t)) return [t.name, unpacked(t, data, true, count)];
        const cells = Array.from(data).slice(0, count);
        // The evaluator rounds nothing in f64, and rounding at the store is part of the meaning.
        return [t.name, t.dtype === "f16" ? cells.map((x) => Math.f16round(x)) : cells];
      }),
  );
};

/** What the kernel means, by the interpreter of checked programs. */
export const meant = ({ compiled, given, values }: Prepared): Readonly<Record<string, readonly number[]>> => {
  const all = Object.fromEntries(values);
  const results = interpret(compiled.spec, {
    sizes: all,
    scalars: given.scalars,
    statics: given.statics,
    tensors: given.inputs,
  });
  return Object.fromEntries(
    compiled.artifact.tensors
      .filter((t) => t.role === "output")
      .map((t) => {
        const cells = Array.from(results[t.name] ?? []);
        return [t.name, t.dtype === "f16" ? cells.map((x) => Math.f16round(x)) : cells];
      }),
  );
};

/** The results on a device. */
export const onStack = async (
  { compiled, given, values }: Prepared,
  stack: Stack,
): Promise<Readonly<Record<string, readonly number[]>>> => {
  const { artifact } = compiled;
  const inputs = Object.fromEntries(
    artifact.tensors
      .filter((t) => t.role === "input")
      .map((t) => {
        const data = stored(t, given.inputs[t.name] ?? []);
        return [t.name, data instanceof Float16Array ? new Uint16Array(data.buffer) : data];
      }),
  ) as unknown as Tensors;
  const sizes = Object.fromEntries(artifact.sizes.map((n) => [n, values.get(n) ?? 0]));
  const outputs = await stack.run(artifact as Artifact, inputs, sizes, given.scalars);
  return Object.fromEntries(
    artifact.tensors
      .filter((t) => t.role === "output")
      .map((t) => {
        const data = outputs[t.name] as unknown as ArrayLike<number> & { readonly buffer: ArrayBuffer };
        const count = countOf(t, values);
        if (isPacked(t)) return [t.name, unpacked(t, data, false, count)];
        const half = t.dtype === "f16" && !(data instanceof Float16Array);
        return [t.name, Array.from(half ? new Float16Array(data.buffer) : data).slice(0, count)];
      }),
  );
};

/** What differs from what the page says; `near`: the part of max(1, |value|) that a result may be off by. */
export const differences = (
  run: Run,
  found: Readonly<Record<string, readonly number[]>>,
  near: number,
): readonly string[] =>
  Object.entries(run.expected).flatMap(([name, value]) => {
    const cells = found[name];
    if (cells === undefined || "word" in value) return [`${name}: no such result`];
    if (cells.length !== value.cells.length) return [`${name}: ${cells.length} cells, ${value.cells.length} written`];
    const wrong = value.cells.some((c, n) => {
      const x = cells[n] ?? NaN;
      return !(x === c.value || Math.abs(x - c.value) <= c.rounded + near * Math.max(1, Math.abs(c.value)));
    });
    return wrong
      ? [`${name} = [${cells.join(", ")}], the page says [${value.cells.map((c) => c.value).join(", ")}]`]
      : [];
  });
