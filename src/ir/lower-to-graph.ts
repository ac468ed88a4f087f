/**
 * Spec -> Graph: sizes, static parameters and element types are chosen; domains (`where`, reads that may be out of range)
 * move into the reductions they restrict; `mean any all count` become sums. What is computed does not change.
 */
import type { Diagnostic } from "../base/diagnostic.ts";
import { entry } from "../base/must.ts";
import { bindSize, sizeNames } from "../base/size.ts";
import { originAt, type Span } from "../base/span.ts";
import type { StorageType } from "../base/storage-type.ts";
import type { Spec } from "../check/spec.ts";
import { conditionsOf } from "./conditions.ts";
import { graphBuilder } from "./graph/build.ts";
import type { Axis, AxisId, Graph, GraphResult, NodeId, Scalar, Tensor, Ty } from "./graph/graph.ts";
import { lostConditions } from "./lost-conditions.ts";
import { LoweringError } from "./lowering-error.ts";
import { bindStatics } from "./statics.ts";
import { valuesOf } from "./values.ts";

export type LowerOptions = {
  /** Sizes known at compile time. */
  readonly dims: Readonly<Record<string, number>>;
  readonly statics: Readonly<Record<string, number>>;
  /** Element types of type variables; the first option where absent. */
  readonly types: Readonly<Record<string, StorageType>>;
};

/** The graph, and what the user should hear of. */
export type Lowered = {
  readonly graph: Graph;
  readonly warnings: readonly Diagnostic[];
};

export const lowerToGraph = (spec: Spec, options: LowerOptions): Lowered => {
  const known = new Map<string, number>(Object.entries(options.dims));
  bindStatics(spec, options, known);
  const axes: Axis[] = spec.axes.map((a) => ({ ...a, size: bindSize(a.size, known) }));
  const b = graphBuilder(axes, { scalars: spec.scalars.map((s) => s.name) });
  const types = new Map<string, StorageType>(
    spec.typeVars.map((t) => [t.name, options.types[t.name] ?? t.options[0] ?? "f32"]),
  );
  const storage = (dtype: string): StorageType => types.get(dtype) ?? (dtype as StorageType);
  const tensors: Tensor[] = [
    ...spec.tensors.map((t) => tensorOf(t.name, storage(t.dtype), t.dims, "input", t.span)),
    ...spec.results.map((t) => tensorOf(t.name, storage(t.dtype), t.dims, "output", t.span)),
  ];
  const tensorNamed = new Map(tensors.map((t) => [t.name, t]));

  const statics = new Map<string, NodeId>();
  const scalars: Scalar[] = [];
  const conditions = conditionsOf(b);
  const lost = lostConditions(b, (axis) => b.axis(axis).name);
  const scalarNode = (name: string, span: Span): NodeId => {
    const fixed = statics.get(name);
    if (fixed !== undefined) return fixed;
    const s = scalars.find((x) => x.name === name);
    if (s === undefined) throw new LoweringError("TFX4003", `\`${name}\` has no value`, span);
    return b.scalar(name, s.ty);
  };
  const names = new Map<NodeId, string>();
  const valueOf = valuesOf({ b, known, tensorNamed, scalarNode, lost, names });
  for (const s of spec.scalars) {
    const ty: Ty = s.dtype === "f32" ? "f32" : s.dtype === "bool" ? "bool" : "i32";
    if (s.isStatic) statics.set(s.name, b.konst(entry(known, s.name), ty));
    else scalars.push({ name: s.name, ty, init: s.init === null ? null : valueOf(s.init).v, span: s.span });
  }

  const results: GraphResult[] = spec.results.map((r) => {
    const cell = valueOf(r.value);
    names.set(cell.v, r.name);
    // A cell that does not exist gets 0.
    const exists = conditions.all(cell.dom);
    return {
      tensor: r.name,
      value:
        exists === null
          ? cell.v
          : b.from(originAt(r.value.span), () => b.select(exists, cell.v, b.konst(0, b.node(cell.v).ty))),
      span: r.value.span,
    };
  });
  const used = new Set<string>(axes.flatMap((a) => sizeNames(a.size)));
  const runtimeScalars = new Set(scalars.map((s) => s.name));
  const sizes = spec.sizes.filter((s) => !known.has(s) && used.has(s) && !runtimeScalars.has(s));
  const graph = b.finish({
    name: spec.name,
    doc: spec.doc,
    span: spec.span,
    nameSpan: spec.nameSpan,
    tensors,
    scalars,
    sizes,
    results,
    names,
  });
  return { graph, warnings: lost.warnings };
};

const tensorOf = (
  name: string,
  dtype: StorageType,
  dims: readonly { readonly axes: readonly AxisId[] }[],
  role: "input" | "output",
  span: Span,
): Tensor => ({ name, dtype, dims: dims.map((d) => d.axes), role, span });
