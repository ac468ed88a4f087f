/**
 * One block of the stream: a few cells written out for each row of the lane. Maxima first, then the correction of what they
 * gauge, then the sums (docs/theory.md 2.1, equation ★, with the exponentials fused again).
 */
import { CODE } from "../../base/costs.ts";
import { originAt } from "../../base/span.ts";
import type { Store } from "../derive/plan.ts";
import type { Node, NodeId } from "../graph/graph.ts";
import { operands } from "../graph/graph.ts";
import { startingValue } from "../graph/reduction.ts";
import { reach } from "../graph/walk.ts";
import type { Expr, Stmt } from "../tile/tile.ts";
import { F32 } from "../tile/tile.ts";
import * as T from "../tile/build.ts";
import { emitStore } from "./access.ts";
import type { Emitter, Fix, Fixed } from "./emit.ts";
import { NOTHING_FIXED, baseName, bind, emit, keyOf as memoKey, name, pointsOf, within, withinNode } from "./emit.ts";
import { correctionOf, shiftOf } from "./gauge.ts";
import { decodeAxes, natural } from "./grid.ts";
import { contractInLoop, loopAxesOf, sumsBelow } from "./feature-loop.ts";
import type { LoopCell } from "./feature-loop.ts";
import { combine } from "./operators.ts";
import { dotTerm } from "./reduce.ts";
import type { Row } from "./grid.ts";
import { scope } from "./scope.ts";
import type { Scope } from "./scope.ts";
import { accumulate, type Slot } from "./state.ts";
import { stepper } from "./scan.ts";
import type { Part, Scan, Segment } from "./segment.ts";

type Cell = { readonly scope: Scope; readonly key: Key };
type Key = { readonly scope: Scope; readonly fixed: Fixed; readonly index: Expr; readonly exists: Expr };

/** The statements of a block whose first cell is `t`. `end`: cells from here on do not exist; null: all cells exist and are visible. */
export const emitBlock = (cx: Segment, t: Expr, end: Expr | null, stmts: Stmt[]): void => {
  const { em } = cx;
  const block = scope("block", [cx.group], stmts);
  // Lanes that share a row take neighbouring cells: what they read lies side by side.
  const apart = cx.sharing.lanesPerRow;
  const keys = Array.from({ length: cx.schedule.cells }, (_, k) => keyOf(cx, block, t, k, apart, end, stmts));
  if (cx.schedule.source === "subgroup") broadcastFrom(cx, block, t, end, keys, stmts);
  cx.tile?.(block, new Map(keys.map((k, n) => [k.scope, T.i32(n)])));
  const inRow = cx.rows.map((_, r) => scope(`row ${r} block`, [known(cx, r), block], stmts));
  const cells = cx.rows.map((row, r) =>
    keys.map((key, k): Cell => ({ scope: cellScope(cx, row, r, key, k, inRow[r] ?? block, stmts), key })),
  );
  contractPoints(
    cx,
    block,
    t,
    end,
    cells.flatMap((mine, r) =>
      mine.map((c) => ({ scope: c.scope, row: inRow[r] ?? block, key: c.key.scope, fixed: c.key.fixed })),
    ),
    keys,
    stmts,
  );
  cx.rows.forEach((row, r) => {
    const at = inRow[r] ?? block;
    const mine = cells[r] ?? [];
    contractTogether(cx, mine, stmts);
    advance(cx, r, mine, end, stmts);
    emitRow(cx, row, r, at, mine, end, stmts);
  });
  em.overrides.delete(block);
  for (const c of cells.flat()) em.overrides.delete(c.scope);
};

const known = (cx: Segment, r: number): Scope => {
  const s = cx.known[r];
  if (s === undefined) throw new Error(`no scope for row ${r}`);
  return s;
};

const keyOf = (cx: Segment, block: Scope, t: Expr, k: number, apart: number, end: Expr | null, stmts: Stmt[]): Key =>
  within(cx.em, originAt(cx.em.b.axis(cx.axes[0] ?? 0).span), () => keyWithin(cx, block, t, k, apart, end, stmts));

const keyWithin: typeof keyOf = (cx, block, t, k, apart, end, stmts) => {
  const { em } = cx;
  const kept = cx.held?.get(`key ${k}`);
  const s = kept ?? scope(`key ${k}`, cx.held === null ? [block] : [cx.group], stmts);
  cx.held?.set(`key ${k}`, s);
  const axis = cx.axes[0] ?? 0;
  if (cx.schedule.vectorStream) {
    const chunk = s.axes.get(-1) ?? natural(em, s, "at", T.add(t, T.i32(k * apart)));
    const inside =
      s.axes.get(-2) ?? (end === null ? chunk : natural(em, s, "at_in", T.min(chunk, T.sub(end, T.i32(1)))));
    s.axes.set(-1, chunk).set(-2, inside);
    return {
      scope: s,
      fixed: new Map([[axis, { chunk: inside } as Fix]]),
      index: T.mul(chunk, T.i32(4)),
      exists: end === null ? T.bool(true) : T.lt(chunk, end),
    };
  }
  const known = s.axes.get(-1);
  const raw = known ?? natural(em, s, cx.axes.length === 1 ? em.b.axis(axis).name : "cell", T.add(t, T.i32(k * apart)));
  if (known === undefined) {
    s.axes.set(-1, raw);
    const inside =
      end === null
        ? raw
        : natural(
            em,
            s,
            cx.axes.length === 1 ? `${em.b.axis(axis).name}_in` : "cell_in",
            T.min(raw, T.sub(cx.length, T.i32(1))),
          );
    if (cx.axes.length === 1) s.axes.set(axis, inside);
    else decodeAxes(em, s, cx.axes, inside);
  }
  const index = T.add(raw, cx.offset);
  return { scope: s, fixed: NOTHING_FIXED, index, exists: end === null ? T.bool(true) : T.lt(raw, end) };
};

const cellScope = (cx: Segment, row: Row, r: number, key: Key, k: number, inRow: Scope, stmts: Stmt[]): Scope => {
  if (cx.held === null) return scope(`cell ${r} ${k}`, [inRow, key.scope], stmts);
  const id = `cell ${r} ${k}`;
  const base = cx.held.get(id) ?? scope(id, [row.scope, key.scope], stmts);
  // What is made of finished statistics alone stays for the passes to come; what is made of those in flight goes with the pass.
  const settled = scope(`${id} finished`, [known(cx, r), base], stmts);
  cx.held.set(id, settled);
  return scope(`${id} pass`, [inRow, settled], stmts);
};

/** All fixed axes are written out, or count a loop that the whole block is in: nothing depends on a loop inside the block. */
const isOutside = (block: Scope, fixed: Fixed): boolean =>
  [...fixed.values()].every((f) => {
    const e = "chunk" in f ? f.chunk : f.at;
    return e.kind === "lit" || [...block.axes.values()].includes(e);
  });

/** The contractions that are asked for at many points, in loops over these (`feature-loop.ts`). */
const contractPoints = (
  cx: Segment,
  block: Scope,
  t: Expr,
  end: Expr | null,
  cells: readonly LoopCell[],
  keys: readonly Key[],
  stmts: Stmt[],
): void => {
  const { em } = cx;
  if (cx.schedule.vectorStream || cx.held !== null || cells.length === 0) return;
  for (const n of sumsBelow(em.b, [...cx.parts.map((p) => p.body), ...cx.stores.map((s) => s.value)])) {
    const streams = n.axes.some((a) => cx.axes.includes(a));
    const axes =
      !streams || cx.streamOnly.has(n.id) || em.accumulators.has(n.id) || em.stateful(n.id)
        ? null
        : loopAxesOf(em, n, [...cx.rowAxes, ...cx.axes]);
    if (axes === null) continue;
    const contract = (): void =>
      contractInLoop(
        em,
        n,
        axes,
        block,
        cells,
        (inside, below, body) => {
          if (cx.schedule.source === "subgroup")
            broadcastFrom(
              cx,
              inside,
              t,
              end,
              keys.map((k) => ({ ...k, scope: below.get(k.scope) ?? k.scope })),
              body,
            );
          return () => em.overrides.delete(inside);
        },
        stmts,
      );
    withinNode(em, n.id, contract);
  }
};

/** Lane n of each group of `cells` lanes loads cell n; the others get it by broadcast. Right for any subgroup of at least `cells` lanes. */
const broadcastFrom = (
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
  const axis = cx.axes[0] ?? 0;
  own.axes.set(axis, natural(em, own, "own", end === null ? mine : T.min(mine, T.sub(cx.length, T.i32(1)))));
  const numbers = new Map(keys.map((k, n) => [k.scope, n]));
  em.overrides.set(block, (id, fixed, at) => {
    if (!cx.streamOnly.has(id) || !isOutside(block, fixed)) return null;
    const key = [...at.above].find((s) => numbers.has(s));
    if (key === undefined) return null;
    const from = emit(em, id, fixed, own);
    if (!from.s.above.has(own)) return from;
    const base = em.names.get(id) ?? baseName(em.b.node(id));
    const source = name(em, own, `${base}_own`, from.e);
    own.memo.set(memoKey(em.b.node(id), fixed), source);
    return { e: name(em, key, base, T.subgroup("broadcast", source, T.u32(numbers.get(key) ?? 0))), s: key };
  });
};

/**
 * The contractions of all cells of the row side by side, term by term: what a term shares between cells (a chunk of the key
 * before its broadcast) lives only as long as the term.
 */
const contractTogether = (cx: Segment, cells: readonly Cell[], stmts: Stmt[]): void => {
  const { em } = cx;
  if (cells.length < 2) return;
  for (const n of contractionsOf(cx)) {
    const sums = cells.map(() => {
      const id = withinNode(em, n.id, () => em.fresh(em.names.get(n.id) ?? "dot"));
      stmts.push(T.varStmt(id, F32, T.f32(0)));
      return T.ref(id, F32);
    });
    for (const point of pointsOf(
      n.over.map((a) => em.b.axis(a)),
      true,
    )) {
      cells.forEach((c, k) => {
        const sum = sums[k];
        if (sum?.kind !== "ref") return;
        stmts.push(T.set(sum.name, T.add(sum, dotTerm(em, em.b.node(n.body), merged(point, c.key.fixed), c.scope).e)));
      });
    }
    cells.forEach((c, k) => bind(em, c.scope, n.id, c.key.fixed, sums[k] as Expr));
  }
};

/** Short sums that each cell asks for once: over the row's and the stream's operands, with no local axis. */
const contractionsOf = (cx: Segment): (Node & { kind: "reduce" })[] => {
  const { em } = cx;
  const isEnd = (n: Node): boolean => cx.streamOnly.has(n.id) || em.accumulators.has(n.id) || n.kind === "reduce";
  const roots = [...cx.parts.map((p) => p.body), ...cx.stores.map((s) => s.value)];
  const isAskedFor = (n: Node): n is Node & { kind: "reduce" } => {
    if (n.kind !== "reduce" || cx.streamOnly.has(n.id) || em.accumulators.has(n.id) || em.stateful(n.id)) return false;
    const total = n.over.reduce((k, a) => k * Number(em.b.axis(a).size), 1);
    const local = n.axes.filter((a) => !cx.rowAxes.includes(a) && !cx.axes.includes(a));
    const streams = n.axes.some((a) => cx.axes.includes(a));
    const unrolled =
      n.op === "sum" && n.ty === "f32" && n.where === null && total <= CODE.contraction && total >= CODE.sideBySide;
    return streams && local.length === 0 && unrolled && !cx.schedule.vectorStream;
  };
  return [...reach(em.b, roots.toReversed(), (n) => (isEnd(n) ? [] : operands(n).toReversed()))]
    .map((id) => em.b.node(id))
    .filter(isAskedFor);
};

/** Running sums, and states from cell to cell, each behind what it is made of. */
const advance = (cx: Segment, r: number, cells: readonly Cell[], end: Expr | null, stmts: Stmt[]): void => {
  if (cx.states.length === 0) return advanceScans(cx, r, cells, end, stmts, cx.scans);
  for (const c of cells) {
    // A block of one cell begins inside the stream.
    const exists = cells.length === 1 ? T.bool(true) : c.key.exists;
    const step = stepper(cx.em, cx.states, r, c.scope, c.key.fixed, exists, stmts);
    const sums = cx.scans.map((s) => ({ at: s.node, go: () => advanceScans(cx, r, [c], end, stmts, [s]) }));
    const states = cx.states.map((s) => ({ at: s.first, go: () => step(s) }));
    [...sums, ...states].sort((x, y) => x.at - y.at).forEach((x) => x.go());
  }
};

const advanceScans = (
  cx: Segment,
  r: number,
  cells: readonly Cell[],
  end: Expr | null,
  stmts: Stmt[],
  scans: readonly Scan[],
): void => {
  const { em } = cx;
  for (const scan of scans) {
    const carry = scan.carry[r];
    if (carry === undefined || carry.kind !== "ref") continue;
    for (const c of cells) {
      const x = emit(em, scan.body, c.key.fixed, c.scope).e;
      const see = visible(cx, scan.where, c, end);
      stmts.push(T.set(carry.name, T.add(carry, T.select(see, x, T.lit(0, x.type)))));
      const value = withinNode(em, scan.node, () => em.fresh(em.names.get(scan.node) ?? "running"));
      stmts.push(T.letStmt(value, carry));
      bind(em, c.scope, scan.node, c.key.fixed, T.ref(value, carry.type));
    }
  }
};

/** Whether the cell exists for the reduction. */
const visible = (cx: Segment, where: NodeId | null, c: Cell, end: Expr | null, point: Fixed = NOTHING_FIXED): Expr => {
  if (end === null) return T.bool(true);
  return where === null ? c.key.exists : T.and(c.key.exists, emit(cx.em, where, merged(point, c.key.fixed), c.scope).e);
};

const emitRow = (
  cx: Segment,
  row: Row,
  r: number,
  at: Scope,
  cells: readonly Cell[],
  end: Expr | null,
  stmts: Stmt[],
): void => {
  const { em } = cx;
  const gauges = cx.parts.filter((p) => p.acc.gauge !== null).map((p) => p.acc.gauge as NodeId);
  const stabilising = em.b.reach(gauges);
  const see = seen(cx, cells, end);
  const old = scope(`row ${r} before`, [known(cx, r)], stmts);
  const updates: Stmt[] = [];
  const raise = (p: Part): void => {
    for (const slot of p.slots[r] ?? []) {
      const [v] = slot.vars;
      if (v === undefined || v.kind !== "ref") continue;
      const low = startingValue(p.acc.op, slot.ty);
      const pick = (x: Expr, y: Expr): Expr => combine(p.acc.op, x, y);
      const values = cells.map((c, k) => {
        const x = emit(em, p.body, merged(slot.fixed, c.key.fixed), c.scope).e;
        const kept = T.select(T.splat(see(p.where, k, slot.fixed), x.type.width), x, T.lit(low, x.type));
        return x.type.width === 4 ? [0, 1, 2, 3].map((n) => T.component(kept, n)).reduce(pick) : kept;
      });
      const fresh = name(
        em,
        at,
        `${p.acc.name}_new`,
        values.reduce((m, x) => pick(m, x), v as Expr),
      );
      bind(em, at, p.acc.node, slot.fixed, fresh);
      bind(em, old, p.acc.node, slot.fixed, v);
      updates.push(T.set(v.name, fresh));
    }
  };
  for (const p of cx.parts) if (stabilising.has(p.acc.node)) withinNode(em, p.acc.node, () => raise(p));
  // What drifts with a sum reads it as it was before the block.
  const sums = cx.parts.filter((p) => !stabilising.has(p.acc.node));
  const take = (p: Part): void => {
    for (const [nth, slot] of (p.slots[r] ?? []).entries()) {
      const companion = cx.parts.find((x) => x.acc.node === p.acc.drift?.companion)?.slots[r]?.[nth];
      if (companion !== undefined) stmts.push(...driftBy(slot, companion, shiftOf(cx, p.acc, slot.fixed, old, at)));
      const values = cells.map((c, k) => ({
        value: emit(em, p.body, merged(slot.fixed, c.key.fixed), c.scope).e,
        visible: see(p.where, k, slot.fixed),
        index: c.key.index,
      }));
      stmts.push(...accumulate(em, slot, values, correctionOf(cx, p.acc, slot.fixed, old, at)));
    }
  };
  for (const p of [...sums.filter((x) => x.acc.drift !== undefined), ...sums.filter((x) => x.acc.drift === undefined)])
    withinNode(em, p.acc.node, () => take(p));
  for (const s of cx.stores) withinNode(em, s.value, () => emitStreamStore(cx, s, row, cells, end, stmts));
  stmts.push(...updates);
};

const merged = (p: Fixed, q: Fixed): Fixed => (q.size === 0 ? p : p.size === 0 ? q : new Map([...p, ...q]));

/** The visibility of cell k for a domain at a point of the local axes, each asked once. */
const seen = (
  cx: Segment,
  cells: readonly Cell[],
  end: Expr | null,
): ((where: NodeId | null, k: number, point: Fixed) => Expr) => {
  const memo = new Map<string, Expr>();
  return (where, k, point) => {
    const key = `${where === null ? "" : memoKey(cx.em.b.node(where), point)} ${k}`;
    const cell = cells[k];
    if (cell === undefined) return T.bool(false);
    const e =
      memo.get(key) ??
      withinNode(cx.em, where ?? -1, () => name(cx.em, cell.scope, "visible", visible(cx, where, cell, end, point)));
    memo.set(key, e);
    return e;
  };
};

/** sum + δ · companion: the sum of values times x + γ when γ has grown by δ. */
const driftBy = (slot: Slot, companion: Slot, shift: Expr): readonly Stmt[] => {
  const [sum, other] = [slot.vars[0], companion.vars[0]];
  if (sum?.kind !== "ref" || other === undefined) throw new Error("what drifts is a sum beside another one");
  return [T.set(sum.name, T.add(sum, T.mul(other, T.splat(shift, slot.type.width))))];
};

/** Whether the row is the one of several that writes the result; null: each writes its own. */
export const firstRow = (em: Emitter, s: Store, at: Scope): Expr | null =>
  s.once === undefined
    ? null
    : s.once
        .map((a) => T.binary("==", emit(em, em.b.index(a), NOTHING_FIXED, at).e, T.i32(0)))
        .reduce((x, y) => T.and(x, y));

const emitStreamStore = (
  cx: Segment,
  s: Store,
  row: Row,
  cells: readonly Cell[],
  end: Expr | null,
  stmts: Stmt[],
): void => {
  const { em } = cx;
  const local = s.axes
    .filter((a) => !cx.rowAxes.includes(a) && !cx.axes.includes(a) && a !== cx.union)
    .map((a) => em.b.axis(a));
  for (const c of cells) {
    const inner: Stmt[] = [];
    const within = scope("store", [c.scope], inner);
    if (cx.union !== null) within.axes.set(cx.union, c.key.index);
    for (const point of pointsOf(local, !cx.schedule.vectorStream)) {
      const fixed = merged(point, c.key.fixed);
      inner.push(...emitStore(em, s.tensor, s.axes, emit(em, s.value, fixed, within).e, fixed, within));
    }
    const once = firstRow(em, s, c.scope) ?? T.bool(true);
    const guard = T.and(once, end === null ? row.valid : T.and(row.valid, c.key.exists));
    stmts.push(...(guard.kind === "lit" && guard.value === 1 ? inner : [T.ifStmt(guard, inner)]));
  }
};
