/** `tfx grad FILE` and `tfx jvp FILE` */
import type { Spec } from "../../check/spec.ts";
import { gradient, type Gradient } from "../../grad/gradient.ts";
import { jvp } from "../../grad/jvp.ts";
import type { ExitCode } from "../errors.ts";
import { writeAll } from "../files.ts";
import { report, type Format } from "../report.ts";
import { loadSpecs, theOnly } from "../request.ts";
import { createSources } from "../sources.ts";

export type GradOptions = {
  readonly kernel?: string;
  readonly of?: string;
  readonly wrt?: string;
  readonly save?: string;
  readonly out?: string;
  readonly format: Format;
};

const names = (list: string | undefined): readonly string[] | undefined =>
  list
    ?.split(",")
    .map((x) => x.trim())
    .filter((x) => x !== "");

/** Prints the gradient of a kernel as a program, or writes it to `out`. */
export const grad = (file: string, options: GradOptions): Promise<ExitCode> =>
  printed(file, options, (spec) =>
    gradient(spec, {
      ...chosen(options),
      save: options.save === "auto" || options.save === "none" ? options.save : (names(options.save) ?? "none"),
    }),
  );

/** Prints the Jacobian-vector product of a kernel as a program, or writes it to `out`. */
export const forward = (file: string, options: GradOptions): Promise<ExitCode> =>
  printed(file, options, (spec) => jvp(spec, chosen(options)));

const chosen = (options: GradOptions): { readonly of?: readonly string[]; readonly wrt?: readonly string[] } => {
  const [of, wrt] = [names(options.of), names(options.wrt)];
  return { ...(of === undefined ? {} : { of }), ...(wrt === undefined ? {} : { wrt }) };
};

const printed = async (
  file: string,
  options: GradOptions,
  derive: (spec: Spec) => Promise<Gradient>,
): Promise<ExitCode> => {
  const sources = createSources();
  const specs = loadSpecs(file, options.kernel, sources, options.format);
  if (specs === null) return 1;
  const made = await derive(theOnly(specs, file));
  report(made.diagnostics, sources, options.format);
  if (!made.ok) return 1;
  if (options.out === undefined) process.stdout.write(made.text);
  else writeAll([{ path: options.out, content: made.text }]);
  return 0;
};
