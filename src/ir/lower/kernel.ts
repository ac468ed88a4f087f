/** Lowers one planned kernel under a schedule: grid, passes, segments of the stream, epilogue. */
import type { Accumulator, KernelPlan, ScanState, Store } from "../derive/plan.ts";
import { NO_ORIGIN, originAt, type Origin } from "../../base/span.ts";
import { Unsupported } from "../graph/unsupported.ts";
import type { AxisId, Graph, Node, NodeId } from "../graph/graph.ts";
import { operands } from "../graph/graph.ts";
import type { GraphBuilder } from "../graph/build.ts";
import type { GraphView } from "../graph/view.ts";
import { outerAxes, streamOnlyNodes } from "../derive/sharing.ts";
import { integerRanges, rangeOfStorage } from "../scalar/integers.ts";
import { REDUCTIONS } from "../graph/reduction.ts";
import { substituter } from "../graph/rewrite.ts";
import { folded } from "../graph/walk.ts";
import { size } from "../../base/size.ts";
import type { SizeExpr } from "../../base/size.ts";
import { comparisonSettler } from "../scalar/settle.ts";
import type { Buffer, Expr, Stmt, TileKernel } from "../tile/tile.ts";
import { I32, F32 } from "../tile/tile.ts";
import * as T from "../tile/build.ts";
import { emitStore } from "./access.ts";
import { emitBlock } from "./block.ts";
import { walkStream } from "./walk.ts";
import type { Walk } from "./walk.ts";
import type { Part, Scan, Segment } from "./block.ts";
import type { Emitter, Fix } from "./emit.ts";
import { bind, emit, within, withinNode } from "./emit.ts";
import { gridOf, natural } from "./grid.ts";
import type { Grid } from "./grid.ts";
import { mergeLanes } from "./merge.ts";
import { streamRange } from "./range.ts";
import { scope } from "./scope.ts";
import type { Scope } from "./scope.ts";
import {
  lanesOfRow,
  printSchedule,
  rowsOfLane,
  type ElementsSchedule,
  type Schedule,
  type StreamSchedule,
} from "../schedule/schedule.ts";
import { bindLast, declareStates, statefulIn } from "./scan.ts";
import { writeResults } from "./results.ts";
import { stageTile } from "./stage.ts";
import { declare, finished } from "./state.ts";
import type { Slot } from "./state.ts";

export type KernelInput = {
  readonly graph: Graph;
  readonly b: GraphBuilder;
  readonly plan: KernelPlan;
  readonly schedule: Schedule;
  readonly vectors: ReadonlySet<string>;
  readonly scalarUse: Set<string>;
  readonly names: ReadonlyMap<NodeId, string>;
};

export const lowerKernel = (input: KernelInput): TileKernel => {
  const { plan, schedule } = input;
  const body: Stmt[] = [];
  const em = emitterFor(input, body);
  const workgroup: Buffer[] = [];
  const groups =
    schedule.kind === "elements" ? lowerElements(em, plan, schedule) : lowerStream(em, plan, schedule, workgroup);
  return {
    name: plan.name,
    doc: docOf(input),
    lanes: schedule.lanes,
    groups,
    workgroup,
    body,
    origin: resultsOf(input),
    origins: em.origins,
  };
};

/** The expressions of the results that the kernel writes; of scratch tensors what they hold. */
const resultsOf = ({ graph, b, plan }: KernelInput): Origin => plan.stores.flatMap((s) => storeOrigin(graph, b, s));

const storeOrigin = (graph: Graph, b: GraphView, s: Store): Origin => {
  const result = graph.results.find((r) => r.tensor === s.tensor);
  const own = result === undefined ? NO_ORIGIN : originAt(result.span);
  return own.length > 0 ? own : (b.origins[s.value] ?? NO_ORIGIN);
};

const docOf = (input: KernelInput): readonly string[] => {
  const { plan, b } = input;
  const axes = (list: readonly AxisId[]): string => list.map((a) => b.axis(a).name).join(", ");
  const lines = [`writes ${plan.stores.map((s) => s.tensor).join(", ")}; one stream for each (${axes(plan.rows)})`];
  if (plan.stream.length > 0) {
    const carried = [...plan.scans, ...plan.accumulators].map((a) => a.name).join(", ");
    lines.push(
      `${plan.passes} pass${plan.passes === 1 ? "" : "es"} over ${axes(plan.stream)}${carried === "" ? "" : `, carrying ${carried}`}`,
    );
  }
  return [...lines, `schedule: ${printSchedule(input.schedule)}`];
};

/** Longest name before its number: derived ones (`cumsum_j_log_decay_b_h_j_all`) are sentences. */
const MAX_NAME = 20;

const emitterFor = (input: KernelInput, body: Stmt[]): Emitter => {
  const { b, plan } = input;
  const roots = [...plan.stores.map((s) => s.value), ...plan.accumulators.map((a) => a.node)];
  const uses = new Map<NodeId, number>();
  countUses(b, roots, uses);
  const taken = new Set<string>(["params", ...input.graph.tensors.map((t) => t.name)]);
  const counts = new Map<string, number>();
  const origins = new Map<string, Origin>(plan.stores.map((s) => [s.tensor, storeOrigin(input.graph, b, s)]));
  const fresh = (base: string): string => {
    const clean = base.replace(/\W+/g, "_").replace(/^(\d)/, "_$1").slice(0, MAX_NAME) || "x";
    let id = clean;
    for (let n = counts.get(clean) ?? 1; taken.has(id); n++) {
      id = `${clean}_${n}`;
      counts.set(clean, n + 1);
    }
    taken.add(id);
    origins.set(id, em.origin);
    return id;
  };
  const opaque = new Set<AxisId>();
  const dtypes = new Map(input.graph.tensors.map((t) => [t.name, t.dtype]));
  const integers = integerRanges(b, {
    opaque,
    tensors: input.graph.tensors.map((t) => t.dims.flat()),
    loaded: (tensor) => rangeOfStorage(dtypes.get(tensor) ?? "i32"),
  });
  const accumulators = new Set([...plan.accumulators, ...plan.scans.flatMap((s) => s.last)].map((a) => a.node));
  const carries = (n: Node): boolean =>
    accumulators.has(n.id) || n.kind === "scan" || n.kind === "carried" || (n.kind === "reduce" && n.op === "cumsum");
  const em: Emitter = {
    integers,
    opaque,
    plain: new Map(),
    b,
    graph: input.graph,
    root: scope("kernel", [], body),
    uses,
    names: new Map(input.names),
    fresh,
    vectors: input.vectors,
    scalarUse: input.scalarUse,
    overrides: new Map(),
    natural: new Set(),
    ranges: new Map(),
    accumulators,
    stateful: statefulIn(b),
    live: folded<boolean>(b, (n, of) => carries(n) || of.includes(true)),
    depth: folded<number>(b, (_, of) => of.reduce((most, x) => Math.max(most, x + 1), 0)),
    level: 0,
    origin: resultsOf(input),
    origins,
  };
  return em;
};

/** How often each node below the roots is an operand; nodes that are counted already are left alone. */
const countUses = (b: GraphView, roots: readonly NodeId[], uses: Map<NodeId, number>): void => {
  const before = new Set(uses.keys());
  for (const id of b.reach(roots))
    for (const o of operands(b.node(id))) if (!before.has(o)) uses.set(o, (uses.get(o) ?? 0) + 1);
};

/** No stream: one lane for each cell, or for four along the last axis. */
const lowerElements = (em: Emitter, plan: KernelPlan, schedule: ElementsSchedule): SizeExpr => {
  const [first] = plan.stores;
  const axes = first?.axes ?? [];
  const last = axes.at(-1);
  const wide = last !== undefined && schedule.vectorStream;
  const rest = wide ? axes.slice(0, -1) : axes;
  const s = scope("cell", [em.root], em.root.stmts);
  const count = wide && last !== undefined ? Number(em.b.axis(last).size) / 4 : 1;
  const total = rest.reduce<SizeExpr>((n, a) => size("*", n, em.b.axis(a).size), count);
  const at = natural(em, s, "cell", T.add(T.mul(T.group, T.i32(schedule.lanes)), T.lane));
  const inner: Stmt[] = [];
  const inside = scope("inside", [s], inner);
  let flat: Expr = at;
  const fixed = new Map<AxisId, Fix>();
  if (wide && last !== undefined) {
    fixed.set(last, { chunk: natural(em, inside, "chunk", T.mod(flat, T.i32(count))) });
    flat = natural(em, inside, "rest", T.div(flat, T.i32(count)));
  }
  setAxes(em, inside, rest, flat);
  for (const st of plan.stores)
    withinNode(em, st.value, () => {
      inner.push(...emitStore(em, st.tensor, st.axes, emit(em, st.value, fixed, inside).e, fixed, inside));
    });
  em.root.stmts.push(T.ifStmt(T.lt(at, T.sizeToExpr(total)), inner));
  return size("ceil/", total, schedule.lanes);
};

const setAxes = (em: Emitter, s: Scope, axes: readonly AxisId[], flat: Expr): void => {
  let rest = flat;
  for (let k = axes.length - 1; k >= 0; k--) {
    const axis = em.b.axis(axes[k] ?? 0);
    const n = T.sizeToExpr(axis.size);
    within(em, originAt(axis.span), () => {
      s.axes.set(axis.id, natural(em, s, axis.name, k === 0 ? rest : T.mod(rest, n)));
      if (k > 0) rest = natural(em, s, "rest", T.div(rest, n));
    });
  }
};

const lowerStream = (em: Emitter, plan: KernelPlan, schedule: StreamSchedule, workgroup: Buffer[]): SizeExpr => {
  const shared = schedule.source !== "direct";
  // A row of all lanes is known to the whole workgroup: bounds of its stream are exact.
  const oneRow = schedule.kind === "split" && schedule.lanesPerRow === schedule.lanes;
  const outer = oneRow ? plan.rows : shared || schedule.kind === "rows" ? outerAxes(em.b, plan) : [];
  const inner = plan.rows.filter((a) => !outer.includes(a));
  const share = lanesOfRow(schedule);
  const grid = gridOf(em, outer, inner, schedule.lanes, rowsOfLane(schedule), share);
  let known: Scope[] = grid.rows.map((r) => scope("pass 0", [r.scope], em.root.stmts));
  const held = schedule.hold ? new Map<string, Scope>() : null;
  const carried = new Map<NodeId, readonly (readonly Slot[])[]>();
  for (let pass = 0; pass < plan.passes; pass++) {
    const accs = plan.accumulators.filter((a) => a.pass === pass);
    const stores = plan.stores.filter((s) => s.pass === pass);
    if (accs.length === 0 && stores.length === 0 && endsAt(plan, pass).length === 0) continue;
    if (plan.passes > 1) em.root.stmts.push(T.comment(`pass ${pass + 1} of ${plan.passes}`));
    const before = known;
    const cx = { em, plan, schedule, grid, inner, own: oneRow ? plan.rows : inner, workgroup, held, carried };
    known = within(em, originOfPass(em, plan, accs, stores), () => lowerPass(cx, pass, accs, stores, before));
  }
  if (plan.stores.some((s) => s.pass === null)) writeResults(em, plan, schedule, grid, known, share, carried);
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

/** Scans whose last state the pass gives. */
const endsAt = (plan: KernelPlan, pass: number): readonly ScanState[] =>
  plan.scans.filter((s) => s.last.some((l) => l.pass === pass));

type PassContext = {
  readonly em: Emitter;
  readonly plan: KernelPlan;
  readonly schedule: StreamSchedule;
  readonly grid: Grid;
  readonly inner: readonly AxisId[];
  /** Row axes that values shared by rows must not mention. */
  readonly own: readonly AxisId[];
  readonly workgroup: Buffer[];
  readonly held: Map<string, Scope> | null;
  /** The registers of the passes so far. */
  readonly carried: Map<NodeId, readonly (readonly Slot[])[]>;
};

/** One pass over the whole stream; returns the scopes that know its finished statistics. */
const lowerPass = (
  cx: PassContext,
  pass: number,
  accs: readonly Accumulator[],
  stores: readonly Store[],
  known: readonly Scope[],
): Scope[] => {
  const { em, plan, schedule, grid } = cx;
  const stmts = em.root.stmts;
  const roots = [
    ...accs.flatMap((a) => (a.where === null ? [a.body] : [a.body, a.where])),
    ...stores.map((s) => s.value),
    ...endsAt(plan, pass).map((s) => s.node),
  ];
  const states = declareStates(em, plan.scans, roots, known, stmts);
  if (states.length > 0 && (schedule.kind !== "rows" || schedule.vectorStream || schedule.hold))
    throw new Unsupported(
      em.b.node(states[0]?.of.node ?? 0),
      `a scan under the schedule \`${printSchedule(schedule)}\`: one lane walks its rows cell by cell`,
    );
  const gauged = em.b.reach(accs.flatMap((a) => (a.gauge === null ? [] : [a.gauge])));
  const wide = (a: Accumulator): boolean =>
    schedule.vectorStream && a.local.length === 0 && !gauged.has(a.node) && REDUCTIONS[a.op].merges;
  const slots = accs.map((a) => withinNode(em, a.node, () => grid.rows.map(() => declare(em, a, wide(a), stmts))));
  accs.forEach((a, k) => cx.carried.set(a.node, slots[k] ?? []));
  const scanNodes = scansBelow(em, accs, stores);
  const carries = scanNodes.map((n) =>
    grid.rows.map(() => {
      const id = withinNode(em, n.id, () => em.fresh(`${em.names.get(n.id) ?? "running"}_carry`));
      const type = n.ty === "f32" ? F32 : I32;
      stmts.push(T.varStmt(id, type, T.lit(0, type)));
      return T.ref(id, type);
    }),
  );
  for (const seg of segmentsOf(em, plan, roots)) {
    const special = specialise(em, seg);
    const domain = (where: NodeId | null): NodeId | null => em.b.and(where === null ? null : special(where));
    const parts = accs.map((acc, k): Part => ({
      acc,
      slots: slots[k] ?? [],
      body: special(acc.body),
      where: domain(acc.where),
    }));
    if (seg.union !== null) keepNames(em, special, [...accs.map((a) => a.body), ...stores.map((s) => s.value)]);
    const scans = scanNodes.map((n, k): Scan => ({
      node: special(n.id),
      body: special(n.body),
      where: domain(n.where),
      carry: carries[k] ?? [],
    }));
    const local = { ...plan, stream: seg.axes, accumulators: parts.map((p) => ({ ...p.acc, body: p.body })) };
    const segment: Segment = {
      em,
      schedule,
      rows: grid.rows,
      group: grid.group,
      known,
      parts,
      scans,
      states,
      stores: stores.map((s) => ({ ...s, value: special(s.value) })),
      rowAxes: plan.rows,
      axes: seg.axes,
      union: seg.union,
      length: T.sizeToExpr(seg.size),
      offset: seg.offset,
      streamOnly: streamOnlyNodes(em.b, local, cx.own, em.accumulators),
      held: cx.held,
      tile: null,
    };
    lowerSegment(cx, segment, seg.size, stores.length > 0);
  }
  const next = known.map((k) => scope(`after pass ${pass}`, [k], stmts));
  grid.rows.forEach((_, r) => {
    for (const s of states)
      for (const last of s.of.last) if (last.pass === pass) bindLast(em, s, r, last.node, next[r] as Scope);
    const own = slots.flatMap((s) => s[r] ?? []);
    const share = lanesOfRow(schedule);
    if (share > 1) {
      mergeLanes(
        {
          em,
          lanes: schedule.lanes,
          share,
          workgroup: cx.workgroup,
          known: known[r] as Scope,
          next: next[r] as Scope,
          wide: schedule.vectorStream,
        },
        own,
        stmts,
      );
      return;
    }
    for (const slot of own) {
      const value = withinNode(em, slot.acc.node, () => {
        const e = finished(slot, wide(slot.acc), stmts, em);
        return e.kind === "ref" ? e : nameIt(em, slot.acc.name, e, stmts);
      });
      bind(em, next[r] as Scope, slot.acc.node, slot.fixed, value);
    }
  });
  return next;
};

const nameIt = (em: Emitter, base: string, e: Expr, stmts: Stmt[]): Expr => {
  const id = em.fresh(base);
  stmts.push(T.letStmt(id, e));
  return T.ref(id, e.type);
};

const scansBelow = (
  em: Emitter,
  accs: readonly Accumulator[],
  stores: readonly Store[],
): (Node & { kind: "reduce" })[] =>
  [
    ...em.b.reach([
      ...accs.flatMap((a) => [a.body, ...(a.where === null ? [] : [a.where])]),
      ...stores.map((s) => s.value),
    ]),
  ]
    .sort((x, y) => x - y)
    .map((id) => em.b.node(id))
    .filter((n): n is Node & { kind: "reduce" } => n.kind === "reduce" && n.op === "cumsum");

type Seg = {
  readonly axes: readonly AxisId[];
  readonly size: SizeExpr;
  readonly offset: Expr;
  readonly union: AxisId | null;
  readonly start: SizeExpr;
};

/** A union axis is walked part by part, all parts carrying the same state. A part that means something else here too is walked under another index. */
const segmentsOf = (em: Emitter, plan: KernelPlan, roots: readonly NodeId[]): readonly Seg[] => {
  const [only] = plan.stream;
  const parts = plan.stream.length === 1 && only !== undefined ? em.b.axis(only).parts : null;
  if (parts === null || only === undefined) {
    const total = plan.stream.reduce<SizeExpr>((n, a) => size("*", n, em.b.axis(a).size), 1);
    return [{ axes: plan.stream, size: total, offset: T.i32(0), union: null, start: 0 }];
  }
  const taken = new Set([
    ...plan.rows,
    ...[...em.b.reach(roots)]
      .map((id) => em.b.node(id))
      .flatMap((n) => (n.kind === "reduce" ? [...n.axes, ...n.over] : n.axes)),
  ]);
  let start: SizeExpr = 0;
  return parts.map((p) => {
    const n = em.b.axis(p).size;
    const seg: Seg = {
      axes: [taken.has(p) ? em.b.freshAxis(p) : p],
      size: n,
      offset: T.sizeToExpr(start),
      union: only,
      start,
    };
    start = size("+", start, n);
    return seg;
  });
};

/** An expression as the segment sees it: the union's index is the part's index behind the earlier parts. */
const specialise = (em: Emitter, seg: Seg): ((id: NodeId) => NodeId) => {
  if (seg.union === null) return (id) => id;
  const part = em.b.index(seg.axes[0] ?? 0);
  const map = new Map([[seg.union, em.b.binary("+", part, em.b.sizeOf(seg.start))]]);
  const move = substituter(em.b, map);
  const settle = comparisonSettler(em.b, em.accumulators);
  return (id) => settle(move(id));
};

/** What a segment makes of named and shared values keeps its name, and is shared. */
const keepNames = (em: Emitter, special: (id: NodeId) => NodeId, roots: readonly NodeId[]): void => {
  for (const id of em.b.reach(roots)) {
    const name = em.names.get(id);
    const made = name === undefined ? id : special(id);
    if (name !== undefined && made !== id && !em.names.has(made)) em.names.set(made, name);
  }
  countUses(em.b, roots.map(special), em.uses);
};

const lowerSegment = (cx: PassContext, seg: Segment, total: SizeExpr, storing: boolean): void => {
  const { em, schedule, grid } = cx;
  const stmts = em.root.stmts;
  const never = (where: NodeId | null): boolean => {
    const n = where === null ? null : em.b.node(where);
    return n !== null && n.kind === "const" && n.value === 0;
  };
  // A condition that never holds leaves nothing to visit.
  if (!storing && seg.parts.every((p) => never(p.where)) && seg.scans.length === 0 && seg.states.length === 0) return;
  if (total === 0) return;
  const step = schedule.cells;
  const share = lanesOfRow(schedule);
  const stride = step * share;
  const unit = schedule.vectorStream ? 4 : 1;
  const length = schedule.vectorStream && typeof total === "number" ? T.i32(total / 4) : seg.length;
  const member =
    share === 1
      ? T.i32(0)
      : share === schedule.lanes
        ? T.lane
        : natural(em, em.root, "member", T.mod(T.lane, T.i32(share)));
  const range = streamRange({ em, grid, inner: cx.inner, seg, length, storing });
  if (cx.held !== null) {
    const exact = typeof total === "number" && total % (stride * unit) === 0 && range.allVisible;
    emitBlock(seg, member, exact ? null : range.end, stmts);
    return;
  }
  const staged = schedule.source === "workgroup" ? schedule.tile : null;
  const classify = range.classify;
  const tile = staged ?? (classify === null ? 0 : Math.max(CLASSIFIED, stride));
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
  const { lanes } = schedule;
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

/** Cells that are classified at once where the domain looks at data. */
const CLASSIFIED = 32;
