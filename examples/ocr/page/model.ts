/**
 * Cuts a piece out of an ONNX model: the nodes between some tensors and others, with the weights that they read. A model is a protobuf
 * message; fields are taken over as they are.
 */

/** One field of a message: its number, the bytes with its key, and its content. */
type Field = { readonly number: number; readonly bytes: Uint8Array; readonly content: Uint8Array };

const varint = (bytes: Uint8Array, at: number): readonly [value: number, next: number] => {
  let [value, scale] = [0, 1];
  for (let n = at; ; n++, scale *= 128) {
    const byte = bytes[n] ?? 0;
    value += (byte & 127) * scale;
    if (byte < 128) return [value, n + 1];
  }
};

const fieldsOf = (bytes: Uint8Array): readonly Field[] => {
  const out: Field[] = [];
  for (let at = 0; at < bytes.length;) {
    const [key, start] = varint(bytes, at);
    const wire = key & 7;
    let [from, to] = [start, start];
    if (wire === 0) to = varint(bytes, start)[1];
    else if (wire === 1) to = start + 8;
    else if (wire === 5) to = start + 4;
    else {
      const [length, next] = varint(bytes, start);
      [from, to] = [next, next + length];
    }
    out.push({ number: Math.floor(key / 8), bytes: bytes.subarray(at, to), content: bytes.subarray(from, to) });
    at = to;
  }
  return out;
};

const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
const textsOf = (fields: readonly Field[], number: number): readonly string[] =>
  fields.filter((f) => f.number === number).map((f) => text(f.content));

const joined = (parts: readonly Uint8Array[]): Uint8Array => {
  const out = new Uint8Array(parts.reduce((n, p) => n + p.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
};
const count = (n: number): readonly number[] => (n < 128 ? [n] : [(n % 128) + 128, ...count(Math.floor(n / 128))]);
const message = (number: number, content: Uint8Array): Uint8Array =>
  joined([Uint8Array.from([...count(number * 8 + 2), ...count(content.length)]), content]);

/** A float tensor of unknown shape: ValueInfoProto. */
const valueInfo = (name: string): Uint8Array =>
  joined([message(1, new TextEncoder().encode(name)), message(2, message(1, Uint8Array.of(8, 1)))]);

const [MODEL_GRAPH, GRAPH_NODE, GRAPH_INITIALIZER, GRAPH_INPUT, GRAPH_OUTPUT, GRAPH_VALUE_INFO] = [7, 1, 5, 11, 12, 13];
const [NODE_INPUT, NODE_OUTPUT, NODE_OP, TENSOR_NAME] = [1, 2, 4, 8];

export type ModelNode = {
  readonly op: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
};

const graphOf = (model: Uint8Array): { readonly rest: readonly Field[]; readonly graph: readonly Field[] } => {
  const fields = fieldsOf(model);
  const graph = fields.find((f) => f.number === MODEL_GRAPH);
  if (graph === undefined) throw new Error("the model has no graph");
  return { rest: fields.filter((f) => f !== graph), graph: fieldsOf(graph.content) };
};
const nodeOf = (f: Field): ModelNode => {
  const fields = fieldsOf(f.content);
  const [op = ""] = textsOf(fields, NODE_OP);
  return { op, inputs: textsOf(fields, NODE_INPUT), outputs: textsOf(fields, NODE_OUTPUT) };
};

/** Every node, in order. */
export const nodesOf = (model: Uint8Array): readonly ModelNode[] =>
  graphOf(model)
    .graph.filter((f) => f.number === GRAPH_NODE)
    .map(nodeOf);

/** The model that computes `outputs` from `inputs`; an input of the whole model keeps its shape. */
export const cut = (model: Uint8Array, inputs: readonly string[], outputs: readonly string[]): Uint8Array => {
  const { rest, graph } = graphOf(model);
  const nodes = graph.filter((f) => f.number === GRAPH_NODE).map((field) => ({ field, node: nodeOf(field) }));
  const needed = new Set(outputs);
  const kept = new Set<Field>();
  // A node stands behind those that it reads.
  for (const { field, node } of nodes.toReversed())
    if (node.outputs.some((o) => needed.has(o) && !inputs.includes(o))) {
      kept.add(field);
      for (const name of node.inputs) needed.add(name);
    }
  const nameOf = (f: Field, number: number): string => textsOf(fieldsOf(f.content), number)[0] ?? "";
  const own = graph.filter((f) => f.number === GRAPH_INPUT && inputs.includes(nameOf(f, 1)));
  const stated = new Set(own.map((f) => nameOf(f, 1)));
  const parts = graph.filter((f) => {
    if (f.number === GRAPH_NODE) return kept.has(f);
    if (f.number === GRAPH_INITIALIZER) return needed.has(nameOf(f, TENSOR_NAME));
    return own.includes(f) || ![GRAPH_INPUT, GRAPH_OUTPUT, GRAPH_VALUE_INFO].includes(f.number);
  });
  const made = joined([
    ...parts.map((f) => f.bytes),
    ...inputs.filter((n) => !stated.has(n)).map((n) => message(GRAPH_INPUT, valueInfo(n))),
    ...outputs.map((n) => message(GRAPH_OUTPUT, valueInfo(n))),
  ]);
  return joined([...rest.map((f) => f.bytes), message(MODEL_GRAPH, made)]);
};
