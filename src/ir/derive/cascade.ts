/**
 * From naive reductions to a cascade that streams: each reduction over the streamed axis becomes accumulators whose bodies
 * meet the statistics of their own pass only through a gauge, and an expression over the finished accumulators. The graph
 * stays an ordinary graph: evaluating it gives the same numbers.
 */
import { PLANNING } from "../../base/costs.ts";
import type { GraphBuilder } from "../graph/build.ts";
import type { GraphView } from "../graph/view.ts";
import type { AxisId, Node, NodeId } from "../graph/graph.ts";
import { same } from "./planning.ts";
import { operands } from "../graph/graph.ts";
import { isExtremum } from "../graph/reduction.ts";
import { folded } from "../graph/walk.ts";
import type { Live } from "./rules/terms.ts";
import { hoistedOver, withInfinite } from "./empty.ts";
import { separateExtremum, separateSum } from "./separate.ts";
import type { Summand, Separated } from "./separate.ts";
import type { Drift, Note } from "./plan.ts";

export type Carried = {
  readonly node: NodeId;
  readonly gauge: NodeId | null;
  readonly pass: number;
  readonly drift?: Drift;
};

export type Cascade = {
  /** Old reduce node -> expression over accumulators. */
  readonly values: ReadonlyMap<NodeId, NodeId>;
  readonly carried: readonly Carried[];
  readonly notes: readonly Note[];
};

/** The reductions over exactly `stream` below the roots whose value does not vary along it, in dependency order. */
export const streamed = (
  b: GraphBuilder,
  roots: readonly NodeId[],
  stream: readonly AxisId[],
): (Node & { kind: "reduce" })[] =>
  [...b.reach(roots)]
    .sort((x, y) => x - y)
    .map((id) => b.node(id))
    .filter((n): n is Node & { kind: "reduce" } => n.kind === "reduce" && n.op !== "cumsum" && same(n.over, stream));

/** Derives the cascade over `stream` below `roots`. `nameOf` gives the user's names for the notes. */
export const deriveCascade = (
  b: GraphBuilder,
  roots: readonly NodeId[],
  stream: readonly AxisId[],
  nameOf: (id: NodeId) => string,
): Cascade => {
  const values = new Map<NodeId, NodeId>();
  const carried = new Map<NodeId, Carried>();
  const notes: Note[] = [];
  // Reductions come in dependency order: what one of them is made of has its place before anything asks for it, so each node is asked once.
  const replace = folded<NodeId>(
    b,
    (n, of) => values.get(n.id) ?? (of.every((x, i) => x === operands(n)[i]) ? n.id : b.rebuild(n, of)),
    (n) => (values.has(n.id) ? [] : operands(n)),
  );
  const passes = passesOf(b, carried);
  /** What a cell of a pass reads, infinite statistics of the passes before it as such; what is counted for that is carried too. */
  const mended = (value: NodeId, where: NodeId | null, pass: number): NodeId => {
    const isCarried = (id: NodeId): boolean => carried.has(id);
    const out = withInfinite(b, value, where, isCarried, (id) => (carried.get(id)?.pass ?? pass) < pass);
    if (out === value) return value;
    for (const c of streamed(b, [out], stream)) {
      const last = Math.max(passes.any(c.body), c.where === null ? -1 : passes.any(c.where));
      if (!carried.has(c.id)) carried.set(c.id, { node: c.id, gauge: null, pass: last + 1 });
    }
    return out;
  };
  const derive = (r: Node & { kind: "reduce" }): void => {
    const [raw, rawWhere] = [replace(r.body), r.where === null ? null : replace(r.where)];
    const pass = Math.max(0, passes.any(raw), rawWhere === null ? -1 : passes.any(rawWhere));
    const whereIn = (at: number): NodeId | null => (rawWhere === null ? null : mended(rawWhere, rawWhere, at));
    const [body, where] = [mended(raw, rawWhere, pass), whereIn(pass)];
    const live: Live = {
      depends: (id) => passes.any(id) === pass,
      extremal: (id) => passes.extremal(id) === pass,
      summed: (id) => passes.summed(id) === pass,
      streams: (id) => b.node(id).axes.some((x) => stream.includes(x)),
      cells: { over: stream, where },
    };
    const add = (part: Summand, at: number): NodeId => {
      const where = whereIn(at);
      const node = b.reduce(r.op, r.over, part.body, where, r.k);
      if (carried.has(node)) return node;
      const companion = part.drift === undefined ? null : b.reduce(r.op, r.over, part.drift.companion, where, r.k);
      const drift =
        part.drift === undefined || companion === null ? {} : { drift: { companion, shifted: part.drift.shifted } };
      carried.set(node, { node, gauge: part.gauge, pass: at, ...drift });
      if (companion !== null && !carried.has(companion))
        carried.set(companion, { node: companion, gauge: part.gauge, pass: at });
      return node;
    };
    const split = splitOf(b, r, body, live);
    if (split.summands === null) {
      notes.push({
        kind: "pass",
        node: r.id,
        text: whyAnotherPass(
          b,
          r,
          split,
          [...carried.values()].filter((c) => c.pass === pass),
          nameOf,
        ),
      });
      values.set(r.id, add({ body: mended(raw, rawWhere, pass + 1), gauge: null, hoist: null }, pass + 1));
      return;
    }
    const extremum = isExtremum(r.op);
    const value = split.summands
      .map((p) => {
        const acc = add(p, pass);
        if (p.hoist === null) return acc;
        notes.push({
          kind: "hoist",
          node: r.id,
          text: `\`${nameOf(p.hoist)}\` moves behind the loop of \`${nameOf(r.id)}\`: it does not vary along the stream`,
        });
        const hoist = hoistedOver(b, p.hoist, where, new Set(carried.keys()));
        return extremum ? b.binary("+", acc, hoist) : b.binary("*", acc, hoist);
      })
      .reduce((x, y) => b.binary("+", x, y));
    values.set(r.id, value);
  };
  for (const r of streamed(b, roots, stream)) b.from(r.id, () => derive(r));
  return { values, carried: [...carried.values()], notes };
};

type Last = (id: NodeId) => number;

/** The last pass whose statistics a value is made of, and the same of maxima and minima alone, and of all others; -1: of none. */
const passesOf = (
  b: GraphView,
  carried: ReadonlyMap<NodeId, Carried>,
): { readonly any: Last; readonly extremal: Last; readonly summed: Last } => {
  // A statistic hides what it is made of: the sum of exp(s - m) is no maximum.
  const last = (of: (c: Carried) => number): ((id: NodeId) => number) =>
    folded<number>(
      b,
      (n, below) => {
        const c = carried.get(n.id);
        return c === undefined ? below.reduce((p, x) => Math.max(p, x), -1) : of(c);
      },
      (n) => (carried.has(n.id) ? [] : operands(n)),
    );
  const isOne = (id: NodeId): boolean => {
    const n = b.node(id);
    return n.kind === "reduce" && isExtremum(n.op);
  };
  return {
    any: last((c) => c.pass),
    extremal: last((c) => (isOne(c.node) ? c.pass : -1)),
    summed: last((c) => (isOne(c.node) ? -1 : c.pass)),
  };
};

const splitOf = (b: GraphBuilder, r: Node & { kind: "reduce" }, body: NodeId, live: Live): Separated => {
  const { where } = live.cells;
  if (where !== null && live.depends(where)) return { summands: null, because: where, why: null };
  if (!live.depends(body)) return { summands: [{ body, gauge: null, hoist: null }] };
  if (r.op === "sum" && b.node(body).ty === "f32") {
    const split = separateSum(b, body, live);
    return split.summands !== null && split.summands.length > PLANNING.rank
      ? { summands: null, because: body, why: null }
      : split;
  }
  if (isExtremum(r.op)) return separateExtremum(b, body, live);
  return { summands: null, because: body, why: null };
};

const whyAnotherPass = (
  b: GraphView,
  r: Node,
  { because, why }: Separated & { readonly summands: null },
  live: readonly Carried[],
  nameOf: (id: NodeId) => string,
): string => {
  const reached = b.reach([because]);
  const on = live
    .map((c) => c.node)
    .filter((n) => reached.has(n))
    .map((n) => `\`${nameOf(n)}\``);
  return `\`${nameOf(r.id)}\` needs another pass: \`${nameOf(because)}\` depends on ${on.join(", ")} in a way that cannot be corrected afterwards${why === null ? "" : `: ${why}`}`;
};
