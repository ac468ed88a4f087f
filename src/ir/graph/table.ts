/** What makes two nodes one: the structural identity of an operation, and the table of those that a graph has. */
import { isCommutative } from "./arith.ts";
import type { Graph, NodeId, Op, ScanDef, Ty } from "./graph.ts";

/**
 * What a pen knows of its nodes, to make none twice. It goes from the pen to the graph and from there to the next pen that
 * writes; another pen over the same graph makes its own.
 */
export type Table = {
  readonly ids: Map<string, NodeId>;
  /** Scans by their definition, with the carried state of all written as that of scan -1. Made when first asked for. */
  scans: Map<string, ScanDef> | null;
};

const tables = new WeakMap<Graph, Table>();

/** The table of a graph: handed over, or made of its nodes. */
export const tableOf = (graph: Graph | null): Table => {
  const known = graph === null ? undefined : tables.get(graph);
  if (graph !== null && known !== undefined) {
    tables.delete(graph);
    return known;
  }
  const ids = new Map<string, NodeId>();
  for (const n of graph?.nodes ?? []) {
    const key = keyOf(n, n.ty);
    if (!ids.has(key)) ids.set(key, n.id);
  }
  return { ids, scans: null };
};

/** The next graph gets the table; `own`: what a pen made or took of it. */
export const handOver = (base: Graph | null, own: Table | null, next: Graph): void => {
  const table = own ?? (base === null ? undefined : tables.get(base));
  if (base !== null) tables.delete(base);
  if (table !== undefined) tables.set(next, table);
};

const text = (value: number): string => (Object.is(value, -0) ? "-0" : String(value));

/** The structural identity of an operation. */
export const keyOf = (op: Op, ty: Ty): string => {
  switch (op.kind) {
    case "const":
      return `c ${ty} ${text(op.value)}`;
    case "index":
      return `i ${op.axis}`;
    case "size":
      return `z ${op.name}`;
    case "scalar":
      return `p ${op.name}`;
    case "load":
      return `l ${op.tensor} ${op.at.join(",")}`;
    case "unary":
      return `u ${op.op} ${ty} ${op.a}`;
    case "binary": {
      const swap = isCommutative(op.op) && op.a > op.b;
      return swap ? `b ${op.op} ${op.b} ${op.a}` : `b ${op.op} ${op.a} ${op.b}`;
    }
    case "select":
      return `s ${op.cond} ${op.a} ${op.b}`;
    case "reduce":
      return `r ${op.op} ${op.over.join(",")} ${op.body} ${op.where} ${op.k}`;
    case "carried":
      return `k ${op.state} ${op.at.join(",")}`;
    case "scan":
      return `n ${op.state} ${op.at.join(",")}`;
  }
};
