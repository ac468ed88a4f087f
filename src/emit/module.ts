/** What `import … from "./x.tfx"` stands for: a module of factories, and its types. */
import type { Artifact } from "../codegen/artifact.ts";
import { bindingName } from "./names.ts";
import { comment, signatureType } from "./types.ts";

/** Declarations and their exports; `declare` writes what stands behind the name. */
const exported = (artifacts: readonly Artifact[], declare: (a: Artifact, name: string) => string): string =>
  artifacts
    .map((a) => {
      const name = bindingName(a.kernel);
      return name === a.kernel
        ? `${comment(docOf(a))}export ${declare(a, name)}`
        : `${comment(docOf(a))}${declare(a, name)}export { ${name} as ${a.kernel} };\n`;
    })
    .join("\n");

const docOf = (a: Artifact): string => [a.doc, a.plan].filter((t) => t !== "").join("\n\n");

/** The module's types: the text of `x.d.tfx.ts`. */
export const declarations = (artifacts: readonly Artifact[]): string =>
  `// Written by tfx.\nimport type { KernelFactory } from "tfx-lang/runtime";\n\n` +
  exported(artifacts, (a, name) => `declare const ${name}: KernelFactory<${signatureType(a)}>;\n`);
