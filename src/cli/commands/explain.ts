/** `tfx explain FILE` and `tfx explain TFX2103` */
import { CHECK_CODES } from "../../check/codes.ts";
import { compile } from "../../compile.ts";
import { TARGETS, BASELINE } from "../../codegen/target.ts";
import type { Artifact } from "../../codegen/artifact.ts";
import { printSize } from "../../ir/scalar/size.ts";
import { CODES } from "../../source/codes.ts";
import { UsageError, type ExitCode } from "../errors.ts";
import { numbers, sizes, strings } from "../options.ts";
import { report } from "../report.ts";
import { checkNames, choose, loadSpecs } from "../request.ts";
import { createSources } from "../sources.ts";
import type { CompileOptions } from "./compile.ts";

/** What can be read off an artifact: plan, bindings, dispatches. */
const describeArtifact = (artifact: Artifact): string =>
  [
    `${artifact.kernel}: ${artifact.plan}`,
    ...artifact.tensors.map(({ binding, role, name, dtype, dims }) => {
      return `  binding ${binding}: ${role} ${name}: ${dtype}[${dims.map((dim) => printSize(dim.extent)).join(", ")}]`;
    }),
    ...artifact.dispatches.map(({ entryPoint, groups, workgroupSize, workgroupBytes }) => {
      return `  ${entryPoint}: ${printSize(groups)} workgroups of ${workgroupSize}, ${workgroupBytes} bytes of workgroup storage`;
    }),
  ].join("\n");

const explainCode = (code: string): ExitCode => {
  const codes = { ...CODES, ...CHECK_CODES };
  const entry = codes[code.toUpperCase()];
  if (entry === undefined) {
    checkNames("explain", [code], Object.keys(codes), "codes");
    throw new UsageError(`no code ${code}`);
  }
  console.log(`${code.toUpperCase()}: ${entry.title}\n\n${entry.explain}`);
  return 0;
};

/** Prints how a kernel is computed and why so; for a message's code, what it means. */
export const explain = (file: string, options: Omit<CompileOptions, "out">): ExitCode => {
  if (/^TFX\d+$/i.test(file)) return explainCode(file);
  const sources = createSources();
  const specs = loadSpecs(file, options.kernel, sources, options.format);
  if (specs === null) return 1;
  let errors = 0;
  for (const spec of specs) {
    const choice = choose(spec, sizes(options.dim), numbers(options.static), strings(options.type));
    const target = TARGETS[options.target] ?? BASELINE;
    const { resolveImport } = sources;
    const result = compile(sources.read(file), { file, kernel: spec.name, ...choice, target, resolveImport });
    errors += report(result.diagnostics, sources, options.format);
    for (const { artifact } of result.compiled) console.log(describeArtifact(artifact));
  }
  return errors === 0 ? 0 : 1;
};
