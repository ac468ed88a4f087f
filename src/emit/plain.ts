/** `tfx compile --emit ts`: a kernel as a TypeScript module that needs WebGPU and nothing else. */
import type { Artifact, DispatchInfo, ScalarExpr, TensorInfo } from "../codegen/artifact.ts";
import type { SizeExpr } from "../base/size.ts";
import { namesIn, scalarFormula, sizeFormula } from "./formula.ts";
import { typeName } from "./names.ts";
import {
  comment,
  inputType,
  objectType,
  outputType,
  scalarMembers,
  sizeMembers,
  tensorMembers,
  tensorsOf,
  tensorText,
} from "./types.ts";

const BITS: Readonly<Record<TensorInfo["dtype"], number>> = {
  f32: 32,
  f16: 16,
  i32: 32,
  u32: 32,
  bool: 32,
  i8: 8,
  u8: 8,
  i4: 4,
  u4: 4,
};

/** A text as a template literal. */
const literal = (text: string): string => `\`${text.replace(/[\\`]|\$\{/g, "\\$&")}\``;

const countOf = (t: TensorInfo): SizeExpr =>
  t.dims.reduce<SizeExpr>((n, d) => (n === 1 ? d.extent : ["*", n, d.extent]), 1);

/** Bytes of the elements. */
const dataFormula = (t: TensorInfo): string => {
  const count = sizeFormula(countOf(t));
  const bits = BITS[t.dtype];
  return bits === 4 ? `Math.ceil(${count} / 2)` : bits === 8 ? count : `${count} * ${bits / 8}`;
};

/** Bytes of a tensor's buffer: whole words, whole vectors, never empty. */
const bytesFormula = (t: TensorInfo): string => {
  const unit = Math.max(4, (t.dtype === "f16" ? 2 : 4) * t.vector);
  return `roundUp(${dataFormula(t)}, ${unit})`;
};

/** Scalars after those that their defaults read. */
const inOrder = (scalars: Artifact["scalars"]): Artifact["scalars"] => {
  const out: Artifact["scalars"][number][] = [];
  let open = [...scalars];
  while (open.length > 0) {
    const waits = (init: ScalarExpr | null): boolean =>
      init !== null && namesIn(init).some((n) => open.some((s) => s.name === n));
    const ready = open.filter((s) => !waits(s.init));
    if (ready.length === 0) throw new Error("defaults of scalars read each other in a circle");
    out.push(...ready);
    open = open.filter((s) => !ready.includes(s));
  }
  return out;
};

const valuesText = (artifact: Artifact): string => {
  const all = [...Object.keys(artifact.constants), ...artifact.sizes, ...artifact.scalars.map((s) => s.name)];
  if (all.length === 0) return "const valuesOf = (_call: Values): {} => ({});\n";
  const lines = [
    ...Object.entries(artifact.constants).map(([name, value]) => `  v.${name} = ${value};\n`),
    ...artifact.sizes.map((name) => `  v.${name} = whole(${JSON.stringify(name)}, call.sizes.${name});\n`),
    ...inOrder(artifact.scalars).map((s) => {
      const given = `call.scalars${artifact.scalars.some((x) => x.init === null) ? "" : "?"}.${s.name}`;
      return `  v.${s.name} = Number(${s.init === null ? given : `${given} ?? ${scalarFormula(s.init)}`});\n`;
    }),
  ];
  const type = `{ ${all.map((name) => `${name}: number`).join("; ")} }`;
  const whole = artifact.sizes.length > 0;
  return `${
    whole
      ? `const whole = (name: string, value: number): number => {
  if (!(value >= 0 && Number.isInteger(value))) throw new Error(\`the size \${name} is \${value}: not a whole number >= 0\`);
  return value;
};
`
      : ""
  }const valuesOf = (${whole || artifact.scalars.length > 0 ? "call" : "_call"}: Values): ${type} => {
  const v = {} as ${type};
${lines.join("")}  return v;
};
`;
};

const uniformText = (artifact: Artifact): string =>
  artifact.uniformBytes === 0
    ? ""
    : `
  const uniforms = (call: Values): GPUBuffer => {
    const v = valuesOf(call);
    const buffer = device.createBuffer({ size: ${artifact.uniformBytes}, usage: 64, label: "params", mappedAtCreation: true });
    const data = new DataView(buffer.getMappedRange());
${artifact.uniforms
  .map(
    ({ name, type, offset }) => `    data.set${type === "f32" ? "Float32" : "Uint32"}(${offset}, v.${name}, true);\n`,
  )
  .join("")}    buffer.unmap();
    return buffer;
  };
`;

const dispatchText = (artifact: Artifact, d: DispatchInfo, n: number): string => {
  const nameOf = (binding: number): string => artifact.tensors.find((t) => t.binding === binding)?.name ?? "";
  const entries = d.bindings.map(
    (binding) =>
      `{ binding: ${binding}, resource: { buffer: ${binding === 0 ? "params" : `buffers.${nameOf(binding)}`} } }`,
  );
  return `    dispatch(pass, ${n}, ${sizeFormula(d.groups)}, [${entries.length === 0 ? "" : `\n      ${entries.join(",\n      ")},\n    `}]);\n`;
};

const arrayMake = (t: TensorInfo): string => {
  const bytes = `bytes.slice(0, ${dataFormula(t)})`;
  switch (t.dtype) {
    case "bool":
      return `Uint8Array.from(new Uint32Array(${bytes}), (x) => (x === 0 ? 0 : 1))`;
    case "f16":
      return `typeof Float16Array === "undefined" ? new Uint16Array(${bytes}) : new Float16Array(${bytes})`;
    case "f32":
    case "i32":
    case "u32":
    case "i8":
    case "u8":
    case "i4":
    case "u4":
      return `new ${outputType(t)}(${bytes})`;
  }
};

const flat = (t: TensorInfo): string =>
  t.dtype === "bool"
    ? `Uint32Array.from(inputs.${t.name} as ArrayLike<unknown>, (x) => (x ? 1 : 0))`
    : `inputs.${t.name}`;

const runText = (artifact: Artifact): string => {
  const inputs = tensorsOf(artifact, "input");
  const outputs = tensorsOf(artifact, "output");
  const usesValues = [...inputs, ...outputs].some((t) => typeof countOf(t) !== "number");
  return `
  const run = async (call: Call): Promise<Outputs> => {
    const { inputs } = call;
    const bytes = byteLengths(call);
${usesValues ? "    const v = valuesOf(call);\n" : ""}    const made: GPUBuffer[] = [];
    const keep = (buffer: GPUBuffer): GPUBuffer => {
      made.push(buffer);
      return buffer;
    };
    const upload = (name: string, data: ArrayBufferView, size: number, need: number): GPUBuffer => {
      if (data.byteLength < need || data.byteLength > size)
        throw new Error(\`\${name} has \${data.byteLength} bytes, but \${need} are needed\`);
      const buffer = keep(device.createBuffer({ size, usage: 128, label: name, mappedAtCreation: true }));
      new Uint8Array(buffer.getMappedRange()).set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
      buffer.unmap();
      return buffer;
    };
    try {
      const buffers: Buffers = {
${inputs
  .map((t) => `        ${t.name}: upload("${t.name}", ${flat(t)}, bytes.${t.name}, ${dataFormula(t)}),\n`)
  .join("")}${outputs
    .map(
      (t) =>
        `        ${t.name}: keep(device.createBuffer({ size: bytes.${t.name}, usage: 132, label: "${t.name}" })),\n`,
    )
    .join("")}      };
      const encoder = device.createCommandEncoder();
      const pass = encoder.beginComputePass();
      const release = encode(pass, { ...call, buffers });
      pass.end();
      const read = (name: keyof Outputs): GPUBuffer => {
        const staging = keep(device.createBuffer({ size: bytes[name], usage: 9 }));
        encoder.copyBufferToBuffer(buffers[name], 0, staging, 0, bytes[name]);
        return staging;
      };
      const staged = { ${outputs.map((t) => `${t.name}: read("${t.name}")`).join(", ")} };
      device.queue.submit([encoder.finish()]);
      await Promise.all(Object.values(staged).map((b) => b.mapAsync(1)));
      release();
      const array = <T>(buffer: GPUBuffer, make: (bytes: ArrayBuffer) => T): T => make(buffer.getMappedRange());
      return {
${outputs.map((t) => `        ${t.name}: array(staged.${t.name}, (bytes) => ${arrayMake(t)}),\n`).join("")}      };
    } finally {
      for (const b of made) b.destroy();
    }
  };
`;
};

/** The module's text. `source`: the name of the file that it is made from. */
export const plainModule = (artifact: Artifact, source: string): string => {
  const type = `${typeName(artifact.kernel)}Kernel`;
  const callers = artifact.tensors.filter((t) => t.role !== "scratch");
  const scratch = tensorsOf(artifact, "scratch");
  const scalarsNeeded = artifact.scalars.some((s) => s.init === null);
  const { features, limits } = artifact.requires;
  const callFields = [
    artifact.sizes.length > 0 ? "readonly sizes: Sizes" : "",
    artifact.scalars.length > 0 ? `readonly scalars${scalarsNeeded ? "" : "?"}: Scalars` : "",
  ].filter((f) => f !== "");
  const values = `{ ${callFields.join("; ")} }`.replace("{  }", "{}");
  const needsV = [...callers, ...scratch].some((t) => typeof countOf(t) !== "number");
  const groupsNeedV = artifact.dispatches.some((d) => typeof d.groups !== "number");
  return `// Written by \`tfx compile --emit ts\` from ${source.replace(/\s/g, " ")}, for the target ${artifact.target}. It needs WebGPU and nothing else.
// ${artifact.plan.replaceAll("\n", " ")}

${artifact.sizes.length === 0 ? "" : `/** Sizes that are known when the kernel runs. */\nexport type Sizes = ${objectType(sizeMembers(artifact), "")};\n\n`}${
    artifact.scalars.length === 0 ? "" : `export type Scalars = ${objectType(scalarMembers(artifact), "")};\n\n`
  }export type Inputs = ${objectType(tensorMembers(tensorsOf(artifact, "input"), inputType), "")};

export type Outputs = ${objectType(tensorMembers(tensorsOf(artifact, "output"), outputType), "")};

/** Storage buffers of the caller, at least \`byteLengths\` long. */
export type Buffers = ${objectType(
    tensorMembers(callers, () => "GPUBuffer"),
    "",
  )};

type Values = ${values};
/** One call on arrays. */
export type Call = Values & { readonly inputs: Inputs };
/** One call on buffers. */
export type Encode = Values & { readonly buffers: Buffers };

export type ${type} = {
  /** Uploads, runs, and reads back. */
  readonly run: (call: Call) => Promise<Outputs>;
  /** Adds the kernel to a pass; call what it returns after \`queue.submit\`, it frees what the call needed besides. */
  readonly encode: (pass: GPUComputePassEncoder, call: Encode) => () => void;
};

/** What the device must be asked for. */
export const required: { readonly requiredFeatures: GPUFeatureName[]; readonly requiredLimits: Record<string, number> } = {
  requiredFeatures: ${JSON.stringify(features)},
  requiredLimits: ${JSON.stringify(limits)},
};

${valuesText(artifact)}
const roundUp = (bytes: number, unit: number): number => Math.max(unit, Math.ceil(bytes / unit) * unit);

/** Bytes of the buffers of a call. */
export const byteLengths = (${needsV ? "call" : "_call"}: Values): Readonly<Record<keyof Buffers${scratch.map((t) => ` | "${t.name}"`).join("")}, number>> => {
${needsV ? "  const v = valuesOf(call);\n" : ""}  return {
${[...callers, ...scratch].map((t) => `    // ${tensorText(t)}\n    ${t.name}: ${bytesFormula(t)},\n`).join("")}  };
};

${comment([artifact.doc, "Rejects when the device does not take the shader."].filter((l) => l !== "").join("\n\n"))}export const create${typeName(artifact.kernel)} = async (device: GPUDevice): Promise<${type}> => {
  const module = device.createShaderModule({ code: wgsl, label: "${artifact.kernel}" });
  const pipelines = await Promise.all(
    ${JSON.stringify(artifact.dispatches.map((d) => d.entryPoint))}.map((entryPoint) =>
      device.createComputePipelineAsync({ layout: "auto", compute: { module, entryPoint }, label: entryPoint }),
    ),
  );

  const dispatch = (pass: GPUComputePassEncoder, n: number, groups: number, entries: GPUBindGroupEntry[]): void => {
    const pipeline = pipelines[n];
    if (pipeline === undefined || !(groups > 0)) return;
    pass.setPipeline(pipeline);
    pass.setBindGroup(0, device.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries }));
    const x = Math.min(groups, 65535);
    pass.dispatchWorkgroups(x, Math.ceil(groups / x));
  };
${uniformText(artifact)}
  const encode = (pass: GPUComputePassEncoder, call: Encode): (() => void) => {
    const bytes = byteLengths(call);
    for (const name of ${JSON.stringify(callers.map((t) => t.name))} as const)
      if (!(call.buffers[name].size >= bytes[name]))
        throw new Error(\`\${name}: the buffer has \${call.buffers[name].size} bytes, but \${bytes[name]} are needed\`);
${groupsNeedV ? "    const v = valuesOf(call);\n" : ""}${artifact.uniformBytes === 0 ? "" : "    const params = uniforms(call);\n"}${
    scratch.length === 0
      ? "    const { buffers } = call;\n"
      : `    const scratch = {\n${scratch
          .map(
            (t) => `      ${t.name}: device.createBuffer({ size: bytes.${t.name}, usage: 128, label: "${t.name}" }),\n`,
          )
          .join("")}    };\n    const buffers = { ...call.buffers, ...scratch };\n`
  }${artifact.dispatches.map((d, n) => dispatchText(artifact, d, n)).join("")}    return () => {
${artifact.uniformBytes === 0 ? "" : "      params.destroy();\n"}${scratch.length === 0 ? "" : "      for (const b of Object.values(scratch)) b.destroy();\n"}    };
  };
${runText(artifact)}
  return { run, encode };
};

/** The shader, also in ${artifact.kernel}.wgsl. */
export const wgsl: string = ${literal(artifact.wgsl)};
`;
};
