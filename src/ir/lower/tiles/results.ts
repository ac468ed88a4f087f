/** Results behind the last pass: numbers of a row by one of its lanes, features by the lanes that hold them. */
import type { Store } from "../../derive/plan.ts";
import type { AxisId } from "../../graph/graph.ts";
import type { Stmt } from "../../tile/tile.ts";
import * as T from "../../tile/build.ts";
import { emitStore } from "../access.ts";
import { firstRow } from "../block.ts";
import type { Fixed } from "../emit.ts";
import { NOTHING_FIXED, elementFix, emit, withinNode } from "../emit.ts";
import { scope, type Scope } from "../scope.ts";
import { vectorsOf, type TileCx } from "./context.ts";

export const writeTiles = (cx: TileCx, known: readonly Scope[]): void => {
  const { em, plan, grid } = cx;
  grid.rows.forEach((row, r) => {
    const inner: Stmt[] = [];
    const s = scope(`row ${r} results`, [known[r] as Scope], inner);
    for (const st of plan.stores) withinNode(em, st.value, () => inner.push(...writeOne(cx, st, s)));
    em.root.stmts.push(...guarded(row.valid, inner));
  });
};

const guarded = (cond: ReturnType<typeof T.bool>, body: readonly Stmt[]): readonly Stmt[] =>
  cond.kind === "lit" && cond.value === 1 ? body : [T.ifStmt(cond, body)];

const writeOne = (cx: TileCx, st: Store, row: Scope): readonly Stmt[] => {
  const { em, plan } = cx;
  const [axis] = st.axes.filter((a) => !plan.rows.includes(a));
  const once = firstRow(em, st, row) ?? T.bool(true);
  if (axis === undefined) {
    const into: Stmt[] = [];
    write(cx, st, NOTHING_FIXED, scope("result", [row], into), into);
    return guarded(T.and(once, T.eq(cx.side, T.i32(0))), into);
  }
  return vectorsOf(cx, axis).flatMap(({ fix, exists }) => {
    const into: Stmt[] = [];
    const s = scope("result", [row], into);
    const { size } = em.b.axis(axis);
    if (typeof size === "number" && size % 4 === 0) write(cx, st, new Map([[axis, fix]]), s, into);
    else for (const k of [0, 1, 2, 3]) into.push(...element(cx, st, axis, fix.chunk, k, s));
    return guarded(T.and(once, exists), into);
  });
};

/** One feature of a vector that may end behind the last one. */
const element = (
  cx: TileCx,
  st: Store,
  axis: AxisId,
  chunk: ReturnType<typeof T.i32>,
  k: number,
  row: Scope,
): readonly Stmt[] => {
  const into: Stmt[] = [];
  const fix = elementFix(chunk, k);
  write(cx, st, new Map([[axis, fix]]), scope("result", [row], into), into);
  return [T.ifStmt(T.lt(fix.at, T.sizeToExpr(cx.em.b.axis(axis).size)), into)];
};

const write = ({ em }: TileCx, st: Store, fixed: Fixed, at: Scope, into: Stmt[]): void => {
  into.push(...emitStore(em, st.tensor, st.axes, emit(em, st.value, fixed, at).e, fixed, at));
};
