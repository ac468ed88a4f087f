/** The rules every graph keeps. A violation is a bug in the compiler, never a mistake of the user. */
import { binaryTy, unaryTy } from "./arith.ts";
import { freeAxes } from "./build.ts";
import { REDUCTIONS } from "./reduction.ts";
import { carriedBelow, type Scan } from "./scan.ts";
import { fold, reach } from "./walk.ts";
import { operands, type Axis, type Graph, type Node, type NodeId, type Tensor, type Ty } from "./graph.ts";

type Names = {
  readonly axes: ReadonlyMap<number, Axis>;
  readonly tensors: ReadonlyMap<string, Tensor>;
  readonly scalars: ReadonlyMap<string, Ty>;
  readonly sizes: ReadonlySet<string>;
};

/** What is wrong with a graph, one line each; empty when nothing is. `only`: of the nodes, those that are looked at; all by default. */
export const verifyGraph = (graph: Graph, only?: ReadonlySet<NodeId>): string[] => {
  const names: Names = {
    axes: new Map(graph.axes.map((a) => [a.id, a])),
    tensors: new Map(graph.tensors.map((t) => [t.name, t])),
    scalars: new Map(graph.scalars.map((s) => [s.name, s.ty])),
    sizes: new Set(graph.sizes),
  };
  const out: string[] = [];
  graph.nodes.forEach((node, at) => {
    if (only !== undefined && !only.has(at)) return;
    const report = (what: string): void => void out.push(`node ${at} (${node.kind}): ${what}`);
    if (node.id !== at) report(`has id ${node.id}`);
    const late = operands(node).filter((id) => !(id >= 0 && id < at));
    if (late.length > 0) return report(`uses ${late.join(", ")}, which is not before it`);
    for (const what of nodeViolations(graph, node, names)) report(what);
  });
  if (graph.origins.length !== graph.nodes.length)
    out.push(`${graph.origins.length} origins of ${graph.nodes.length} nodes`);
  const all = [...out, ...resultViolations(graph, names), ...scalarViolations(graph)];
  return all.length > 0 ? all : unboundStates(graph);
};

const nodeViolations = (graph: Graph, node: Node, names: Names): string[] => {
  const at = (id: NodeId): Node => graph.nodes[id] as Node;
  const axes = freeAxes(node, at);
  const out = tyViolations(node, names, (id) => at(id).ty);
  if (axes.join() !== node.axes.join()) out.push(`has free axes [${node.axes.join()}], should be [${axes.join()}]`);
  if (node.kind === "index" && !names.axes.has(node.axis)) out.push(`unknown axis ${node.axis}`);
  if (node.kind === "reduce") {
    if (node.over.length === 0 || new Set(node.over).size !== node.over.length)
      out.push(`reduces over [${node.over.join()}]`);
    for (const axis of node.over) if (!names.axes.has(axis)) out.push(`unknown axis ${axis}`);
    if (node.op === "kth" && node.k < 1) out.push(`k is ${node.k}`);
    if (REDUCTIONS[node.op].oneAxis && node.over.length !== 1) out.push(`${node.op} takes one axis`);
  }
  return node.kind === "scan" ? [...out, ...scanViolations(graph, node, names)] : out;
};

/** A scan's definition is closed: nothing is free in it but its own axes, and its state is read at as many indices. */
const scanViolations = (graph: Graph, node: Scan, names: Names): string[] => {
  const own = [node.over, ...node.dims];
  const at = (id: NodeId): Node => graph.nodes[id] as Node;
  const extra = (id: NodeId, bound: readonly number[]): number[] => at(id).axes.filter((a) => !bound.includes(a));
  const read = carriedBelow({ nodes: graph.nodes, reach: (roots) => reach(graph, roots) }, node.step, node.state);
  return [
    ...own.filter((a) => !names.axes.has(a)).map((a) => `unknown axis ${a}`),
    ...(new Set(own).size === own.length ? [] : [`scans over [${own.join()}]`]),
    ...extra(node.init, node.dims).map((a) => `its initial state varies along ${a}`),
    ...extra(node.step, own).map((a) => `its step varies along ${a}`),
    ...[node, ...read]
      .filter((n) => n.at.length !== own.length)
      .map((n) => `read at ${n.at.length} indices, has ${own.length} axes`),
  ];
};

/** What is carried may be read inside its own scan only. */
const unboundStates = (graph: Graph): string[] => {
  const free = fold<ReadonlySet<number>>(
    graph,
    graph.results.map((r) => r.value),
    (node, below) => {
      const all = new Set(below.flatMap((s) => [...s]));
      if (node.kind === "carried") all.add(node.state);
      if (node.kind === "scan") all.delete(node.state);
      return all;
    },
  );
  return graph.results.flatMap((r) =>
    [...(free.get(r.value) ?? [])].map((s) => `result \`${r.tensor}\`: the state ${s} is carried by no scan`),
  );
};

const mismatch = (found: Ty, want: Ty | null): string[] =>
  want === null ? ["does not take operands of this type"] : found === want ? [] : [`is ${found}, should be ${want}`];

const tyViolations = (node: Node, names: Names, ty: (id: NodeId) => Ty): string[] => {
  switch (node.kind) {
    case "const":
      if (node.ty === "bool" && node.value !== 0 && node.value !== 1) return [`bool ${node.value}`];
      return node.ty === "i32" && !Number.isInteger(node.value) ? [`i32 ${node.value}`] : [];
    case "index":
      return mismatch(node.ty, "i32");
    case "size":
      return [...mismatch(node.ty, "i32"), ...(names.sizes.has(node.name) ? [] : [`unknown size \`${node.name}\``])];
    case "scalar": {
      const want = names.scalars.get(node.name);
      return want === undefined ? [`unknown scalar \`${node.name}\``] : mismatch(node.ty, want);
    }
    case "load":
      return loadViolations(node, names, ty);
    case "unary":
      return mismatch(node.ty, unaryTy(node.op, ty(node.a)));
    case "binary":
      if (ty(node.a) !== ty(node.b)) return [`${node.op} of ${ty(node.a)} and ${ty(node.b)}`];
      return mismatch(node.ty, binaryTy(node.op, ty(node.a)));
    case "select":
      if (ty(node.cond) !== "bool") return [`condition is ${ty(node.cond)}`];
      return [...mismatch(ty(node.a), node.ty), ...mismatch(ty(node.b), node.ty)];
    case "reduce": {
      const out = node.where === null ? [] : mismatch(ty(node.where), "bool").map((m) => `where: ${m}`);
      const body = ty(node.body);
      const index = REDUCTIONS[node.op].gives === "place";
      return [...out, ...mismatch(node.ty, body === "bool" ? null : index ? "i32" : body)];
    }
    case "carried":
    case "scan": {
      const of = node.kind === "scan" ? [node.ty, ty(node.init), ty(node.step)] : [node.ty];
      const out = of.every((x) => x === "f32") ? [] : [`is made of ${of.join(", ")}, should be f32`];
      return node.at.every((id) => ty(id) === "i32") ? out : [...out, "read at a non-integer index"];
    }
  }
};

/** The arithmetic type of a stored tensor. */
const loadTy = (dtype: Tensor["dtype"]): Ty => {
  switch (dtype) {
    case "f32":
    case "f16":
      return "f32";
    case "bool":
      return "bool";
    case "i32":
    case "u32":
    case "i8":
    case "u8":
    case "i4":
    case "u4":
      return "i32";
  }
};

const loadViolations = (node: Extract<Node, { kind: "load" }>, names: Names, ty: (id: NodeId) => Ty): string[] => {
  const tensor = names.tensors.get(node.tensor);
  if (tensor === undefined) return [`unknown tensor \`${node.tensor}\``];
  const want = tensor.dims.flat().length;
  const out = mismatch(node.ty, loadTy(tensor.dtype));
  if (node.at.length !== want) out.push(`\`${node.tensor}\` read at ${node.at.length} indices, has ${want} axes`);
  return node.at.every((id) => ty(id) === "i32") ? out : [...out, `\`${node.tensor}\` read at a non-integer index`];
};

const resultViolations = (graph: Graph, names: Names): string[] =>
  graph.results.flatMap((result) => {
    const tensor = names.tensors.get(result.tensor);
    const value = graph.nodes[result.value];
    if (tensor === undefined) return [`result \`${result.tensor}\`: unknown tensor`];
    if (value === undefined) return [`result \`${result.tensor}\`: no node ${result.value}`];
    const extra = value.axes.filter((a) => !tensor.dims.flat().includes(a));
    return extra.length === 0 ? [] : [`result \`${result.tensor}\`: free axes [${extra.join()}] are not in the tensor`];
  });

const scalarViolations = (graph: Graph): string[] =>
  graph.scalars.flatMap(({ name, ty, init }) => {
    if (init === null) return [];
    const node = graph.nodes[init];
    if (node === undefined) return [`scalar \`${name}\`: no node ${init}`];
    const free = node.axes.length === 0 ? [] : [`scalar \`${name}\`: its default has free axes`];
    return [...free, ...(node.ty === ty ? [] : [`scalar \`${name}\`: is ${ty}, its default ${node.ty}`])];
  });
