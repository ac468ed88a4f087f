/**
 * Whether a kernel's stream is cut into parts that several workgroups walk (`derive/cut.ts`), and into how many. From the target's
 * data and known sizes only.
 */
import { first } from "../../base/must.ts";
import { SCHEDULES } from "../../base/costs.ts";
import type { Target } from "../../base/target.ts";
import { ownRows } from "../derive/sharing.ts";
import { cutKernel, cutRefusal } from "../derive/cut.ts";
import type { KernelPlan, Plan } from "../derive/plan.ts";
import { edit } from "../graph/build.ts";
import type { GraphView } from "../graph/view.ts";
import { operands, type AxisId, type Node, type NodeId, type Tensor } from "../graph/graph.ts";
import { reach } from "../graph/walk.ts";
import { fewRows } from "./choose.ts";

/** The plan with long streams of few rows cut. `asked`: the number of parts for every kernel that can be cut; 1: none is. */
export const cutStreams = (plan: Plan, target: Target, asked?: number): Plan => {
  const { graph } = plan;
  const b = edit(graph);
  const scratch: Tensor[] = [...plan.scratch];
  const names = new Map<NodeId, string>([...plan.names]);
  const kernels = plan.kernels.flatMap((k): readonly KernelPlan[] => {
    if (k.stream.length === 0) return [k];
    const { parts, why } = partsOf(b, k, target, asked);
    if (parts < 2) return [{ ...k, notes: [...k.notes, { kind: "parts", text: why, node: null }] }];
    const cut = cutKernel(b, k, {
      parts,
      why,
      nameOf: (id) => graph.names.get(id) ?? names.get(id),
      taken: new Set([...graph.tensors, ...scratch].map((t) => t.name)),
    });
    scratch.push(...cut.scratch);
    for (const [id, name] of cut.names) names.set(id, name);
    return cut.kernels;
  });
  return { graph: b.finish(graph), kernels, scratch, names };
};

/** How many parts, and why; 1: the stream stays whole. */
const partsOf = (
  b: GraphView,
  k: KernelPlan,
  target: Target,
  asked: number | undefined,
): { readonly parts: number; readonly why: string } => {
  const whole = (why: string): { readonly parts: number; readonly why: string } => ({
    parts: 1,
    why: `the stream stays whole: ${why}`,
  });
  const refused = cutRefusal(b, k);
  if (refused !== null) return whole(refused);
  const stream = k.stream.map((a) => b.axis(a).name).join(", ");
  const cut = (parts: number, why: string): { readonly parts: number; readonly why: string } => ({
    parts,
    why: `${stream} is cut into ${parts} parts, each a workgroup's: ${why}`,
  });
  if (asked !== undefined) return asked < 2 ? whole("asked for") : cut(Math.floor(asked), "asked for");
  if (target.tuning.parallelGroups <= 1) return whole(`\`${target.name}\` runs few workgroups at once`);
  const isKnown = (a: AxisId): boolean => typeof b.axis(a).size === "number";
  const named = (axes: readonly AxisId[]): string => axes.map((a) => b.axis(a).name).join(", ");
  const own = [...new Set([...ownRows(b, k), ...notStreamed(b, k)])];
  if (!own.every(isKnown)) return whole(`how many rows (${named(own)}) share what streams is not known`);
  if (!fewRows(b, k, target)) return whole(`the rows (${named(own)}) that share what streams fill a workgroup`);
  const { size } = b.axis(first(k.stream));
  if (typeof size === "number" && size < SCHEDULES.longStream)
    return whole(`${stream} has ${size} cells, fewer than ${SCHEDULES.longStream}`);
  const rows = k.rows.reduce((n, a) => n * (Number(b.axis(a).size) || 1), 1);
  if (rows >= target.tuning.parallelGroups) return whole(`${rows} rows are workgroups enough for \`${target.name}\``);
  const bound = boundTensors(b, k);
  if (bound > target.storageBuffers)
    return whole(`partial states would take ${bound} storage buffers, \`${target.name}\` has ${target.storageBuffers}`);
  const room = typeof size === "number" ? size / SCHEDULES.partCells : SCHEDULES.parts;
  const parts = powerOfTwo(Math.min(SCHEDULES.parts, room, Math.ceil(target.tuning.parallelGroups / rows)));
  const unknown = k.rows.filter((a) => !isKnown(a));
  const many = `${rows} ${rows === 1 ? "row" : "rows"}${unknown.length === 0 ? "" : ` for each of (${named(unknown)})`}`;
  return cut(
    parts,
    `${many} would not fill \`${target.name}\`, taken to run ${target.tuning.parallelGroups} workgroups at once`,
  );
};

/** Row axes that no tensor which streams has: all of them see the same data. */
const notStreamed = (b: GraphView, k: KernelPlan): readonly AxisId[] => {
  const loads = [...b.reach(k.accumulators.map((a) => a.body))]
    .map((id) => b.node(id))
    .filter((n) => n.kind === "load" && n.axes.some((a) => k.stream.includes(a)));
  return k.rows.filter((a) => !loads.some((n) => n.axes.includes(a)));
};

/** The largest power of two up to n, at least 2. */
const powerOfTwo = (n: number): number => {
  let p = 2;
  while (2 * p <= n) p *= 2;
  return p;
};

/** Storage buffers of the kernel that makes partial states, or of the one that merges them. */
const boundTensors = (b: GraphView, k: KernelPlan): number => {
  const tensors = (roots: readonly NodeId[], below: (n: Node) => readonly NodeId[]): number =>
    new Set(
      [...reach(b, roots, below)].flatMap((id) => {
        const n = b.node(id);
        return n.kind === "load" ? [n.tensor] : [];
      }),
    ).size;
  // Single numbers share a tensor.
  const own = k.accumulators.filter((a) => a.local.length > 0 || b.node(a.node).ty !== "f32").length;
  const states = own + (own < k.accumulators.length ? 1 : 0);
  const carried = new Set(k.accumulators.map((a) => a.node));
  const bodies = k.accumulators.flatMap((a) => (a.where === null ? [a.body] : [a.body, a.where]));
  const first = tensors(bodies, operands);
  const values = k.stores.map((s) => s.value);
  const last = tensors(values, (n) => (carried.has(n.id) ? [] : operands(n))) + k.stores.length;
  return Math.max(first, last) + states;
};
