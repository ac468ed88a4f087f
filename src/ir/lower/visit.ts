/** Which cells of a segment are visited: held in registers, walked, or tile by tile. */
import { CODE } from "../../base/costs.ts";
import type { SizeExpr } from "../../base/size.ts";
import type { NodeId } from "../graph/graph.ts";
import * as T from "../tile/build.ts";
import { I32, type Stmt } from "../tile/tile.ts";
import { emitBlock } from "./block.ts";
import { memberOf, natural } from "./grid.ts";
import { visitedCells } from "./visited.ts";
import type { PassContext, Segment } from "./segment.ts";
import { stageTile } from "./stage.ts";
import { type Walk, walkStream } from "./walk.ts";

/** Appends the code that visits the cells of a segment. `total`: how many there are; `storing`: the pass writes cells. */
export const lowerSegment = (cx: PassContext, seg: Segment, total: SizeExpr, storing: boolean): void => {
  const { em, schedule, sharing, grid } = cx;
  const stmts = em.root.stmts;
  const never = (where: NodeId | null): boolean => {
    const n = where === null ? null : em.b.node(where);
    return n !== null && n.kind === "const" && n.value === 0;
  };
  // A condition that never holds leaves nothing to visit.
  if (!storing && seg.parts.every((p) => never(p.where)) && seg.running.length === 0 && seg.states.length === 0) return;
  if (total === 0) return;
  const share = sharing.lanesPerRow;
  const stride = schedule.cells * share;
  const unit = schedule.vectorStream ? 4 : 1;
  const length = schedule.vectorStream && typeof total === "number" ? T.i32(total / 4) : seg.length;
  const member =
    share === 1 || share === sharing.lanes ? memberOf(sharing) : natural(em, em.root, "member", memberOf(sharing));
  const range = visitedCells({ em, grid, inner: sharing.inner, seg, length, storing });
  if (cx.held !== null) {
    const exact = typeof total === "number" && total % (stride * unit) === 0 && range.allVisible;
    emitBlock(seg, member, exact ? null : range.end, stmts);
    return;
  }
  const staged = schedule.source === "workgroup" ? schedule.tile : null;
  const classify = range.classify;
  const tile = staged ?? (classify === null ? 0 : Math.max(CODE.classified, stride));
  const whole = (staged ?? stride) * unit;
  const exact = range.allVisible && (whole === 1 || (typeof total === "number" && total % whole === 0));
  const walk: Walk = { seg, schedule, range, member, exact, em };
  if (tile === 0) {
    walkStream(walk, range.begin, range.end, stmts, null, null);
    return;
  }
  const t0 = em.fresh("tile0");
  em.natural.add(t0);
  const from = T.ref(t0, I32);
  const body: Stmt[] = [];
  const visit: Stmt[] = [];
  const end = em.fresh("tile_end");
  body.push(T.letStmt(end, T.min(T.add(from, T.i32(tile)), range.end)));
  const to = T.ref(end, I32);
  const asked = classify === null ? null : classify(from, to, body);
  const { lanes } = sharing;
  const staging =
    staged === null
      ? null
      : stageTile(
          { em, seg, cells: tile, lanes, from, length, group: grid.group, workgroup: cx.workgroup },
          visit,
        )(from);
  walkStream(walk, from, to, visit, staging, asked?.must ?? null);
  body.push(...(asked?.may == null ? visit : [T.ifStmt(asked.may, visit)]));
  stmts.push(T.forStmt(t0, range.begin, range.end, T.i32(tile), body));
};
