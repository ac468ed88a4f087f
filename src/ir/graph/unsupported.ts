import { NO_ORIGIN, type Origin } from "../../base/span.ts";
import type { Axis, Node, NodeId } from "./graph.ts";
import type { GraphView } from "./view.ts";
import { sizeNames } from "../../base/size.ts";

/** Something that cannot be planned or lowered; reported at the user's line. */
export class Unsupported extends Error {
  readonly node: Node;
  /** Of the node: told when the pass is given up (`attempted`). */
  origin: Origin = NO_ORIGIN;
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
  /** Of the node: told when the pass is given up (`attempted`). */
  origin: Origin = NO_ORIGIN;
  constructor(axis: Axis, node: NodeId | null = null) {
    super(`the size of axis ${axis.name} must be known`);
    this.axis = axis;
    this.node = node;
  }
}

/** Runs a pass; what it gives up with says where the value stands that is at fault. */
export const attempted = <T>(g: GraphView, run: () => T): T => {
  try {
    return run();
  } catch (e) {
    if (e instanceof Unsupported) e.origin = g.origins[e.node.id] ?? NO_ORIGIN;
    if (e instanceof UnknownSize && e.node !== null) e.origin = g.origins[e.node] ?? NO_ORIGIN;
    throw e;
  }
};

/** The size symbols to give. */
export const sizesAsked = (e: UnknownSize): readonly string[] => sizeNames(e.axis.size);
