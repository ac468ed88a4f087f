/** One program on a real WebGPU implementation. */
import type { Stack } from "../gpu/stacks.ts";
import { numbersOf } from "../numeric/harness.ts";
import { check32, compileOn, scalarsOf, type Meant, type Verdict } from "./levels.ts";

const typed = (
  dtype: string,
  values: ArrayLike<number>,
): Float32Array | Int32Array | Uint32Array | Uint8Array | Uint16Array => {
  switch (dtype) {
    case "f32":
      return Float32Array.from(values);
    case "f16":
      return new Uint16Array(Float16Array.from(values).buffer);
    case "u32":
      return Uint32Array.from(values);
    case "bool":
      return Uint8Array.from(values);
    default:
      return Int32Array.from(values);
  }
};

/** Compiles for the stack's device, runs there and compares. */
export const onStack = async (m: Meant, stack: Stack): Promise<Verdict> => {
  const where = stack.name;
  try {
    const compiled = compileOn(m, stack.target);
    if ("kind" in compiled) return compiled;
    const { tensors } = compiled.artifact;
    const inputs = Object.fromEntries(
      tensors.filter((t) => t.role === "input").map((t) => [t.name, typed(t.dtype, m.inputs.tensors[t.name] ?? [])]),
    );
    const outputs = await stack.run(compiled.artifact, inputs as never, m.program.sizes, scalarsOf(m));
    const found = Object.fromEntries(
      tensors.filter((t) => t.role === "output").map((t) => [t.name, numbersOf(t.dtype, outputs[t.name])]),
    );
    return check32(m, where, stack.target.f16, found) ?? { kind: "right" };
  } catch (e) {
    return { kind: "crashed", where, what: (e instanceof Error ? e.message : String(e)).slice(0, 300) };
  }
};
