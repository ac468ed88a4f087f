import type { Node } from "./graph/graph.ts";

/** Something that cannot be planned or lowered; reported at the user's line. */
export class Unsupported extends Error {
  readonly node: Node;
  constructor(node: Node, what: string) {
    super(what);
    this.node = node;
  }
}
