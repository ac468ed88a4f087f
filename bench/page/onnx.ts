/** Writes an ONNX model of one node, by hand: protobuf fields of onnx.proto3, IR version 10. */

type Bytes = readonly number[];

const varint = (n: number): Bytes => (n < 128 ? [n] : [(n % 128) + 128, ...varint(Math.floor(n / 128))]);
/** Field of an integer (wire type 0). */
const int = (field: number, n: number): Bytes => [...varint(field * 8), ...varint(n)];
/** Field of a message (wire type 2). */
const message = (field: number, ...parts: readonly Bytes[]): Bytes => {
  const body = parts.flat();
  return [...varint(field * 8 + 2), ...varint(body.length), ...body];
};
const text = (field: number, s: string): Bytes => message(field, [...new TextEncoder().encode(s)]);
/** Field of an f32 (wire type 5). */
const float = (field: number, x: number): Bytes => [field * 8 + 5, ...new Uint8Array(new Float32Array([x]).buffer)];

const FLOAT = 1;
const INT = 2;

export type Attribute = { readonly name: string; readonly type: "int" | "float"; readonly value: number };
export type Value = { readonly name: string; readonly dims: readonly number[] };
export type Node = {
  readonly op: string;
  /** "" for ai.onnx. */
  readonly domain: string;
  readonly attributes: readonly Attribute[];
  readonly inputs: readonly Value[];
  readonly output: Value;
};

const attribute = (a: Attribute): Bytes =>
  a.type === "int"
    ? message(5, text(1, a.name), int(3, a.value), int(20, INT))
    : message(5, text(1, a.name), float(2, a.value), int(20, FLOAT));

/** A ValueInfoProto of f32s. */
const value = (field: number, v: Value): Bytes => {
  const shape = message(2, ...v.dims.map((n) => message(1, int(1, n))));
  return message(field, text(1, v.name), message(2, message(1, int(1, FLOAT), shape)));
};

/** The bytes of a ModelProto: opsets ai.onnx 21 and com.microsoft 1. */
export const modelOf = (node: Node): Uint8Array => {
  const names = node.inputs.map((v) => text(1, v.name));
  const one = message(
    1,
    ...names,
    text(2, node.output.name),
    text(4, node.op),
    ...node.attributes.map(attribute),
    text(7, node.domain),
  );
  const graph = message(7, one, text(2, "g"), ...node.inputs.map((v) => value(11, v)), value(12, node.output));
  const opset = (domain: string, version: number): Bytes => message(8, text(1, domain), int(2, version));
  return Uint8Array.from([...int(1, 10), ...graph, ...opset("", 21), ...opset("com.microsoft", 1)]);
};
