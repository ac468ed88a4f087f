import type { Axis, Node, NodeId } from "./graph/graph.ts";
import { sizeNames } from "../base/size.ts";

/** Something that cannot be planned or lowered; reported at the user's line. */
export class Unsupported extends Error {
  readonly node: Node;
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
  constructor(axis: Axis, node: NodeId | null = null) {
    super(`the size of axis ${axis.name} must be known`);
    this.axis = axis;
    this.node = node;
  }
}

/** The size symbols to give. */
export const sizesAsked = (e: UnknownSize): readonly string[] => sizeNames(e.axis.size);
