/** `tfx grad FILE` */
import { gradient } from "../../grad/gradient.ts";
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
export const grad = async (file: string, options: GradOptions): Promise<ExitCode> => {
  const sources = createSources();
  const specs = loadSpecs(file, options.kernel, sources, options.format);
  if (specs === null) return 1;
  const [of, wrt] = [names(options.of), names(options.wrt)];
  const made = await gradient(theOnly(specs, file), {
    ...(of === undefined ? {} : { of }),
    ...(wrt === undefined ? {} : { wrt }),
    save: options.save === "auto" || options.save === "none" ? options.save : (names(options.save) ?? "none"),
  });
  report(made.diagnostics, sources, options.format);
  if (!made.ok) return 1;
  if (options.out === undefined) process.stdout.write(made.text);
  else writeAll([{ path: options.out, content: made.text }]);
  return 0;
};
