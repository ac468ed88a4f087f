/** What TypeScript knows of a kernel, from its artifact: the one emitter of types, for declarations and for plain modules. */
import type { Artifact, TensorInfo } from "../codegen/artifact.ts";
import { printSize } from "../base/size.ts";

type Dtype = TensorInfo["dtype"];

/** Arrays that hold each element type; the first is what results come as. The runtime accepts the same. */
const ARRAYS: Readonly<Record<Dtype, readonly [string, ...string[]]>> = {
  f32: ["Float32Array"],
  f16: ["Float16Array", "Uint16Array"],
  i32: ["Int32Array"],
  u32: ["Uint32Array"],
  bool: ["Uint8Array", "Uint32Array", "readonly boolean[]"],
  i8: ["Int8Array", "Uint8Array", "Uint32Array", "Int32Array"],
  u8: ["Uint8Array", "Uint32Array", "Int32Array"],
  i4: ["Uint8Array", "Int8Array", "Uint32Array", "Int32Array"],
  u4: ["Uint8Array", "Int8Array", "Uint32Array", "Int32Array"],
};

/** The type of an array that is given for a tensor. */
export const inputType = (t: TensorInfo): string => ARRAYS[t.dtype].join(" | ");
/** The type of the array that a result comes as. */
export const outputType = (t: TensorInfo): string => (t.dtype === "f16" ? inputType(t) : ARRAYS[t.dtype][0]);

/** A tensor as its file declares it: `f32[b: B, i: N, d: 64]`. */
export const tensorText = (t: TensorInfo): string => {
  const dims = t.dims.map(
    (d) => `${d.axes.length === 1 ? d.axes[0] : `(${d.axes.join(" ")})`}: ${printSize(d.extent)}`,
  );
  return `${t.dtype}[${dims.join(", ")}]`;
};

/** A comment that no text ends early. */
export const comment = (text: string, indent = ""): string => {
  const lines = text.replaceAll("*/", "* /").split("\n");
  return lines.length === 1
    ? `${indent}/** ${lines[0]} */\n`
    : `${indent}/**\n${lines.map((l) => `${indent} * ${l}`.trimEnd()).join("\n")}\n${indent} */\n`;
};

/** The tensors of one role. */
export const tensorsOf = (artifact: Artifact, role: TensorInfo["role"]): readonly TensorInfo[] =>
  artifact.tensors.filter((t) => t.role === role);

type Member = { readonly name: string; readonly doc: string; readonly type: string; readonly optional?: boolean };

/** An object type of one member a line. */
export const objectType = (members: readonly Member[], indent: string): string =>
  members.length === 0
    ? "{}"
    : `{\n${members
        .map(
          ({ name, doc, type, optional }) =>
            `${comment(doc, `${indent}  `)}${indent}  readonly ${name}${optional === true ? "?" : ""}: ${type};\n`,
        )
        .join("")}${indent}}`;

/** Members for tensors, `type` of each. */
export const tensorMembers = (tensors: readonly TensorInfo[], type: (t: TensorInfo) => string): readonly Member[] =>
  tensors.map((t) => ({ name: t.name, doc: `\`${tensorText(t)}\``, type: type(t) }));

/** Members for scalar parameters; those with a default may be left out. */
export const scalarMembers = (artifact: Artifact): readonly Member[] =>
  artifact.scalars.map((s) => ({
    name: s.name,
    doc: `\`${s.type}\`${s.init === null ? "" : ", has a default"}`,
    type: s.type === "bool" ? "boolean" : "number",
    optional: s.init !== null,
  }));

/** Which tensors say how large a size is. */
const sizeDoc = (artifact: Artifact, size: string): string => {
  const axes = artifact.tensors.flatMap((t) =>
    t.role === "scratch" ? [] : t.dims.flatMap((d) => (d.extent === size ? [`${d.axes.join(" ")} of ${t.name}`] : [])),
  );
  return axes.length === 0 ? "a size" : `axis ${axes.join(", ")}`;
};

/** Members for sizes that are known when the kernel runs. */
export const sizeMembers = (artifact: Artifact): readonly Member[] =>
  artifact.sizes.map((name) => ({ name, doc: sizeDoc(artifact, name), type: "number" }));

/** The shape of a tensor as a labelled tuple; sizes that were fixed are themselves. */
const shapeType = (t: TensorInfo): string =>
  `readonly [${t.dims.map((d) => `${d.axes.join("_")}: ${typeof d.extent === "number" ? d.extent : "number"}`).join(", ")}]`;

/** The signature of a kernel as a type: `KernelSignature` of tfx-lang/runtime with everything named. */
export const signatureType = (artifact: Artifact, indent = ""): string => {
  const inner = `${indent}  `;
  const inputs = tensorsOf(artifact, "input");
  const outputs = tensorsOf(artifact, "output");
  const shapes = [...inputs, ...outputs].map((t) => ({ name: t.name, type: shapeType(t) }));
  const named = (name: string, type: string): string => `${inner}${name}: ${type};\n`;
  return `{\n${[
    named("inputs", objectType(tensorMembers(inputs, inputType), inner)),
    named("outputs", objectType(tensorMembers(outputs, outputType), inner)),
    named("scalars", objectType(scalarMembers(artifact), inner)),
    named("sizes", objectType(sizeMembers(artifact), inner)),
    named("shapes", `{ ${shapes.map((s) => `readonly ${s.name}: ${s.type}`).join("; ")} }`),
  ].join("")}${indent}}`;
};
