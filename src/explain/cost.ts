/** What a kernel costs by the model: operations counted from the plan, bytes from who reads what how often. */
import { UNARY } from "../base/operators.ts";
import type { Compiled } from "../compiled.ts";
import type { Accumulator, KernelPlan } from "../ir/derive/plan.ts";
import type { AxisId, Node, NodeId, ReduceOp } from "../ir/graph/graph.ts";
import { operands } from "../ir/graph/graph.ts";
import { outerAxes, ownRows } from "../ir/derive/sharing.ts";
import { columnAxis, tilePlan } from "../ir/schedule/columns.ts";
import type { Schedule } from "../ir/schedule/schedule.ts";
import { cellShare, countDomain, tiledRow, tileShape, tileShare, type DomainCount } from "./domain.ts";
import type { Example } from "./sizes.ts";
import { penOf } from "./pen.ts";

export type PassCost = {
  /** Multiplications and additions of sums of products, two a term. */
  readonly products: number;
  /** All other floating-point operations. */
  readonly others: number;
  /** exp, log, tanh, sin, … among them. */
  readonly transcendental: number;
};

export type KernelCost = {
  readonly passes: readonly PassCost[];
  /** Bytes read from storage, by tensor: an operand that streams is read once for each tile of rows and pass. */
  readonly reads: readonly { readonly tensor: string; readonly bytes: number; readonly times: number }[];
  readonly written: number;
  /** Each tensor once. */
  readonly compulsory: number;
};

const BYTES = { f32: 4, f16: 2, i32: 4, u32: 4, bool: 4, i8: 1, u8: 1, i4: 0.5, u4: 0.5 } as const;

/** What one pass computes: everything below its accumulators and its stores, up to finished accumulators. */
const nodesOfPass = (compiled: Compiled, kernel: KernelPlan, pass: number): readonly Node[] => {
  const b = penOf(compiled);
  const carried = new Set(kernel.accumulators.map((a) => a.node));
  const here = (a: Accumulator): boolean => a.pass === pass;
  const roots = [
    ...kernel.accumulators.filter(here).flatMap((a) => (a.where === null ? [a.body] : [a.body, a.where])),
    ...kernel.stores
      .filter((s) => s.pass === pass || (s.pass === null && pass === kernel.passes - 1))
      .map((s) => s.value),
  ];
  const seen = new Set<NodeId>();
  const visit = (id: NodeId): void => {
    if (seen.has(id) || carried.has(id)) return;
    seen.add(id);
    operands(b.node(id)).forEach(visit);
  };
  roots.forEach(visit);
  return [...seen].map((id) => b.node(id));
};

const product = (xs: readonly number[]): number => xs.reduce((n, x) => n * x, 1);

/** Operations of a pass at the example's sizes; cells that do not exist are left out. */
export const passCost = (
  compiled: Compiled,
  kernel: KernelPlan,
  pass: number,
  example: Example,
  share: number,
): PassCost => {
  const b = penOf(compiled);
  const row = tiledRow(compiled, kernel);
  const [column] = kernel.stream;
  const outer = outerAxes(b, kernel);
  const cells = (own: readonly AxisId[]): number => {
    // What streams is computed in every workgroup, also along rows that it does not depend on.
    const values = column !== undefined && own.includes(column) ? [...new Set([...own, ...outer])] : own;
    // Each part computes its own cells of what streams.
    const axes =
      column !== undefined && values.includes(column) && row !== null && row === kernel.part
        ? [...new Set([...values, row])]
        : values;
    const masked = row !== null && column !== undefined && axes.includes(row) && axes.includes(column);
    return product(axes.map(example.extent)) * (masked ? share : 1);
  };
  let [products, others, transcendental] = [0, 0, 0];
  const isProduct = (id: NodeId): boolean => {
    const n = b.node(id);
    return n.kind === "binary" && n.op === "*" && n.ty === "f32";
  };
  const sums = (op: ReduceOp, axes: readonly AxisId[], body: NodeId): void => {
    if (op === "sum" && isProduct(body)) products += 2 * cells(axes);
    else others += cells(axes);
  };
  const summed = new Set<NodeId>();
  const nodes = nodesOfPass(compiled, kernel, pass);
  for (const n of nodes) {
    if (n.kind !== "reduce" || n.ty !== "f32") continue;
    sums(n.op, [...new Set([...b.node(n.body).axes, ...n.over])], n.body);
    if (n.op === "sum") summed.add(n.body);
  }
  for (const a of kernel.accumulators.filter((x) => x.pass === pass)) {
    if (b.node(a.node).ty !== "f32") continue;
    sums(a.op, [...new Set([...b.node(a.body).axes, ...kernel.rows, ...kernel.stream])], a.body);
    if (a.op === "sum") summed.add(a.body);
  }
  for (const n of nodes) {
    if (n.ty !== "f32" || (n.kind !== "unary" && n.kind !== "binary")) continue;
    if (n.kind === "unary" && UNARY[n.op].cost !== "one") transcendental += cells(n.axes);
    if (!(summed.has(n.id) && isProduct(n.id))) others += cells(n.axes);
  }
  return { products, others, transcendental };
};

/** The cost of a kernel under its schedule. */
export const kernelCost = (
  compiled: Compiled,
  kernel: KernelPlan,
  schedule: Schedule,
  example: Example,
): KernelCost => {
  const tensors = [...compiled.graph.tensors, ...compiled.plan.scratch];
  const bytesOf = (name: string): number => BYTES[tensors.find((t) => t.name === name)?.dtype ?? "f32"];
  const whole = (name: string): number =>
    product((tensors.find((t) => t.name === name)?.dims.flat() ?? []).map(example.extent)) * bytesOf(name);
  const domain = (pass: number): DomainCount | null => {
    const counts = [...new Set(kernel.accumulators.filter((a) => a.pass === pass).map((a) => a.where))].map((w) =>
      countDomain(compiled, kernel, schedule, w, example),
    );
    const stores = kernel.scans.length > 0 || kernel.stores.some((s) => s.pass === pass);
    const first = counts.reduce((x, y) => (cellShare(y) > cellShare(x) ? y : x), counts[0] ?? null);
    return stores ? null : first;
  };
  const counts = Array.from({ length: Math.max(1, kernel.passes) }, (_, pass) => domain(pass));
  const passes = counts.map((c, pass) => passCost(compiled, kernel, pass, example, cellShare(c)));
  const b = penOf(compiled);
  const columns = schedule.kind === "tiles" && schedule.columns !== undefined ? columnAxis(b, kernel) : null;
  const inner = ownRows(b, schedule.kind === "tiles" ? tilePlan(b, kernel, schedule) : kernel);
  // Each tile of columns reads its rows of the left side.
  const columnTiles =
    columns === null || schedule.kind !== "tiles" ? 1 : Math.ceil(example.extent(columns) / (schedule.columns ?? 1));
  const held = "hold" in schedule && schedule.hold;
  const perTile = schedule.kind === "elements" ? 1 : tileShape(schedule)[0];
  const parts = kernel.part !== null && kernel.rows.includes(kernel.part) ? example.extent(kernel.part) : 1;
  const rowTiles = Math.ceil(product(inner.map(example.extent)) / perTile);
  const reads = new Map<string, { bytes: number; times: number }>();
  counts.forEach((c, pass) => {
    const inPass = new Map<string, { bytes: number; times: number }>();
    for (const n of nodesOfPass(compiled, kernel, pass)) {
      if (n.kind !== "load") continue;
      const repeated = n.axes.some((a) => kernel.stream.includes(a)) && !n.axes.some((a) => inner.includes(a));
      const shared = n.axes.some((a) => kernel.stream.includes(a)) && columns !== null && !n.axes.includes(columns);
      const again = repeated ? rowTiles * (parts > 1 ? parts * cellShare(c) : tileShare(c)) : 1;
      const times = shared ? again * columnTiles : again;
      // At one value a cell a tensor cannot be asked for more than itself: other cells of it lie in the same lines.
      const bytes = Math.min(product(n.axes.map(example.extent)) * bytesOf(n.tensor), whole(n.tensor)) * times;
      const other = inPass.get(n.tensor);
      if (other === undefined || other.bytes < bytes) inPass.set(n.tensor, { bytes, times });
    }
    for (const [tensor, r] of inPass) {
      const before = reads.get(tensor);
      if (before !== undefined && held) continue;
      reads.set(
        tensor,
        before === undefined ? r : { bytes: before.bytes + r.bytes, times: Math.max(before.times, r.times) },
      );
    }
  });
  const written = kernel.stores.reduce((n, s) => n + whole(s.tensor), 0);
  const touched = [...reads.keys()].reduce((n, t) => n + whole(t), 0);
  return { passes, reads: [...reads].map(([tensor, r]) => ({ tensor, ...r })), written, compulsory: touched + written };
};

export const flops = (c: PassCost): number => c.products + c.others;
