/** The schedule and what chose it, workgroup memory, bindings and dispatch. */
import type { Target } from "../base/target.ts";
import type { Compiled } from "../compiled.ts";
import type { KernelPlan } from "../ir/derive/plan.ts";
import { outerAxes, ownRows } from "../ir/derive/sharing.ts";
import { printSchedule, type Schedule, type TilesSchedule } from "../ir/schedule/schedule.ts";
import { tilePlan } from "../ir/schedule/columns.ts";
import { chooseTiles } from "../ir/schedule/choose-tiles.ts";
import { tileShape } from "../ir/schedule/tiles.ts";
import { evalSize, printSize } from "../base/size.ts";
import type { TileKernel } from "../ir/tile/tile.ts";
import { count, type Names } from "./names.ts";
import type { Example } from "./sizes.ts";
import { penOf } from "./pen.ts";

/** Why this kind: read off the plan and the target, in the order in which the planner asks. */
export const scheduleLines = (
  compiled: Compiled,
  kernel: KernelPlan,
  schedule: Schedule,
  target: Target,
  names: Names,
): readonly string[] => {
  const b = penOf(compiled);
  const outer = outerAxes(b, kernel);
  const inner = ownRows(b, kernel);
  const features = kernel.accumulators.reduce(
    (n, a) => n + a.local.reduce((k, x) => k * (Number(b.axis(x).size) || 1), 1),
    0,
  );
  const out = [printSchedule(schedule)];
  if (schedule.kind === "elements")
    return [...out, "  elements: nothing is reduced along a stream, so each cell is on its own"];
  if (schedule.kind === "tiles") {
    const shared = outerAxes(b, tilePlan(b, kernel, schedule));
    return [...out, ...tileLines(schedule, shared.length === 0 ? null : names.axes(shared))];
  }
  if (schedule.kind === "split") {
    const why =
      kernel.stream[0] === kernel.part
        ? "a row has few parts, and their states are shared with no other row"
        : schedule.vectorStream
          ? "a row is short and contiguous, so neighbouring lanes read neighbouring addresses"
          : "there are too few rows to give each lane one of its own";
    out.push(`  split: ${why}; the lanes of a row merge what they carry at the end of each pass`);
  } else {
    const shared =
      outer.length === 0
        ? ""
        : `; (${names.axes(outer)}) is the same for a workgroup, since what streams depends on it`;
    out.push(
      `  rows: a lane owns ${count(schedule.rowsPerLane, "row")} of (${names.axes(inner)}) and merges nothing${shared}`,
    );
  }
  if (schedule.kind === "rows") {
    const tiles = chooseTiles(b, kernel, target);
    if (tiles.kind === "refused") out.push(`  no tiles: ${tiles.why.join("; ")}`);
  }
  if (schedule.source === "subgroup")
    out.push(
      `  subgroup broadcast: \`${target.name}\` has subgroups of ${target.subgroups?.min ?? 0} lanes and more; one lane loads a cell of the stream, the others get it without a barrier`,
    );
  if (schedule.source === "workgroup")
    out.push(
      `  workgroup memory: ${schedule.tile} cells of the stream at a time, the most that fit into the ${target.workgroupBytes} bytes of \`${target.name}\` up to 16`,
    );
  if (schedule.source === "direct" && schedule.kind === "rows" && !schedule.vectorStream)
    out.push(
      `  direct: each lane loads what it needs${target.tuning.staging ? "" : "; the cache shares it, and a barrier would be dear"}`,
    );
  if (schedule.vectorStream) out.push("  vec4: the stream is contiguous in memory and its size a multiple of 4");
  else if (kernel.scans.length > 0) out.push("  1 cell a step: a scan goes from one to the next");
  else if (schedule.kind === "rows")
    out.push(
      `  ${count(schedule.cells, "cell")} a step: ${count(features, "number")} carried for a row ${features === 1 ? "leaves" : "leave"} registers for as many`,
    );
  if (schedule.hold) out.push("  held: the row fits into registers, so later passes do not read it again");
  return out;
};

const tileLines = (s: TilesSchedule, shared: string | null): readonly string[] => {
  const { rows, cells } = tileShape(s);
  const product = s.columns === undefined ? "" : ` of ${s.columns} columns`;
  return [
    `  tiles: a workgroup owns ${count(rows, "row")}${product} and walks the stream ${cells} cells at a time; lanes stand over rows and cells, then over rows and features, and exchange values through workgroup memory`,
    ...(shared === null ? [] : [`  (${shared}) is the same for a workgroup, since what streams depends on it`]),
  ];
};

const ELEMENT = { f32: 4, f16: 2, i32: 4, u32: 4, bool: 4 } as const;

/** Workgroup memory with its arithmetic, one term a buffer. */
export const workgroupLines = (tile: TileKernel, target: Target): readonly string[] => {
  if (tile.workgroup.length === 0) return ["none"];
  const terms = tile.workgroup.map((w) => {
    const size = ELEMENT[w.type.elem] * w.type.width;
    return { name: w.name, text: `${w.length ?? 0} x ${size}`, bytes: Math.ceil(((w.length ?? 0) * size) / 16) * 16 };
  });
  const total = terms.reduce((n, t) => n + t.bytes, 0);
  return [
    `${total} bytes of ${target.workgroupBytes}: ${terms.map((t) => `${t.name} ${t.bytes} (${t.text})`).join(" + ")}`,
  ];
};

/** How a kernel is dispatched, with the numbers at the example's sizes. */
export const dispatchLine = (compiled: Compiled, at: number, example: Example): string => {
  const d = compiled.artifact.dispatches[at];
  if (d === undefined) return "not dispatched";
  const n = evalSize(d.groups, (s) => example.sizes[s] ?? example.scalar(s) ?? 1);
  const groups = typeof d.groups === "number" ? `${d.groups}` : `${printSize(d.groups)} = ${n}`;
  return `${groups} workgroups of ${d.workgroupSize} lanes, bindings ${d.bindings.join(", ")}`;
};

/** The bindings of all kernels. */
export const bindingLines = (compiled: Compiled): readonly string[] => {
  const { artifact } = compiled;
  const uniforms = artifact.uniforms.map((u) => `${u.name}: ${u.type}`).join(", ");
  return [
    ...(artifact.uniforms.length === 0 ? [] : [`0: uniform {${uniforms}}, ${artifact.uniformBytes} bytes`]),
    ...artifact.tensors.map((t) => {
      const dims = t.dims.map(
        (d) => `${d.axes.length === 1 ? d.axes[0] : `(${d.axes.join(", ")})`}: ${printSize(d.extent)}`,
      );
      const vector = t.vector === 1 ? "" : `, as vec${t.vector}`;
      return `${t.binding}: ${t.role} ${t.name}: ${t.dtype}[${dims.join(", ")}]${vector}`;
    }),
  ];
};

export const requirementLine = (compiled: Compiled): string => {
  const { features, limits } = compiled.artifact.requires;
  const asked = [...features, ...Object.entries(limits).map(([name, n]) => `${name} ${n}`)];
  return asked.length === 0 ? "nothing beyond what every WebGPU device has" : asked.join(", ");
};
