import type { Axis, Graph, Node, NodeId } from "./graph.ts";
import { sizeNames } from "../../base/size.ts";

/** Something that cannot be planned or lowered; reported at the user's line. */
export class Unsupported extends Error {
  readonly node: Node;
  /** The graph that has the node, once the pass is given up. */
  graph: Graph | null = null;
  constructor(node: Node, what: string) {
    super(what);
    this.node = node;
  }
}

/** Asked for a size that the plan must know: reported to the user by name. */
export class UnknownSize extends Error {
  readonly axis: Axis;
  /** The value that is computed over the whole axis, where one is at fault. */
  readonly node: NodeId | null;
  /** The graph that has the node, once the pass is given up. */
  graph: Graph | null = null;
  constructor(axis: Axis, node: NodeId | null = null) {
    super(`the size of axis ${axis.name} must be known`);
    this.axis = axis;
    this.node = node;
  }
}

/** Runs a pass; what it gives up with knows its graph as far as it was written. */
export const attempted = <T>(run: () => T, written: () => Graph): T => {
  try {
    return run();
  } catch (e) {
    if ((e instanceof Unsupported || e instanceof UnknownSize) && e.graph === null) e.graph = written();
    throw e;
  }
};

/** The size symbols to give. */
export const sizesAsked = (e: UnknownSize): readonly string[] => sizeNames(e.axis.size);
