/** Values of a rewritten graph that kernels of their own store. The graph stays whole: it has the values themselves where they are read. */
import { item } from "../../../base/must.ts";
import type { GraphBuilder } from "../../graph/build.ts";
import type { AxisId, NodeId, ScanDef } from "../../graph/graph.ts";

/** A value with the axes of its tensor, in order, and each read of it: the node that stands for it, and where it reads. */
export type Kept = {
  readonly name: string;
  readonly value: NodeId;
  readonly axes: readonly AxisId[];
  readonly reads: ReadonlyMap<NodeId, readonly NodeId[]>;
};

/** Reads a kept value at other indices than its own (one for each axis that is asked for). */
export type Read = (at: ReadonlyMap<AxisId, NodeId>) => NodeId;

/** What is kept so far; each value once. */
export type Keeping = {
  readonly all: () => readonly Kept[];
  readonly value: (name: string, value: NodeId, axes: readonly AxisId[]) => Read;
  readonly scan: (def: ScanDef, axes: readonly AxisId[]) => Read;
};

export const keeping = (b: GraphBuilder): Keeping => {
  const kept = new Map<NodeId, Kept & { readonly reads: Map<NodeId, readonly NodeId[]> }>();
  /** `readAt`: the value at indices of the axes of its tensor, which are those of the first that kept it. */
  const keep = (
    name: string,
    value: NodeId,
    axes: readonly AxisId[],
    readAt: (at: readonly NodeId[], axes: readonly AxisId[]) => NodeId,
  ): Read => {
    const own = kept.get(value) ?? { name, value, axes, reads: new Map<NodeId, readonly NodeId[]>() };
    kept.set(value, own);
    return (given) => {
      const at = own.axes.map((a) => given.get(a) ?? b.index(a));
      const read = readAt(at, own.axes);
      const { kind } = b.node(read);
      // What became a constant or a read of memory needs no tensor.
      if (kind !== "const" && kind !== "load" && kind !== "index") own.reads.set(read, at);
      return read;
    };
  };
  return {
    all: () => [...kept.values()],
    value: (name, value, axes) =>
      keep(name, value, axes, (at, kept) => b.substitute(value, new Map(kept.map((a, n) => [a, item(at, n)])))),
    scan: (def, axes) => {
      const own = [def.over, ...def.dims];
      return keep(def.name, b.scan(def), axes, (at, kept) =>
        b.scan(
          def,
          own.map((a) => item(at, kept.indexOf(a))),
        ),
      );
    },
  };
};
