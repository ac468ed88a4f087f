/** Plan x Schedules -> Tile program: one kernel each, tensors bound as wide as the kernel reads them. */
import { item } from "../../base/must.ts";
import { attempted } from "../graph/unsupported.ts";
import { edit, type GraphBuilder } from "../graph/build.ts";
import type { GraphView } from "../graph/view.ts";
import { originAt, type Origin } from "../../base/span.ts";
import type { Axis, Graph, NodeId, Tensor } from "../graph/graph.ts";
import type { KernelPlan, Plan } from "../derive/plan.ts";
import { sizeNames } from "../../base/size.ts";
import { bufferOf } from "./stored.ts";
import { canVector } from "./access.ts";
import { lowerKernel } from "./kernel.ts";
import { tilePlan } from "../schedule/columns.ts";
import type { Schedule } from "../schedule/schedule.ts";
import type { TileProgram } from "../tile/tile.ts";
import { F32, I32 } from "../tile/tile.ts";
import { usesOf } from "../tile/walk.ts";

/** Lowers all kernels of a plan. `schedules` has one for each kernel, in order. */
export const lowerToTile = (plan: Plan, schedules: readonly Schedule[]): TileProgram => {
  const { graph } = plan;
  // What lowering writes (index arithmetic, bounds) is its own: no level sees it.
  const b = edit(graph);
  return attempted(b, () => lowered(plan, schedules, b));
};

const lowered = (plan: Plan, schedules: readonly Schedule[], b: GraphBuilder): TileProgram => {
  const { graph } = plan;
  const tensors = [...graph.tensors, ...plan.scratch];
  const whole: Graph = { ...graph, tensors };
  const names = namesOf(b, plan);
  const kernels = plan.kernels.map((k, n) => {
    const schedule = item(schedules, n);
    const byElement = new Set(readByElement(b, k, schedule));
    let vectors = new Set(tensors.filter((t) => canVector({ b }, t) && !byElement.has(t.name)).map((t) => t.name));
    // A tensor that some access of the kernel wants one element at a time is bound as scalars there: lowered again until that holds.
    for (;;) {
      const scalarUse = new Set<string>();
      const kernel = lowerKernel({ graph: whole, b, plan: k, schedule, vectors, scalarUse, names });
      if (scalarUse.size === 0) return kernel;
      vectors = new Set([...vectors].filter((v) => !scalarUse.has(v)));
    }
  });
  const widths = kernels.map((k) => usesOf(k.body).widths);
  const isWide = (t: Tensor): boolean => widths.some((w) => w.get(t.name) === 4);
  const symbols = new Set([...graph.sizes, ...kernels.flatMap((k) => sizeNames(k.groups))]);
  const scalarNames = new Set(graph.scalars.map((s) => s.name));
  return {
    name: graph.name,
    doc: graph.doc,
    storage: tensors.map((t: Tensor) => bufferOf(t, isWide(t))),
    uniforms: [
      ...[...symbols].filter((s) => !scalarNames.has(s)).map((name) => ({ name, type: I32 })),
      ...graph.scalars.map((s) => ({ name: s.name, type: s.ty === "f32" ? F32 : I32 })),
    ],
    kernels,
    origin: originAt(graph.nameSpan),
    declared: declarationsOf(graph, tensors, [...symbols]),
  };
};

/**
 * Tensors that lanes are sure to ask one element at a time of: their last index moves with the row, or with a stream that is walked cell
 * by cell.
 */
const readByElement = (b: GraphView, plan: KernelPlan, schedule: Schedule): readonly string[] => {
  const { rows } = schedule.kind === "tiles" ? tilePlan(b, plan, schedule) : plan;
  const wide = schedule.kind === "elements" && schedule.vectorStream ? plan.rows.at(-1) : undefined;
  const moving = new Set([...rows, ...(walksCells(schedule) ? plan.stream : [])]);
  const roots = [...plan.stores.map((s) => s.value), ...plan.accumulators.map((a) => a.node)];
  const read = [...b.reach(roots)].flatMap((id) => {
    const n = b.node(id);
    const last = n.kind === "load" ? n.at.at(-1) : undefined;
    if (n.kind !== "load" || last === undefined) return [];
    const index = b.node(last);
    const isWide = index.kind === "index" && index.axis === wide;
    return !isWide && index.axes.some((a) => moving.has(a)) ? [n.tensor] : [];
  });
  const written = plan.stores.filter((s) => {
    const last = s.axes.at(-1);
    return last !== undefined && last !== wide && moving.has(last);
  });
  return [...read, ...written.map((s) => s.tensor)];
};

/** Whether each lane loads single cells of the stream by itself. */
const walksCells = (s: Schedule): boolean =>
  s.kind === "tiles" || (s.kind !== "elements" && s.source === "direct" && !s.vectorStream && !s.hold);

/** Tensors and scalars where they are declared; a size where an axis has it. */
const declarationsOf = (
  graph: Graph,
  tensors: readonly Tensor[],
  sizes: readonly string[],
): ReadonlyMap<string, Origin> => {
  const axisWith = (name: string): Axis | undefined =>
    graph.axes.find((a) => a.span.file !== "" && sizeNames(a.size).includes(name));
  return new Map([
    ...sizes.map((name) => [name, originAt(axisWith(name)?.span ?? graph.nameSpan)] as const),
    ...graph.scalars.map((s) => [s.name, originAt(s.span)] as const),
    ...tensors.map((t) => [t.name, originAt(t.span)] as const),
  ]);
};

/** The user's names, and those of the accumulators. */
const namesOf = (b: GraphView, plan: Plan): ReadonlyMap<NodeId, string> => {
  const names = new Map([...plan.graph.names, ...plan.names].filter(([id]) => b.node(id).kind !== "const"));
  for (const k of plan.kernels) for (const a of k.accumulators) if (!names.has(a.node)) names.set(a.node, a.name);
  return names;
};
