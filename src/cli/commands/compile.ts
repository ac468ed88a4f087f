/** `tfx compile FILE` */
import { basename, dirname, join } from "node:path";
import { compile as compileText } from "../../compile.ts";
import { TARGETS, BASELINE } from "../../base/target.ts";
import { declarations } from "../../emit/module.ts";
import { plainModule } from "../../emit/plain.ts";
import type { Artifact } from "../../codegen/artifact.ts";
import type { ExitCode } from "../errors.ts";
import { writeAll } from "../files.ts";
import { numbers, sizes, strings, type Pairs } from "../options.ts";
import { report, type Format } from "../report.ts";
import { choose, loadSpecs } from "../request.ts";
import { createSources } from "../sources.ts";

export type CompileOptions = {
  readonly kernel?: string;
  readonly dim?: Pairs;
  readonly static?: Pairs;
  readonly type?: Pairs;
  readonly target: string;
  readonly out: string;
  readonly emit: "json" | "ts" | "dts";
  readonly format: Format;
  readonly verify?: boolean;
};

/** All of an artifact but its text; the source map, which is for tools, on one line. */
const jsonOf = (artifact: Artifact): string => {
  const { sourceMap, ...rest } = { ...artifact, wgsl: undefined };
  return `${JSON.stringify(rest, null, 2).replace(/\n\}$/, "")},\n  "sourceMap": ${JSON.stringify(sourceMap)}\n}\n`;
};

/** Writes `NAME.wgsl` and `NAME.json` (or `NAME.ts`) for the kernel named, or for each kernel of the file; all of them or none. */
export const compile = (file: string, options: CompileOptions): ExitCode => {
  const sources = createSources();
  const specs = loadSpecs(file, options.kernel, sources, options.format);
  if (specs === null) return 1;
  const files = [];
  const artifacts: Artifact[] = [];
  let errors = 0;
  for (const spec of specs) {
    const choice = choose(spec, sizes(options.dim), numbers(options.static), strings(options.type));
    const target = TARGETS[options.target] ?? BASELINE;
    const { resolveImport } = sources;
    const result = compileText(sources.read(file), {
      file,
      kernel: spec.name,
      ...choice,
      target,
      resolveImport,
      verify: options.verify === true,
    });
    errors += report(result.diagnostics, sources, options.format);
    artifacts.push(...result.artifacts);
    for (const artifact of result.artifacts) {
      const path = join(options.out, artifact.kernel);
      const beside =
        options.emit === "ts"
          ? { path: `${path}.ts`, content: plainModule(artifact, basename(file)) }
          : { path: `${path}.json`, content: jsonOf(artifact) };
      files.push({ path: `${path}.wgsl`, content: artifact.wgsl }, beside);
    }
  }
  if (errors > 0) return 1;
  if (options.emit === "dts") {
    const path = join(
      options.out === "." ? dirname(file) : options.out,
      basename(file).replace(/(\.tfx)?$/, ".d.tfx.ts"),
    );
    files.splice(0, files.length, { path, content: declarations(artifacts) });
  }
  writeAll(files);
  for (const { path } of files) console.log(path);
  return 0;
};
