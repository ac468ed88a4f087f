/** Compiling for a report: sizes that the plan must know and that nobody gave are made up, and said. */
import type { Spec } from "../check/spec.ts";
import type { Target } from "../base/target.ts";
import { compile, type CompileOptions, type CompileResult } from "../compile.ts";
import type { Choice } from "./request.ts";
import type { SourceStore } from "./sources.ts";

/** Is told of a pass as it ends. */
export type OnPass = NonNullable<CompileOptions["onPass"]>;

export type Planned = CompileResult & { readonly madeUp: Readonly<Record<string, number>> };

/** What a size that must be known is taken for. */
const EXAMPLE = 64;
const SIZE_NEEDED = "TFX4002";

/** Compiles with the sizes given, and with 64 for each size of `names` that a diagnostic asks for. */
export const withSizesMadeUp = (
  names: readonly string[],
  given: Readonly<Record<string, number>>,
  compileAt: (dims: Readonly<Record<string, number>>) => CompileResult,
): Planned => {
  const madeUp: Record<string, number> = {};
  for (;;) {
    const result = compileAt({ ...given, ...madeUp });
    const asked = result.diagnostics
      .filter((d) => d.code === SIZE_NEEDED)
      .flatMap((d) => names.filter((s) => new RegExp(`--dim ${s}=`).test(d.help ?? "")))
      .filter((s) => !(s in madeUp) && !(s in given));
    if (asked.length === 0) return { ...result, madeUp };
    for (const name of asked) madeUp[name] = EXAMPLE;
  }
};

/** The pass behind which no size is asked for. */
const PLANNED = "kernels";

/** Runs a compilation; `onPass` hears of its passes as they end, but of none of an attempt that ends in asking for sizes. */
const heard = (onPass: OnPass, run: (onPass: OnPass) => CompileResult): CompileResult => {
  let held: (() => void)[] | null = [];
  const release = (): void => {
    held?.forEach((tell) => tell());
    held = null;
  };
  try {
    const result = run((name, levels) => {
      if (name === PLANNED) release();
      if (held === null) onPass(name, levels);
      else held.push(() => onPass(name, levels));
    });
    if (!result.diagnostics.some((d) => d.code === SIZE_NEEDED)) release();
    return result;
  } catch (e) {
    release();
    throw e;
  }
};

/** Compiles one kernel of a file, sizes that it must know and that nobody gave made up. */
export const planWith = (
  file: string,
  spec: Spec,
  choice: Choice,
  target: Target,
  sources: SourceStore,
  { verify = false, onPass = () => {} }: { readonly verify?: boolean | undefined; readonly onPass?: OnPass } = {},
): Planned => {
  const text = sources.read(file);
  const { resolveImport } = sources;
  return withSizesMadeUp(spec.sizes, choice.dims, (dims) =>
    heard(onPass, (told) =>
      compile(text, { file, kernel: spec.name, ...choice, dims, target, resolveImport, verify, onPass: told }),
    ),
  );
};
