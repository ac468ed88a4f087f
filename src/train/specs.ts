/** Kernels of files as checked programs, and the shapes of their tensors. */
import type { Diagnostic } from "../base/diagnostic.ts";
import { renderDiagnostic } from "../base/render.ts";
import { evalSize } from "../base/size.ts";
import { checkProgram, type ResolveImport } from "../check/check.ts";
import type { Spec, SpecTensor } from "../check/spec.ts";
import { postOrder } from "../check/walk-spec.ts";
import type { Artifact } from "../codegen/artifact.ts";
import { parseProgram } from "../parser/parse.ts";
import { resolve } from "../runtime/sizes.ts";
import type { Shape } from "./model.ts";

export type Library = {
  /** The kernel of a file. Throws what is wrong with it. */
  readonly find: (file: string, kernel: string) => Spec;
  /** The kernel of a text that has its imports inside. */
  readonly own: (file: string, text: string, kernel: string) => Spec;
  readonly resolveImport: ResolveImport;
  /** Throws the errors among some diagnostics, as text. */
  readonly refuse: (diagnostics: readonly Diagnostic[]) => void;
};

/** Reads each text once. */
export const createLibrary = (resolveImport: ResolveImport): Library => {
  const texts = new Map<string, string>();
  const made = new Map<string, Spec>();
  const remembering: ResolveImport = (path, from) => {
    const found = resolveImport(path, from);
    if (found !== null) texts.set(found.file, found.text);
    return found;
  };
  const refuse = (diagnostics: readonly Diagnostic[]): void => {
    const errors = diagnostics.filter((d) => d.severity === "error");
    if (errors.length === 0) return;
    throw new Error(errors.map((d) => renderDiagnostic(d, (f) => texts.get(f), { color: false })).join("\n\n"));
  };
  const own = (file: string, text: string, kernel: string): Spec => {
    const key = JSON.stringify([file, kernel]);
    const known = made.get(key);
    if (known !== undefined) return known;
    texts.set(file, text);
    const { program, diagnostics } = parseProgram(text, file);
    const checked = checkProgram(program, file, { resolveImport: remembering, text, only: kernel });
    refuse([...diagnostics, ...checked.diagnostics]);
    const spec = checked.specs.find((s) => s.name === kernel);
    if (spec === undefined) throw new Error(`${file} has no kernel ${kernel}`);
    made.set(key, spec);
    return spec;
  };
  return {
    find: (file, kernel) => {
      const found = remembering(file, "");
      if (found === null) throw new Error(`no file ${file}`);
      return own(found.file, found.text, kernel);
    },
    own,
    resolveImport: remembering,
    refuse,
  };
};

const product = (shape: Shape): number => shape.reduce((n, d) => n * d, 1);

/** The extents of a tensor's dims. */
const extentsOf = (spec: Spec, t: SpecTensor): Artifact["tensors"][number]["dims"] =>
  t.dims.map(({ axes }) => {
    const own = axes.map((a) => spec.axes[a] as Spec["axes"][number]);
    return { axes: own.map((a) => a.name), extent: own.map((a) => a.size).reduce((a, b) => ["*", a, b]) };
  });

/** A shape as a tensor of so many dims has it: the first ones as one. Null where there are fewer. */
const merged = (shape: Shape, dims: number): Shape | null =>
  dims > shape.length || dims === 0
    ? null
    : [product(shape.slice(0, shape.length - dims + 1)), ...shape.slice(shape.length - dims + 1)];

/**
 * The sizes of a call from the shapes of its tensors' buffers and what else is given. A tensor of fewer dims than its buffer takes the first
 * ones as one; of one that has more, the number of elements counts. Throws in the user's names where sizes are missing or do not agree.
 */
export const sizesOf = (
  spec: Spec,
  shapes: Readonly<Record<string, Shape>>,
  given: { readonly sizes?: Readonly<Record<string, number>>; readonly values: Readonly<Record<string, number>> },
): Readonly<Record<string, number>> => {
  const tensors = spec.tensors.map((t) => ({ ...t, role: "input" as const, dims: extentsOf(spec, t) }));
  const scalars = Object.keys(given.values).map((name) => ({ name, type: "f32" as const, init: null }));
  const asked = { constants: {}, sizes: spec.sizes, scalars, tensors } as unknown as Artifact;
  const known = Object.entries(shapes).map(([name, shape]) => {
    const dims = spec.tensors.find((t) => t.name === name)?.dims.length ?? 0;
    return { name, shape: merged(shape, dims), count: product(shape) };
  });
  const call = {
    shapes: Object.fromEntries(known.flatMap(({ name, shape }) => (shape === null ? [] : [[name, shape]]))),
    sizes: given.sizes ?? {},
    scalars: given.values,
  };
  const found = resolve(asked, call, new Map(known.map(({ name, count }) => [name, count])));
  return Object.fromEntries(spec.sizes.map((name) => [name, found.get(name) as number]));
};

/** The shape of a tensor or result. */
export const shapeOf = (spec: Spec, t: SpecTensor, sizes: Readonly<Record<string, number>>): Shape =>
  extentsOf(spec, t).map((d) =>
    evalSize(d.extent, (name) => sizes[name] ?? fail(`${spec.name}: the size ${name} of ${t.name} is not known`)),
  );

const fail = (message: string): never => {
  throw new Error(message);
};

/** The element type with the type variables as they are compiled, f32. */
export const dtypeOf = (spec: Spec, t: SpecTensor): string =>
  spec.typeVars.some((v) => v.name === t.dtype) ? "f32" : t.dtype;

export const elementsOf = product;

/** The part of a kernel that gives some of its results. */
export const partOf = (spec: Spec, names: readonly string[]): Spec => {
  const results = spec.results.filter((r) => names.includes(r.name));
  const read = new Set(postOrder(results.map((r) => r.value)).flatMap((e) => (e.kind === "read" ? e.tensor : [])));
  return { ...spec, results, tensors: spec.tensors.filter((t) => read.has(t.name)) };
};
