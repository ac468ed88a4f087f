/** Groups of results, a kernel each, rearranged: what joins another one, what comes first. */
import { scansBelow } from "../graph/scan.ts";
import { acrossRows } from "./across.ts";
import { bound, type Cx, type Group, isShort, outermost, type Root, same, waitsFor } from "./planning.ts";

/** Results of states that another group walks along anyway, for more rows: one of these rows writes them. */
export const joinScans = (cx: Cx, groups: Group[]): void => {
  const states = (g: Group): readonly number[] =>
    scansBelow(
      cx.b,
      g.roots.map((r) => r.value),
    ).map((s) => s.state);
  for (const g of [...groups]) {
    const own = states(g);
    const host = groups.find(
      (h) =>
        h !== g &&
        same(h.stream, g.stream) &&
        g.rows.every((a) => h.rows.includes(a)) &&
        own.every((s) => states(h).includes(s)) &&
        g.roots.every((r) => acrossRows(cx, r.value, h.stream, h.rows).length === 0),
    );
    if (own.length === 0 || host === undefined) continue;
    host.roots.push(...g.roots);
    groups.splice(groups.indexOf(g), 1);
  }
};

/** Splits groups so that a kernel never reads a scratch tensor that waits for the kernel itself: first what reads none, and so on. */
export const byLevel = (cx: Cx, groups: Group[]): void => {
  const roots = new Map(groups.flatMap((g) => g.roots).map((r) => [r.tensor, r]));
  const levels = new Map<string, number>();
  const level = (r: Root): number => {
    const known = levels.get(r.tensor);
    if (known !== undefined) return known;
    const read = [...cx.b.reach([r.value])].flatMap((id) => {
      const n = cx.b.node(id);
      const from = n.kind === "load" ? roots.get(n.tensor) : undefined;
      return from === undefined || from === r ? [] : [from];
    });
    const found = read.reduce((most, x) => Math.max(most, 1 + level(x)), 0);
    levels.set(r.tensor, found);
    return found;
  };
  const split = groups.flatMap((g) =>
    [...new Set(g.roots.map(level))]
      .sort((x, y) => x - y)
      .map((n): Group => ({ ...g, level: n, roots: g.roots.filter((r) => level(r) === n) })),
  );
  groups.splice(0, groups.length, ...split);
};

/** Results that need no stream of their own are written by a kernel that visits all their cells anyway. */
export const adoptElementwise = (cx: Cx, groups: Group[]): void => {
  for (const g of [...groups]) {
    for (const root of [...g.roots]) {
      const runs = [...cx.b.reach([root.value])]
        .map((id) => cx.b.node(id))
        .some((n) => n.kind === "scan" || (n.kind === "reduce" && n.op === "cumsum"));
      if (runs || !outermost(cx.b, root.value).every((r) => isShort(cx, r))) continue;
      const host = groups.find(
        (h) =>
          h !== g &&
          h.stream.length > 0 &&
          h.level >= g.level &&
          same([...h.rows, ...h.stream], root.axes) &&
          !h.roots.some((r) => waitsFor(cx, groups, r.value, root.tensor)) &&
          acrossRows(cx, root.value, h.stream, h.rows).length === 0,
      );
      if (host === undefined) continue;
      host.roots.push(root);
      g.roots.splice(g.roots.indexOf(root), 1);
    }
    if (g.roots.length === 0) groups.splice(groups.indexOf(g), 1);
  }
};

/** Results of one group whose tensors are more than a kernel can bind are written by several kernels, which compute what they share anew. */
export const withinBuffers = (cx: Cx, groups: Group[], buffers: number): void => {
  const apart = groups.flatMap((g): Group[] => {
    // Results of a recurrence are written where it is walked.
    if (g.roots.some((r) => cx.facts.hasScan(r.value))) return [g];
    const parts: { readonly roots: Root[]; bound: ReadonlySet<string> }[] = [];
    for (const root of g.roots) {
      const own = bound(cx.b, root);
      const host = parts.find((p) => new Set([...p.bound, ...own]).size <= buffers);
      if (host === undefined) parts.push({ roots: [root], bound: new Set(own) });
      else {
        host.roots.push(root);
        host.bound = new Set([...host.bound, ...own]);
      }
    }
    return parts.map(({ roots }) => ({ ...g, roots }));
  });
  groups.splice(0, groups.length, ...apart);
};
