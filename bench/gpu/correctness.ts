/** Runs the kernels of the language reference at ragged sizes and compares them with the f64 meaning of their specs. */
import { accuracy } from "../../src/cli/accuracy.ts";
import type { Target } from "../../src/base/target.ts";
import { compile, type Compiled } from "../../src/compile.ts";
import { evalSize } from "../../src/base/size.ts";
import { createKernel, type TypedArray } from "../../src/runtime/index.ts";
import { LANGUAGE } from "../../test/numeric/cases.ts";
import { randomArray } from "../page/cases.ts";
import { reasonOf } from "../page/rounds.ts";
import { languageSources } from "../sources.ts";

export type Checked = {
  readonly kernel: string;
  readonly sizes: Readonly<Record<string, number>>;
  /** Features of the target, and element type. */
  readonly variant: string;
  readonly plan: string;
  readonly ok: boolean;
  /** Largest distance to f64, per output, and the largest that is allowed. */
  readonly errors: readonly { readonly output: string; readonly error: number; readonly allowed: number }[];
  /** Why it could not run. */
  readonly reason: string | null;
};

type Case = (typeof LANGUAGE)[number];
type Element = "f32" | "f16";

const sources = languageSources();

const compileCase = (c: Case, target: Target, element: Element): Compiled => {
  const dims = Object.fromEntries(c.known.map((n) => [n, c.sizes[n] ?? 0]));
  const { compiled, diagnostics } = compile(sources.kernels, {
    file: "language.tfx",
    kernel: c.kernel,
    dims,
    target,
    types: new RegExp(`kernel ${c.kernel}<T:`).test(sources.kernels) ? { T: element } : {},
    statics: c.statics ?? {},
    resolveImport: (path) => (path === "std/prelude" ? { file: "std/prelude.tfx", text: sources.prelude } : null),
  });
  const [one] = compiled;
  if (one === undefined) throw new Error(diagnostics.map((d) => `${d.code} ${d.message}`).join("; "));
  return one;
};

/** Inputs as plain numbers, rounded to what their tensors store. */
const inputsOf = ({ artifact }: Compiled, c: Case): Record<string, readonly number[]> => {
  const tensors = artifact.tensors.filter((t) => t.role === "input");
  return Object.fromEntries(
    tensors.map((t, seed) => {
      const count = t.dims.reduce((n, d) => n * evalSize(d.extent, (s) => c.sizes[s] ?? 0), 1);
      const random = randomArray(count, seed + 1);
      let at = 0;
      const raw = Array.from(
        c.inputs?.(t.name, count, () => ((random[at++ % count] ?? 0) + 1) / 2) ?? random.map((x) => 2 * x),
      );
      return [
        t.name,
        raw.map((x) => (t.dtype === "f16" ? Math.f16round(x) : t.dtype === "f32" ? Math.fround(x) : Math.trunc(x))),
      ];
    }),
  );
};

const typed = (dtype: string, values: readonly number[]): TypedArray => {
  if (dtype === "f32") return Float32Array.from(values);
  if (dtype === "f16") return new Uint16Array(new Float16Array(values).buffer);
  return dtype === "u32" ? Uint32Array.from(values) : Int32Array.from(values);
};

const numbers = (dtype: string, data: unknown): ArrayLike<number> =>
  dtype === "f16" && data instanceof Uint16Array
    ? new Float16Array(data.buffer, data.byteOffset, data.length)
    : (data as ArrayLike<number>);

const checkOne = async (
  device: GPUDevice,
  c: Case,
  target: Target,
  element: Element,
  variant: string,
): Promise<Checked | null> => {
  const base = { kernel: c.kernel, sizes: c.sizes, variant };
  try {
    const compiled = compileCase(c, target, element);
    const { tensors, plan } = compiled.artifact;
    if (element === "f16" && !tensors.some((t) => t.dtype === "f16")) return null;
    const values = inputsOf(compiled, c);
    const inputs = Object.fromEntries(
      tensors.filter((t) => t.role === "input").map((t) => [t.name, typed(t.dtype, values[t.name] ?? [])]),
    );
    const kernel = await createKernel(device, compiled.artifact);
    const { outputs } = await kernel.run({ inputs, sizes: c.sizes, scalars: c.scalars ?? {} });
    const found = Object.fromEntries(
      tensors.filter((t) => t.role === "output").map((t) => [t.name, numbers(t.dtype, outputs[t.name])]),
    );
    const all = accuracy(
      { spec: compiled.spec, types: { T: element } },
      { sizes: c.sizes, tensors: values, scalars: c.scalars ?? {}, statics: c.statics ?? {} },
      found,
    );
    const errors = all.map(({ output, error, allowed }) => ({ output, error, allowed }));
    return { ...base, plan, ok: all.every((a) => a.ok), errors, reason: null };
  } catch (e) {
    return { ...base, plan: "", ok: false, errors: [], reason: reasonOf(e) };
  }
};

/** Every kernel for the adapter's target, without subgroups, and both with half floats where the adapter has them. */
export const checkLanguage = async (
  device: GPUDevice,
  target: Target,
  say: (line: string) => void,
): Promise<readonly Checked[]> => {
  const bare: Target = { ...target, subgroups: null };
  const targets: readonly (readonly [string, Target])[] =
    target.subgroups === null
      ? [["no subgroups", bare]]
      : [
          ["subgroups", target],
          ["no subgroups", bare],
        ];
  const results: Checked[] = [];
  for (const c of LANGUAGE)
    for (const [name, t] of targets)
      for (const element of t.f16 ? (["f32", "f16"] as const) : (["f32"] as const)) {
        const one = await checkOne(device, c, t, element, `${name}, ${element}`);
        if (one === null) continue;
        results.push(one);
        const worst = one.errors
          .map((x) => `${x.output} ${x.error.toExponential(1)} of ${x.allowed.toExponential(1)}`)
          .join(", ");
        say(`${one.ok ? "ok  " : "FAIL"} ${c.kernel} (${one.variant}): ${one.reason ?? worst}`);
      }
  return results;
};
