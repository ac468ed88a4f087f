/** Comparisons of integers that always or never hold over the axes' boxes become constants; what they decide simplifies. */
import type { GraphBuilder } from "../graph/build.ts";
import type { GraphView } from "../graph/view.ts";
import { operands, type Node, type NodeId } from "../graph/graph.ts";
import { folded } from "../graph/walk.ts";
import { linAdd, linConst, linearOf, linScale, provablyNonNegative } from "./affine.ts";
import type { Linear } from "./affine.ts";

/** The forms that are >= 0 exactly when the comparison holds (all of them). */
export const formsOf = (b: GraphView, id: NodeId): readonly Linear[] => {
  const n = b.node(id);
  if (n.kind !== "binary" || b.node(n.a).ty !== "i32") return [];
  const difference = linAdd(linearOf(b, n.b), linearOf(b, n.a), -1);
  switch (n.op) {
    case "<=":
      return [difference];
    case "<":
      return [linAdd(difference, linConst(-1))];
    case ">=":
      return [linScale(difference, -1)];
    case ">":
      return [linAdd(linScale(difference, -1), linConst(-1))];
    case "==":
      return [difference, linScale(difference, -1)];
    default:
      return [];
  }
};

/** Whether a comparison of ints always (1), never (0) or sometimes (null) holds where the facts do. */
export const settled = (b: GraphView, id: NodeId, facts: readonly Linear[] = []): 0 | 1 | null => {
  const forms = formsOf(b, id);
  if (forms.length === 0) return null;
  if (forms.every((f) => provablyNonNegative(b, f, facts))) return 1;
  return forms.some((f) => provablyNonNegative(b, linAdd(linScale(f, -1), linConst(-1)), facts)) ? 0 : null;
};

/** Settles all comparisons below a node; nodes of `keep` stay as they are, with all below them. */
export const settleComparisons = (b: GraphBuilder, root: NodeId, keep: ReadonlySet<NodeId> = new Set()): NodeId =>
  comparisonSettler(b, keep)(root);

/** `settleComparisons` for many roots: what they share is asked once. */
export const comparisonSettler = (b: GraphBuilder, keep: ReadonlySet<NodeId>): ((root: NodeId) => NodeId) => {
  const answers = new Map<NodeId, 0 | 1 | null>();
  const answer = (n: Node): 0 | 1 | null => {
    if (n.kind !== "binary" || n.ty !== "bool") return null;
    const known = answers.get(n.id);
    const found = known === undefined ? settled(b, n.id) : known;
    answers.set(n.id, found);
    return found;
  };
  const isLeft = (n: Node): boolean => keep.has(n.id) || answer(n) !== null;
  return folded<NodeId>(
    b,
    (n, of) => {
      const known = keep.has(n.id) ? null : answer(n);
      if (known !== null) return b.konst(known, "bool");
      const before = isLeft(n) ? [] : operands(n);
      return of.every((x, i) => x === before[i]) ? n.id : b.rebuild(n, of);
    },
    (n) => (isLeft(n) ? [] : operands(n)),
  );
};
