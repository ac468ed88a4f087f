/** The schedules `rows` and `split`: passes over the stream, then the results. */
import type { SizeExpr } from "../../base/size.ts";
import { NO_ORIGIN, type Origin } from "../../base/span.ts";
import type { Accumulator, KernelPlan, Store } from "../derive/plan.ts";
import type { NodeId } from "../graph/graph.ts";
import type { StreamSchedule } from "../schedule/schedule.ts";
import { sharingOf } from "../schedule/sharing.ts";
import * as T from "../tile/build.ts";
import type { Buffer } from "../tile/tile.ts";
import { type Emitter, within } from "./emit.ts";
import { gridOf } from "./grid.ts";
import { endsAt, lowerPass } from "./pass.ts";
import { writeResults } from "./results.ts";
import { scope, type Scope } from "./scope.ts";
import type { Slot } from "./state.ts";

/** All passes and the results behind them. Returns the number of workgroups. */
export const lowerStream = (em: Emitter, plan: KernelPlan, schedule: StreamSchedule, workgroup: Buffer[]): SizeExpr => {
  const sharing = sharingOf(em.b, plan, schedule);
  const grid = gridOf(em, sharing);
  let known: Scope[] = grid.rows.map((r) => scope("pass 0", [r.scope], em.root.stmts));
  const held = schedule.hold ? new Map<string, Scope>() : null;
  const carried = new Map<NodeId, readonly (readonly Slot[])[]>();
  for (let pass = 0; pass < plan.passes; pass++) {
    const accs = plan.accumulators.filter((a) => a.pass === pass);
    const stores = plan.stores.filter((s) => s.pass === pass);
    if (accs.length === 0 && stores.length === 0 && endsAt(plan, pass).length === 0) continue;
    if (plan.passes > 1) em.root.stmts.push(T.comment(`pass ${pass + 1} of ${plan.passes}`));
    const before = known;
    const cx = { em, plan, schedule, sharing, grid, workgroup, held, carried };
    known = within(em, originOfPass(em, plan, accs, stores), () => lowerPass(cx, pass, accs, stores, before));
  }
  if (plan.stores.some((s) => s.pass === null)) writeResults(em, plan, sharing, grid, known, carried);
  return grid.groups;
};

/** What a pass is for: its reductions, else its states, else what it writes. */
const originOfPass = (
  em: Emitter,
  plan: KernelPlan,
  accs: readonly Accumulator[],
  stores: readonly Store[],
): Origin => {
  const of = (ids: readonly NodeId[]): Origin => [...new Set(ids.flatMap((id) => em.b.origins[id] ?? NO_ORIGIN))];
  const found = [accs.map((a) => a.node), plan.scans.map((s) => s.node), stores.map((s) => s.value)].map(of);
  return (found.find((o) => o.length > 0) ?? NO_ORIGIN).slice(0, MOST_PLACES);
};

/** Most places that a loop is said to be of. */
const MOST_PLACES = 4;
