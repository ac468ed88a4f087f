/** What `import … from "./x.tfx?grad"` stands for: of each kernel a factory of the forward and one of the backward kernel, and its types. */
import type { Artifact } from "../codegen/artifact.ts";
import { factory, factoryHead, typeHead } from "./module.ts";
import { bindingName } from "./names.ts";
import { comment, signatureType } from "./types.ts";

/** A kernel's gradient: results and what is saved of them, and what takes both with cotangents and gives gradients. */
export type Pair = {
  readonly name: string;
  readonly doc: string;
  /** Results of the forward kernel that the backward one takes. */
  readonly saved: readonly string[];
  readonly forward: Artifact;
  readonly backward: Artifact;
};

const docOf = ({ name, doc, saved }: Pair): string =>
  [
    doc,
    `\`${name}\` with its gradient. The backward kernel takes of the forward one: ${saved.join(", ") || "nothing"}.`,
  ]
    .filter((t) => t !== "")
    .join("\n\n");

const exported = (pairs: readonly Pair[], declare: (p: Pair, name: string) => string): string =>
  pairs
    .map((p) => {
      const name = bindingName(p.name);
      return name === p.name
        ? `${comment(docOf(p))}export ${declare(p, name)}`
        : `${comment(docOf(p))}${declare(p, name)}export { ${name} as ${p.name} };\n`;
    })
    .join("\n");

/** The module's JavaScript. */
export const pairModule = (pairs: readonly Pair[]): string =>
  factoryHead +
  exported(pairs, (p, name) => {
    const parts = `forward: ${factory(p.forward)}, backward: ${factory(p.backward)}, saved: ${JSON.stringify(p.saved)}`;
    return `const ${name} = /* @__PURE__ */ Object.freeze({ ${parts} });\n`;
  });

/** The module's types, for files whose path ends with `file`: `a.tfx?grad`. */
export const pairDeclarations = (pairs: readonly Pair[], file: string): string => {
  const body = exported(pairs, (p, name) => {
    const types = [p.forward, p.backward].map((a) => `KernelFactory<${signatureType(a)}>`);
    const saved = p.saved.map((s) => JSON.stringify(s)).join(", ");
    return `const ${name}: {\n  readonly forward: ${types[0]};\n  readonly backward: ${types[1]};\n  readonly saved: readonly [${saved}];\n};\n`;
  });
  return `declare module ${JSON.stringify(`*/${file}`)} {\n${typeHead}${body}}\n`;
};
