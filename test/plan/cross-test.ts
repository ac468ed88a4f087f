/**
 * The semantic test of separability (docs/theory.md 3.4): `F(x, d) = H(d) ⊗ G(x)` holds just when
 * `F(x, d) ⊗ F(x0, d0) = F(x, d0) ⊗ F(x0, d)`, with `*` for sums and `+` for maxima. Checked at random points in f64; it
 * knows nothing of the normal form in `separate.ts`, which it guards.
 */
import type { GraphView } from "../../src/ir/graph/view.ts";
import type { AxisId, Node, NodeId } from "../../src/ir/graph/graph.ts";
import { operands } from "../../src/ir/graph/graph.ts";
import { binaryFn, unaryFn } from "../../src/ir/graph/arith.ts";
import { rangeAnalysis } from "../../src/ir/scalar/range.ts";
import type { Summand } from "../../src/ir/derive/separate.ts";

export type CrossOptions = { readonly trials?: number; readonly tolerance?: number; readonly seed?: number };

/** The axes that stream and the statistics that live in the same pass. */
export type CrossLive = { readonly stats: ReadonlySet<NodeId>; readonly stream: readonly AxisId[] };

/** A point: random values of what streams (`x`), of the live statistics (`d`), and of everything else (`rest`). */
export type Point = { readonly x: Draw; readonly d: Draw; readonly rest: Draw };
type Draw = (key: string, make: (random: () => number) => number) => number;
type Random = () => number;

/** mulberry32. */
const randomFrom = (seed: number): Random => {
  let a = seed >>> 0;
  return () => {
    a = (a + 0x6d2b79f5) >>> 0;
    let t = Math.imul(a ^ (a >>> 15), 1 | a);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
};

/** Draws each key once. */
const drawer = (random: Random): Draw => {
  const known = new Map<string, number>();
  return (key, make) => {
    const old = known.get(key);
    if (old !== undefined) return old;
    const value = make(random);
    known.set(key, value);
    return value;
  };
};

const normal = (random: Random): number =>
  Math.sqrt(-2 * Math.log(random() + 1e-300)) * Math.cos(2 * Math.PI * random()) * 1.3;

/** How many points of an inner reduction are written out when it depends on live statistics. */
const MAX_INNER = 3;

type At = ReadonlyMap<AxisId, number>;

/** Evaluates nodes at a point; statistics and inner reductions that do not depend on them are drawn like stored values. */
const evaluator = (b: GraphView, live: CrossLive): ((id: NodeId, p: Point) => number) => {
  const range = rangeAnalysis(b);
  const dependsMemo = new Map<NodeId, boolean>();
  const depends = (id: NodeId): boolean => {
    const known = dependsMemo.get(id);
    if (known !== undefined) return known;
    const found = live.stats.has(id) || operands(b.node(id)).some(depends);
    dependsMemo.set(id, found);
    return found;
  };
  const streams = (n: Node): boolean => n.axes.some((a) => live.stream.includes(a));
  const sideOf = (n: Node, p: Point): Draw => (live.stats.has(n.id) ? p.d : streams(n) ? p.x : p.rest);
  const keyOf = (n: Node, at: At): string =>
    `${n.id}:${n.axes
      .filter((a) => at.has(a))
      .map((a) => `${a}=${at.get(a)}`)
      .join()}`;
  const leaf = (n: Node, at: At, p: Point): number =>
    sideOf(n, p)(keyOf(n, at), (random) => {
      if (n.ty === "bool") return random() < 0.5 ? 0 : 1;
      const r = range(n.id);
      if (n.ty === "i32") return Math.max(r.lo, Math.floor(random() * 7) - (r.lo >= 0 ? 0 : 3));
      const value = normal(random);
      return r.lo >= 0 ? Math.abs(value) + 0.2 : r.hi <= 0 ? -Math.abs(value) - 0.2 : value;
    });
  /** A state whose step reads live statistics is made of both in a way that nothing here looks into. */
  const mixture = (n: Node, at: At, p: Point): number => {
    const [x, d] = [p.x, p.d].map((draw) => draw(`mixture ${keyOf(n, at)}`, normal)) as [number, number];
    return x * d + x * x + d;
  };
  const go = (id: NodeId, at: At, p: Point): number => {
    const n = b.node(id);
    if (live.stats.has(id)) return leaf(n, at, p);
    switch (n.kind) {
      case "const":
        return n.value;
      case "size":
      case "scalar":
      case "load":
        return leaf(n, at, p);
      case "carried":
      case "scan":
        return depends(id) ? mixture(n, at, p) : leaf(n, at, p);
      case "index":
        return at.get(n.axis) ?? leaf(n, at, p);
      case "unary":
        return unaryFn(n.op)(go(n.a, at, p));
      case "binary":
        return binaryFn(n.op, n.ty)(go(n.a, at, p), go(n.b, at, p));
      case "select":
        return go(n.cond, at, p) !== 0 ? go(n.a, at, p) : go(n.b, at, p);
      case "reduce":
        return depends(id) ? inner(n, at, p) : leaf(n, at, p);
    }
  };
  const inner = (n: Node & { readonly kind: "reduce" }, at: At, p: Point): number => {
    const values: number[] = [];
    const walk = (axes: readonly AxisId[], here: At): void => {
      const [axis, ...rest] = axes;
      if (axis === undefined) {
        if (n.where === null || go(n.where, here, p) !== 0) values.push(go(n.body, here, p));
        return;
      }
      const size = b.axis(axis).size;
      const count = typeof size === "number" ? Math.min(size, MAX_INNER) : MAX_INNER;
      for (let k = 0; k < count; k++) walk(rest, new Map([...here, [axis, k]]));
    };
    walk(n.over, at);
    return reduced(n, values);
  };
  return (id, p) => go(id, new Map(), p);
};

const reduced = (n: Node & { readonly kind: "reduce" }, xs: readonly number[]): number => {
  const sum = xs.reduce((x, y) => x + y, 0);
  switch (n.op) {
    case "sum":
    case "cumsum":
      return sum;
    case "prod":
      return xs.reduce((x, y) => x * y, 1);
    case "max":
      return Math.max(...xs);
    case "min":
      return Math.min(...xs);
    case "var":
      return xs.length === 0 ? 0 : xs.reduce((v, x) => v + (x - sum / xs.length) ** 2, 0) / xs.length;
    case "argmax":
      return xs.indexOf(Math.max(...xs));
    case "argmin":
      return xs.indexOf(Math.min(...xs));
    case "kth":
      return [...xs].sort((p, q) => q - p)[Math.min(n.k, xs.length) - 1] ?? -Infinity;
  }
};

/** Worst relative difference of the two sides over the trials, and how many trials had finite values. */
type Outcome = { readonly worst: number; readonly used: number };

const trials = (
  options: CrossOptions,
  one: (point: () => Point, x: Draw, d: Draw, rest: Draw) => readonly [number, number],
): Outcome => {
  const random = randomFrom(options.seed ?? 1);
  const wanted = options.trials ?? 64;
  let [worst, used] = [0, 0];
  for (let tries = 0; used < wanted && tries < wanted * 16; tries++) {
    const [x, d, rest] = [drawer(random), drawer(random), drawer(random)];
    const fresh = (): Point => ({ x: drawer(random), d: drawer(random), rest });
    const [left, right] = one(fresh, x, d, rest);
    if (!Number.isFinite(left) || !Number.isFinite(right)) continue;
    used++;
    worst = Math.max(worst, Math.abs(left - right) / Math.max(Math.abs(left), Math.abs(right), 1e-12));
  }
  return { worst, used };
};

/** Enough finite points for a verdict. */
const MIN_TRIALS = 8;

/**
 * Whether a reduction of `body` is separable with rank 1 from the live statistics. No verdict counts as no: when fewer than
 * eight random points give finite values.
 */
export const crossTest = (
  b: GraphView,
  body: NodeId,
  live: CrossLive,
  op: "sum" | "max" | "min",
  options: CrossOptions = {},
): boolean => {
  const value = evaluator(b, live);
  const { worst, used } = trials(options, (fresh, x, d, rest) => {
    const other = fresh();
    const f = (px: Draw, pd: Draw): number => value(body, { x: px, d: pd, rest });
    const [a, c, e, g] = [f(x, d), f(other.x, other.d), f(x, other.d), f(other.x, d)];
    return op === "sum" ? [a * c, e * g] : [a + c, e + g];
  });
  return used >= MIN_TRIALS && worst < (options.tolerance ?? 1e-7);
};

/**
 * Whether `parts` are a split of `body`: they add up to it (`sum`; for `max`/`min` the one part plus its hoist), each body
 * depends on live statistics through `exp(gauge)` only, and what is hoisted does not stream. Checked at random points.
 */
export const splitHolds = (
  b: GraphView,
  body: NodeId,
  parts: readonly Summand[],
  live: CrossLive,
  op: "sum" | "max" | "min",
  options: CrossOptions = {},
): boolean => {
  const value = evaluator(b, live);
  const tolerance = options.tolerance ?? 1e-7;
  const whole = trials(options, (_, x, d, rest) => {
    const p = { x, d, rest };
    const part = (q: Summand): number => {
      const hoist = q.hoist === null ? (op === "sum" ? 1 : 0) : value(q.hoist, p);
      return op === "sum" ? value(q.body, p) * hoist : value(q.body, p) + hoist;
    };
    return [value(body, p), parts.map(part).reduce((sum, y) => sum + y, 0)];
  });
  const separate = parts.every((q) => {
    const { worst } = trials(options, (fresh, x, d, rest) => {
      const other = fresh();
      const g = (pd: Draw): number => {
        const p = { x, d: pd, rest };
        const gauge = q.gauge === null ? 0 : value(q.gauge, p);
        return (value(q.body, p) - (q.drift === undefined ? 0 : gauge * value(q.drift.companion, p))) / Math.exp(gauge);
      };
      return [g(d), g(other.d)];
    });
    const still = (id: NodeId | null): boolean => id === null || !b.node(id).axes.some((a) => live.stream.includes(a));
    return worst < tolerance && still(q.hoist) && still(q.gauge);
  });
  return whole.used >= MIN_TRIALS && whole.worst < tolerance && separate;
};
