/** What `import … from "./x.tfx"` stands for: a module of factories, and its types. */
import type { Artifact } from "../codegen/artifact.ts";
import { bindingName } from "./names.ts";
import { comment, signatureType } from "./types.ts";

const RUNTIME = JSON.stringify("tfx-lang/runtime");

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

/** JSON as an expression: what JSON allows and old JavaScript does not is escaped. */
const json = (value: unknown): string =>
  JSON.stringify(value).replace(/[\u2028\u2029]/g, (c) => (c === "\u2028" ? "\\u2028" : "\\u2029"));

/** What a module of factories begins with. */
export const factoryHead =
  `import { createKernel } from ${RUNTIME};\n\n` +
  `const factory = (artifact) => Object.assign((device, options) => createKernel(device, artifact, options), { artifact });\n\n`;

/** The factory of an artifact, under that head. */
export const factory = (a: Artifact): string => `factory(${json(a)})`;

/** What declarations of factories begin with. */
export const typeHead = `// Written by tfx.\nimport type { KernelFactory } from ${RUNTIME};\n\n`;

/** The module's JavaScript. */
export const factoryModule = (artifacts: readonly Artifact[]): string =>
  factoryHead + exported(artifacts, (a, name) => `const ${name} = /* @__PURE__ */ ${factory(a)};\n`);

/** The module's types: the text of `x.d.tfx.ts`. */
export const declarations = (artifacts: readonly Artifact[]): string =>
  typeHead + exported(artifacts, (a, name) => `declare const ${name}: KernelFactory<${signatureType(a)}>;\n`);
