/** What an artifact says in the user's words, taken from the levels of a kernel; and what the target lacks for it. */
import { type Diagnostic, error } from "./base/diagnostic.ts";
import { size, type SizeExpr } from "./base/size.ts";
import type { Span } from "./base/span.ts";
import type { Target } from "./base/target.ts";
import { artifactFromTile } from "./codegen/artifact-from-tile.ts";
import type { Artifact, ScalarExpr } from "./codegen/artifact.ts";
import type { GraphOptions } from "./compile-options.ts";
import type { GraphLevels } from "./compiled.ts";
import type { Plan } from "./ir/derive/plan.ts";
import type { NodeId, Tensor } from "./ir/graph/graph.ts";
import { viewOf, type GraphView } from "./ir/graph/view.ts";
import { printSchedule, type Schedule } from "./ir/schedule/schedule.ts";

/** The artifact of one kernel. */
export const artifactOf = (
  { plan, tile, schedules, written }: Pick<GraphLevels, "plan" | "tile" | "schedules" | "written">,
  options: GraphOptions,
): Artifact => {
  const { graph } = plan;
  const b = viewOf(graph);
  return artifactFromTile(written, {
    program: tile,
    target: options.target.name,
    kernel: graph.name,
    doc: graph.doc,
    tensors: [...graph.tensors, ...plan.scratch].map((t) => ({
      name: t.name,
      role: t.role,
      dtype: t.dtype,
      dims: dimsOf(b, t),
    })),
    sizes: graph.sizes,
    constants: { ...options.dims },
    scalars: graph.scalars.map((s) => ({
      name: s.name,
      type: s.ty,
      init: s.init === null ? null : scalarExpr(b, s.init),
    })),
    plan: planLine(plan, schedules),
  });
};

/** All that the target lacks: half floats, room for as many bindings. */
export const targetDiagnostics = (artifact: Artifact, target: Target, span: Span): readonly Diagnostic[] => {
  const halves = artifact.requires.features.includes("shader-f16") && !target.f16;
  const wide = artifact.dispatches
    .map((d) => ({ ...d, used: d.bindings.filter((n) => n > 0).length }))
    .filter((d) => d.used > target.storageBuffers);
  return [
    ...(halves
      ? [
          error(
            "TFX4005",
            span,
            `f16 storage needs the feature shader-f16, which the target \`${target.name}\` lacks`,
            "--type T=f32",
          ),
        ]
      : []),
    ...wide.map((d) =>
      error(
        "TFX4004",
        span,
        `\`${d.entryPoint}\` binds ${d.used} tensors, the target has ${target.storageBuffers} storage buffers`,
        "put tensors of one type together, or ask for fewer results at once",
      ),
    ),
  ];
};

const dimsOf = (b: GraphView, t: Tensor): Artifact["tensors"][number]["dims"] =>
  t.dims.map((axes) => ({
    axes: axes.map((a) => b.axis(a).name),
    extent: axes.reduce<SizeExpr>((n, a) => size("*", n, b.axis(a).size), 1),
  }));

/** A default value as an expression that the runtime evaluates. */
const scalarExpr = (b: GraphView, id: NodeId): ScalarExpr => {
  const n = b.node(id);
  switch (n.kind) {
    case "const":
      return n.value;
    case "size":
    case "scalar":
      return n.name;
    case "unary":
      return [n.op, scalarExpr(b, n.a)];
    case "binary":
      return [n.op === "/" && n.ty === "i32" ? "floordiv" : n.op, scalarExpr(b, n.a), scalarExpr(b, n.b)];
    case "index":
    case "load":
    case "select":
    case "reduce":
    case "carried":
    case "scan":
      throw new Error("a default value may only use sizes and scalars");
  }
};

/** The plan in one line. */
const planLine = (plan: Plan, schedules: readonly Schedule[]): string =>
  plan.kernels
    .map((k, n) => {
      const s = schedules[n];
      const passes = k.stream.length === 0 ? "elementwise" : `${k.passes} pass${k.passes === 1 ? "" : "es"}`;
      return `${k.name}: ${passes}, ${s === undefined ? "" : printSchedule(s)}`;
    })
    .join("; ");
