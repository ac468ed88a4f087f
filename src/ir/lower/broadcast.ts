/** Values of the stream that one lane of a subgroup loads for the others. */
import { first } from "../../base/must.ts";
import * as T from "../tile/build.ts";
import type { Expr, Stmt } from "../tile/tile.ts";
import type { Key } from "./cells.ts";
import { baseName, emit, keyOf, name, type Fixed } from "./emit.ts";
import { natural } from "./grid.ts";
import { scope, type Scope } from "./scope.ts";
import type { Segment } from "./segment.ts";

/** All fixed axes are written out, or count a loop that the whole block is in: nothing depends on a loop inside the block. */
const isOutside = (block: Scope, fixed: Fixed): boolean =>
  [...fixed.values()].every((f) => {
    const e = "chunk" in f ? f.chunk : f.at;
    return e.kind === "lit" || [...block.axes.values()].includes(e);
  });

/** Lane n of each group of `cells` lanes loads cell n; the others get it by broadcast. Right for any subgroup of at least `cells` lanes. */
export const broadcastFrom = (
  cx: Segment,
  block: Scope,
  t: Expr,
  end: Expr | null,
  keys: readonly Pick<Key, "scope">[],
  stmts: Stmt[],
): void => {
  const { em } = cx;
  const own = scope("own key", [block], stmts);
  const turn = natural(em, em.root, "turn", T.mod(T.subgroupLane, T.i32(cx.schedule.cells)));
  const mine = T.add(t, turn);
  const axis = first(cx.axes);
  own.axes.set(axis, natural(em, own, "own", end === null ? mine : T.min(mine, T.sub(cx.length, T.i32(1)))));
  const numbers = new Map(keys.map((k, n) => [k.scope, n]));
  em.overrides.set(block, (id, fixed, at) => {
    if (!cx.streamOnly.has(id) || !isOutside(block, fixed)) return null;
    const key = [...at.above].find((s) => numbers.has(s));
    const nth = key === undefined ? undefined : numbers.get(key);
    if (key === undefined || nth === undefined) return null;
    const from = emit(em, id, fixed, own);
    if (!from.s.above.has(own)) return from;
    const base = em.names.get(id) ?? baseName(em.b.node(id));
    const source = name(em, own, `${base}_own`, from.e);
    own.memo.set(keyOf(em.b.node(id), fixed), source);
    return { e: name(em, key, base, T.subgroup("broadcast", source, T.u32(nth))), s: key };
  });
};
