/** A node against its operator's table: what it has by name, and everything that is wrong with it. */
import { hasErrors, type Diagnostic } from "../base/diagnostic.ts";
import { NO_SPAN } from "../base/span.ts";
import { didYouMean } from "../base/suggest.ts";
import { isRecord, show } from "../base/unknown.ts";
import type { OnnxTensorType } from "./node.ts";
import { NEWEST, OPERATORS, type Attribute, type Operator, type Parameter } from "./operators.ts";

/** A node that is right by itself; shapes are not compared yet. Collects what is found wrong later. */
export type Read = {
  readonly op: string;
  readonly opset: number;
  readonly attributes: ReadonlyMap<string, number | string>;
  readonly inputs: ReadonlyMap<string, OnnxTensorType>;
  /** Names of the outputs that somebody reads. */
  readonly wanted: ReadonlySet<string>;
  /** The positions that the names stand for. */
  readonly operator: Operator;
  readonly faults: Diagnostic[];
};

export const fault = (code: string, message: string, help: string | null = null): Diagnostic => ({
  code,
  severity: code === "TFX6106" ? "warning" : "error",
  message,
  primary: { span: NO_SPAN, text: "" },
  related: [],
  help,
});

const FLOATS = ["float32", "float16", "float64"];

const isShape = (x: unknown): boolean => Array.isArray(x) && x.every((n) => Number.isInteger(n) && n >= 0);

const formFault = (node: unknown): string | null => {
  if (!isRecord(node)) return `the node is ${show(node)}, not { op, opset, inputs }`;
  const { op, domain, opset, attributes, inputs, outputs } = node;
  if (typeof op !== "string") return `\`op\` is ${show(op)}, not the name of an operator`;
  if (domain !== undefined && typeof domain !== "string") return `\`domain\` is ${show(domain)}, not a name`;
  if (!Number.isInteger(opset)) return `\`opset\` is ${show(opset)}, not the version of an operator set`;
  if (attributes !== undefined && !isRecord(attributes)) return `\`attributes\` is ${show(attributes)}, not a record`;
  if (!Array.isArray(inputs)) return `\`inputs\` is ${show(inputs)}, not a list by position`;
  const odd = inputs.findIndex(
    (t) => t !== null && !(isRecord(t) && typeof t["type"] === "string" && isShape(t["shape"])),
  );
  if (odd >= 0) return `\`inputs[${odd}]\` is neither null nor { type, shape } with whole numbers`;
  if (outputs !== undefined && !(Array.isArray(outputs) && outputs.every((o) => typeof o === "boolean")))
    return "`outputs` is not a list of booleans by position";
  return null;
};

const domainOf = (domain: unknown): string => (domain === undefined || domain === "ai.onnx" ? "" : String(domain));

/** The operator, or why there is none. */
const operatorOf = (op: string, domain: string, opset: number): Operator | Diagnostic => {
  const found = Object.hasOwn(OPERATORS, op) ? OPERATORS[op] : undefined;
  const place = domain === "" ? "ai.onnx" : domain;
  if (found === undefined || found.domain !== domain)
    return fault(
      "TFX6101",
      `no kernel for the operator \`${op}\` of ${place}`,
      found === undefined ? didYouMean(op, Object.keys(OPERATORS)) : `\`${op}\` is of the domain "${found.domain}"`,
    );
  const newest = NEWEST[domain] ?? 0;
  if (opset < found.since)
    return fault("TFX6101", `\`${op}\` came with opset ${found.since}, the node is of opset ${opset}`);
  if (opset > newest)
    return fault("TFX6101", `opset ${opset} of ${place} is not known here; the newest that is known is ${newest}`);
  return found;
};

/** Why a value of an attribute is refused, or null. */
const valueFault = (value: unknown, { kind, values, min }: Attribute): string | null => {
  const ok = kind === "string" ? typeof value === "string" : typeof value === "number" && Number.isFinite(value);
  if (!ok || (kind === "int" && !Number.isInteger(value)))
    return `not ${{ int: "a whole number", float: "a number", string: "a text" }[kind]}`;
  if (values !== undefined && !values.some((v) => v === value)) return `kernels have ${values.map(show).join(", ")}`;
  return min !== undefined && Number(value) < min ? `it is at least ${min}` : null;
};

const readAttributes = (op: string, opset: number, operator: Operator, given: Readonly<Record<string, unknown>>) => {
  const faults: Diagnostic[] = [];
  const attributes = new Map<string, number | string>();
  const known = Object.entries(operator.attributes).filter(([, a]) => (a.since ?? 0) <= opset);
  for (const [name, value] of Object.entries(given)) {
    const why = operator.without?.[name];
    const attribute = known.find(([n]) => n === name)?.[1];
    if (why !== undefined)
      faults.push(fault("TFX6102", `the attribute \`${name}\` of \`${op}\` is not supported`, why));
    else if (attribute === undefined) {
      const later = Object.hasOwn(operator.attributes, name) ? operator.attributes[name]?.since : undefined;
      const names = known.map(([n]) => n);
      const help =
        later !== undefined
          ? `it came with opset ${later}, the node is of opset ${opset}`
          : (didYouMean(name, names) ?? `attributes: ${names.join(", ") || "none"}`);
      faults.push(fault("TFX6102", `\`${op}\` has no attribute \`${name}\``, help));
    } else {
      const odd = valueFault(value, attribute);
      if (odd !== null)
        faults.push(fault("TFX6103", `the attribute \`${name}\` of \`${op}\` is ${show(value)}: ${odd}`));
      else attributes.set(name, value as number | string);
    }
  }
  for (const [name, a] of known)
    if (a.required === true && !(name in given))
      faults.push(fault("TFX6103", `\`${op}\` needs the attribute \`${name}\``));
  return { attributes, faults };
};

/** Why an input of that type is refused; `letters`: what T and S stand for so far. */
const typeFault = (p: Parameter, type: string, letters: Map<string, string>): string | null => {
  if (p.types.some((t) => t === type)) return null;
  const letter = p.types.find((t) => t === "T" || t === "S");
  if (letter === undefined || !FLOATS.includes(type))
    return `it may be ${p.types.flatMap((t) => (t === "T" || t === "S" ? FLOATS : [t])).join(", ")}`;
  const bound = letters.get(letter) ?? type;
  letters.set(letter, bound);
  return bound === type ? null : `other inputs of the node are ${bound}`;
};

const readInputs = (op: string, opset: number, operator: Operator, given: readonly (OnnxTensorType | null)[]) => {
  const faults: Diagnostic[] = [];
  const inputs = new Map<string, OnnxTensorType>();
  const letters = new Map<string, string>();
  const known = operator.inputs.filter((p) => (p.since ?? 0) <= opset);
  given.slice(known.length).forEach((t, n) => {
    if (t !== null)
      faults.push(
        fault(
          "TFX6104",
          `\`${op}\` of opset ${opset} has ${known.length} inputs, none at position ${known.length + n}`,
        ),
      );
  });
  known.forEach((p, n) => {
    const t = given[n] ?? null;
    if (t === null) {
      if (p.optional !== true)
        faults.push(fault("TFX6104", `\`${op}\` needs the input \`${p.name}\` at position ${n}`));
      return;
    }
    const odd = typeFault(p, t.type, letters);
    if (odd !== null) faults.push(fault("TFX6104", `the input \`${p.name}\` of \`${op}\` is ${t.type}: ${odd}`));
    else inputs.set(p.name, t);
  });
  if ([...letters.values()].includes("float64"))
    faults.push(fault("TFX6106", `\`${op}\` is of float64: kernels take, compute and give float32`));
  return { inputs, faults };
};

/** The node by names, or what is wrong with it. */
export const readNode = (node: unknown): Read | readonly Diagnostic[] => {
  const form = formFault(node);
  if (form !== null) return [fault("TFX6104", form)];
  const {
    op,
    domain,
    opset,
    attributes = {},
    inputs,
    outputs = [true],
  } = node as {
    readonly op: string;
    readonly domain?: string;
    readonly opset: number;
    readonly attributes?: Readonly<Record<string, unknown>>;
    readonly inputs: readonly (OnnxTensorType | null)[];
    readonly outputs?: readonly boolean[];
  };
  const operator = operatorOf(op, domainOf(domain), opset);
  if ("code" in operator) return [operator];
  const own = readAttributes(op, opset, operator, attributes);
  const tensors = readInputs(op, opset, operator, inputs);
  const faults = [...own.faults, ...tensors.faults];
  const wanted = outputs.flatMap((o, n) => (o ? [n] : []));
  for (const n of wanted.filter((w) => w >= operator.outputs.length))
    faults.push(fault("TFX6104", `\`${op}\` has ${operator.outputs.length} outputs, none at position ${n}`));
  if (own.attributes.get("softmax_precision") === 11)
    faults.push(fault("TFX6106", `\`softmax_precision\` of \`${op}\` is double: kernels compute in float32`));
  if (hasErrors(faults)) return faults;
  const names = new Set(wanted.map((n) => operator.outputs[n] ?? ""));
  return { op, opset, attributes: own.attributes, inputs: tensors.inputs, wanted: names, operator, faults };
};

/** A number that the node gives, or the default. */
export const numberOf = (r: Read, name: string, fallback: number): number => Number(r.attributes.get(name) ?? fallback);

/** The type of an input as kernels store it. */
export const storageOf = (type: string): string => (type === "float16" ? "f16" : "f32");
/** The type that a kernel gives for an input's type. */
export const givenFor = (type: string): string => (type === "float16" ? "float16" : "float32");

const NOTHING: OnnxTensorType = { type: "float32", shape: [] };
/** An input that the table says is there. */
export const inputOf = (r: Read, name: string): OnnxTensorType => r.inputs.get(name) ?? NOTHING;

export const product = (xs: readonly number[]): number => xs.reduce((a, b) => a * b, 1);

export type Sizes = Record<string, number>;

/**
 * Compares shapes with dims by name: a name that has no size yet takes it. An input that is left out says nothing. False, with a fault, when
 * one does not fit.
 */
export const matchShapes = (r: Read, dims: Readonly<Record<string, readonly string[]>>, sizes: Sizes): boolean => {
  const before = r.faults.length;
  const from: Record<string, string> = {};
  for (const [name, axes] of Object.entries(dims)) {
    const shape = r.inputs.get(name)?.shape;
    if (shape === undefined) continue;
    if (shape.length !== axes.length) {
      r.faults.push(
        fault("TFX6105", `the input \`${name}\` of \`${r.op}\` has ${shape.length} dims, expected ${axes.length}`),
      );
      continue;
    }
    axes.forEach((axis, n) => {
      const found = shape[n] ?? 0;
      const known = sizes[axis];
      if (known === undefined) {
        sizes[axis] = found;
        from[axis] = ` as of \`${name}\``;
      } else if (known !== found)
        r.faults.push(
          fault(
            "TFX6105",
            `the input \`${name}\` of \`${r.op}\` has ${found} at dim ${n}, expected ${known}${from[axis] ?? ""}`,
          ),
        );
    });
  }
  return r.faults.length === before;
};

/** The axis that the node names, from 0 on; a fault when there is none. */
export const axisOf = (r: Read, name: string, fallback: number): number => {
  const rank = inputOf(r, name).shape.length;
  const given = numberOf(r, "axis", fallback);
  if (given < -rank || given >= rank)
    r.faults.push(
      fault("TFX6103", `the attribute \`axis\` of \`${r.op}\` is ${given}, but \`${name}\` has ${rank} dims`),
    );
  return given < 0 ? given + rank : given;
};
