/** A fixture as an artifact, and its numbers by the evaluator and by real WebGPU. */
import type { Artifact } from "../../src/codegen/artifact.ts";
import { artifactFromTile } from "../../src/codegen/artifact-from-tile.ts";
import { WGSL } from "../../src/codegen/wgsl/backend.ts";
import type { Target } from "../../src/base/target.ts";
import { evaluateTile, type EvalOptions, type EvalResult } from "../../src/ir/tile/eval.ts";
import type { Buffer } from "../../src/ir/tile/tile.ts";
import type { Stack, Tensors } from "../gpu/stacks.ts";
import type { Fixture } from "./fixtures.ts";

type Numbers = Float32Array | Uint16Array | Int32Array | Uint32Array | Uint8Array | Float16Array;

/** Read-only buffers are inputs, the others outputs; sizes are constants of the shapes. */
export const artifactOf = (f: Fixture, target: Target = f.target): Artifact =>
  artifactFromTile(WGSL.write(f.program, target), {
    program: f.program,
    target: target.name,
    kernel: f.program.name,
    doc: f.program.doc,
    tensors: f.program.storage.map((b) => ({
      name: b.name,
      role: b.access === "read" ? "input" : "output",
      dtype: b.type.elem,
      dims: [{ axes: ["i"], extent: f.lengths[b.name] ?? 0 }],
    })),
    sizes: Object.keys(f.sizes),
    constants: {},
    scalars: Object.keys(f.uniforms)
      .filter((name) => !(name in f.sizes))
      .map((name) => ({ name, type: "f32", init: null })),
    plan: "",
  });

const typed = (b: Buffer, values: readonly number[]): Numbers => {
  switch (b.type.elem) {
    case "f32":
      return Float32Array.from(values);
    case "f16":
      return Float16Array.from(values);
    case "i32":
      return Int32Array.from(values);
    case "u32":
      return Uint32Array.from(values);
    case "bool":
      return Uint8Array.from(values);
  }
};

export const initial = (f: Fixture, name: string): readonly number[] =>
  Array.from({ length: f.lengths[name] ?? 0 }, (_, i) => f.data[name]?.(i) ?? 0);

export const evaluate = (f: Fixture, options: Partial<EvalOptions> = {}): EvalResult =>
  evaluateTile(f.program, {
    sizes: f.sizes,
    uniforms: f.uniforms,
    buffers: Object.fromEntries(f.program.storage.map((b) => [b.name, initial(f, b.name)])),
    ...options,
  });

/** Outputs of the fixture on a stack. */
export const runOn = (f: Fixture, stack: Stack): Promise<Tensors> => {
  const inputs = Object.fromEntries(
    f.program.storage.filter((b) => b.access === "read").map((b) => [b.name, typed(b, initial(f, b.name))]),
  );
  const scalars = Object.fromEntries(Object.entries(f.uniforms).filter(([name]) => !(name in f.sizes)));
  return stack.run(artifactOf(f, { ...f.target, dialect: stack.target.dialect }), inputs, f.sizes, scalars);
};
