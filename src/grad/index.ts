/** `tfx-lang/grad`: gradients of kernels as texts. */
import type { Diagnostic } from "../base/diagnostic.ts";
import { checkProgram, type ResolveImport } from "../check/check.ts";
import { parseProgram } from "../parser/parse.ts";
import type { Spec } from "../check/spec.ts";
import { gradient, type Gradient, type GradientOptions } from "./gradient.ts";
import { jvp } from "./jvp.ts";
import { message } from "./refuse.ts";

export type { Gradient, GradientOptions, Save } from "./gradient.ts";

export type GradientOfOptions = GradientOptions & {
  /** The name of the file in messages, and what its imports are relative to. */
  readonly file: string;
  /** The kernel; may be left out when the text has one. */
  readonly kernel?: string;
  readonly resolveImport: ResolveImport;
};

/**
 * The gradient of a kernel of a `.tfx` text, as another `.tfx` text. Never throws for a bad text: problems are diagnostics, the first of
 * several kernels is taken where none is named.
 */
export const gradientOf = (text: string, options: GradientOfOptions): Promise<Gradient> =>
  derivedOf(text, options, (spec) => gradient(spec, options));

/** The same for the Jacobian-vector product: results, and how they move when parameters do. */
export const jvpOf = (text: string, options: Omit<GradientOfOptions, "save">): Promise<Gradient> =>
  derivedOf(text, options, (spec) => jvp(spec, options));

const derivedOf = async (
  text: string,
  { file, kernel, resolveImport }: GradientOfOptions,
  derive: (spec: Spec) => Promise<Gradient>,
): Promise<Gradient> => {
  const { program, diagnostics } = parseProgram(text, file);
  const only = kernel === undefined ? {} : { only: kernel };
  const checked = checkProgram(program, file, { resolveImport, text, ...only });
  const errors: readonly Diagnostic[] = [...diagnostics, ...checked.diagnostics].filter((d) => d.severity === "error");
  const [spec] = checked.specs;
  if (errors.length > 0) return { ok: false, diagnostics: errors };
  if (spec === undefined)
    return { ok: false, diagnostics: [message("TFX7002", { file, start: 0, end: 0 }, "the text has no kernel")] };
  return derive(spec);
};
