/** The graph as text, close to what a user would write: one line for each value with a name or with several uses. */
import { printSize } from "../../base/size.ts";
import { operands, type Graph, type Node, type NodeId } from "./graph.ts";
import type { BinaryOp } from "../../base/operators.ts";
import { isIndexOf } from "./scan.ts";
import { inOrder, nodeAt, users, type HasNodes } from "./walk.ts";

/** What printing an expression needs: a `Graph`, or a builder with names. */
export type Printable = HasNodes & {
  readonly axes: readonly { readonly id: number; readonly name: string }[];
  readonly names?: ReadonlyMap<NodeId, string>;
};

const PRECEDENCE: Record<Exclude<BinaryOp, "min" | "max">, number> = {
  or: 1,
  and: 2,
  "==": 4,
  "!=": 4,
  "<": 4,
  "<=": 4,
  ">": 4,
  ">=": 4,
  "+": 5,
  "-": 5,
  "*": 6,
  "/": 6,
  "%": 6,
  pow: 8,
};
const [NOT, NEG, ATOM] = [3, 7, 9];

type Text = { readonly text: string; readonly level: number };

const atom = (text: string): Text => ({ text, level: ATOM });

const inside = (t: Text, level: number): string => (t.level < level ? `(${t.text})` : t.text);

/** At most seven significant digits, unless the number is short. */
const printNumber = (x: number): string => {
  if (!Number.isFinite(x)) return Number.isNaN(x) ? "nan" : x > 0 ? "inf" : "-inf";
  return String(x).length <= 9 ? String(x) : String(Number(x.toPrecision(7)));
};

const printConst = (node: Extract<Node, { kind: "const" }>): Text => {
  if (node.ty === "bool") return atom(node.value !== 0 ? "true" : "false");
  return { text: printNumber(node.value), level: node.value < 0 ? NEG : ATOM };
};

/** `most`: of how many nodes an expression is written at most, `...` for the others: written out, shared values repeat. */
const printer = (g: Printable, names: ReadonlyMap<NodeId, string>, most: number): ((id: NodeId) => Text) => {
  let left = most;
  const axisNames = new Map(g.axes.map((a) => [a.id, a.name]));
  const axisName = (id: number): string => axisNames.get(id) ?? `axis${id}`;
  const operand = (id: NodeId): Text => {
    const name = names.get(id);
    if (name !== undefined) return atom(name);
    return --left < 0 ? atom("...") : expression(id);
  };
  const list = (ids: readonly NodeId[]): string => ids.map((id) => operand(id).text).join(", ");
  const binary = (op: BinaryOp, a: NodeId, b: NodeId): Text => {
    if (op === "min" || op === "max") return atom(`${op}(${list([a, b])})`);
    const level = PRECEDENCE[op];
    const tight = level === 4 || op === "pow";
    const right = op === "pow" ? level : level + 1;
    return {
      text: `${inside(operand(a), level + (tight ? 1 : 0))} ${op === "pow" ? "**" : op} ${inside(operand(b), right)}`,
      level,
    };
  };
  const expression = (id: NodeId): Text => {
    const node = nodeAt(g, id);
    switch (node.kind) {
      case "const":
        return printConst(node);
      case "index":
        return atom(axisName(node.axis));
      case "size":
      case "scalar":
        return atom(node.name);
      case "load":
        return atom(node.at.length === 0 ? node.tensor : `${node.tensor}[${list(node.at)}]`);
      case "unary":
        if (node.op === "neg") return { text: `-${inside(operand(node.a), NEG)}`, level: NEG };
        if (node.op === "not") return { text: `not ${inside(operand(node.a), NOT)}`, level: NOT };
        return atom(`${node.op}(${list([node.a])})`);
      case "binary":
        return binary(node.op, node.a, node.b);
      case "select":
        return {
          text: `if ${operand(node.cond).text} then ${operand(node.a).text} else ${operand(node.b).text}`,
          level: 0,
        };
      case "reduce": {
        const where = node.where === null ? "" : ` where ${operand(node.where).text}`;
        const k = node.op === "kth" ? `, ${node.k}` : "";
        return atom(
          `${node.op === "kth" ? "kth_largest" : node.op}[${node.over.map(axisName).join(", ")}](${operand(node.body).text}${k}${where})`,
        );
      }
      case "carried":
        return atom(`prev(${node.name})[${list(node.at)}]`);
      case "scan": {
        const own = [node.over, ...node.dims].every((axis, k) => isIndexOf(g, node.at[k], axis));
        const at = own ? "" : `[${list(node.at)}]`;
        const dims = [node.over, ...node.dims].map(axisName).join(", ");
        return atom(
          `scan[${axisName(node.over)}](${node.name}[${dims}] = ${operand(node.step).text} from ${operand(node.init).text})${at}`,
        );
      }
    }
  };
  return (id) => {
    left = most;
    return expression(id);
  };
};

/** Nodes of the longest expression that is written out. */
const MAX_PRINTED = 2000;

/** One value as an expression. Named nodes below it are printed as their names (`deep`: written out instead). */
export const printNode = (g: Printable, id: NodeId, deep = false, most = MAX_PRINTED): string =>
  printer(g, deep ? new Map() : (g.names ?? new Map()), most)(id).text;

/** The whole graph: its signature, then a line for each named, shared or resulting value, in dependency order. */
export const printGraph = (graph: Graph): string => {
  const roots = graph.results.map((r) => r.value);
  const names = lineNames(graph, roots);
  const expression = printer(graph, names, MAX_PRINTED);
  const axes = new Map(graph.axes.map((a) => [a.id, a]));
  const index = (id: number): string => axes.get(id)?.name ?? `axis${id}`;
  const dims = (of: readonly (readonly number[])[]): string =>
    of.map((dim) => (dim.length === 1 ? index(dim[0]!) : `(${dim.map(index).join(", ")})`)).join(", ");
  const out = [`graph ${graph.name}`];
  out.push(
    `  axes ${graph.axes.map((a) => `${a.name}: ${printSize(a.size)}${a.parts ? ` = ${a.parts.map(index).join(" | ")}` : ""}`).join(", ")}`,
  );
  for (const t of graph.tensors)
    out.push(`  ${t.role} ${t.name}: ${t.dtype}${t.dims.length === 0 ? "" : `[${dims(t.dims)}]`}`);
  for (const s of graph.scalars)
    out.push(`  scalar ${s.name}: ${s.ty}${s.init === null ? "" : ` = ${printNode(graph, s.init)}`}`);
  for (const node of inOrder(graph, roots)) {
    const name = names.get(node.id);
    if (name !== undefined) out.push(`  ${name}${free(node, index)} = ${expression(node.id).text}`);
  }
  for (const r of graph.results)
    if (names.get(r.value) !== r.tensor) out.push(`  ${r.tensor} = ${names.get(r.value) ?? expression(r.value).text}`);
  return out.join("\n") + "\n";
};

const free = (node: Node, index: (id: number) => string): string =>
  node.axes.length === 0 ? "" : `[${node.axes.map(index).join(", ")}]`;

const isLeaf = (node: Node): boolean =>
  node.kind === "const" ||
  node.kind === "index" ||
  node.kind === "size" ||
  node.kind === "scalar" ||
  node.kind === "load" ||
  node.kind === "carried";

/** More than a short condition. */
const isLarge = (g: HasNodes, root: NodeId): boolean => {
  const seen = new Set<NodeId>([root]);
  for (const id of seen) {
    for (const x of operands(nodeAt(g, id))) seen.add(x);
    if (seen.size > 12) return true;
  }
  return false;
};

/** The names of the values that get a line: the user's, the results', and `%id` for what several nodes use (short conditions not). */
const lineNames = (graph: Graph, roots: readonly NodeId[]): Map<NodeId, string> => {
  const out = new Map<NodeId, string>();
  for (const [id, by] of users(graph, roots)) {
    const node = nodeAt(graph, id);
    const worth = node.ty === "f32" || node.kind === "reduce" || (node.ty === "bool" && isLarge(graph, id));
    const shared = by.length > 1 && !isLeaf(node) && worth;
    const name = graph.names.get(id);
    if (name !== undefined && !isLeaf(node)) out.set(id, name);
    else if (shared) out.set(id, `%${id}`);
  }
  const taken = new Set(out.values());
  for (const r of graph.results) if (!out.has(r.value) && !taken.has(r.tensor)) out.set(r.value, r.tensor);
  return out;
};
