/** Views of an AST that two texts of the same meaning share. */

/** The node without its spans. */
export function withoutSpans(node: unknown): unknown {
  return rewrite(node, (record) => record);
}

/** The node without spans and without the parentheses of expressions. */
export function withoutGroups(node: unknown): unknown {
  return rewrite(node, (record) => (record["kind"] === "group" ? record["inner"] : record));
}

function rewrite(node: unknown, change: (record: Record<string, unknown>) => unknown): unknown {
  if (Array.isArray(node)) return node.map((item) => rewrite(item, change));
  if (node === null || typeof node !== "object") return node;
  const entries = Object.entries(node).filter(([key]) => key !== "span" && key !== "fromSpan");
  return change(Object.fromEntries(entries.map(([key, value]) => [key, rewrite(value, change)])));
}
