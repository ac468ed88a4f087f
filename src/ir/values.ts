/** Expressions of a spec as nodes: each with the conditions under which its cell exists, which the reductions around it take. */
import { item } from "../base/must.ts";
import { bindSize } from "../base/size.ts";
import { originAt, type Span } from "../base/span.ts";
import type { SExpr } from "../check/spec.ts";
import { deepParts } from "../check/walk-spec.ts";
import { conditionsOf, without } from "./conditions.ts";
import type { GraphBuilder } from "./graph/build.ts";
import { cellCount } from "./graph/cells.ts";
import type { AxisId, NodeId, Tensor } from "./graph/graph.ts";
import { substituter } from "./graph/rewrite.ts";
import type { LostConditions } from "./lost-conditions.ts";
import { LoweringError } from "./lowering-error.ts";
import { formsOf } from "./scalar/settle.ts";
import { tyOf } from "./statics.ts";

/** Conditions from which the comparisons of a value are settled, and how many sets of them a value is lowered under. */
const MAX_FACTS = 12;
const MAX_CONTEXTS = 8;

/** A value and the conjunction of bool nodes under which its cell exists. */
type Cell = { readonly v: NodeId; readonly dom: readonly NodeId[] };

/** What expressions are made of: the pen, known sizes and static parameters, the signature. */
type Source = {
  readonly b: GraphBuilder;
  readonly known: ReadonlyMap<string, number>;
  readonly tensorNamed: ReadonlyMap<string, Tensor>;
  readonly scalarNode: (name: string, span: Span) => NodeId;
  readonly lost: LostConditions;
  /** Gets the names that values have in the source. */
  readonly names: Map<NodeId, string>;
};

/** Lowers expressions; what several of them share is written once. */
export const valuesOf = ({ b, known: sizes, tensorNamed, scalarNode, lost, names }: Source): ((e: SExpr) => Cell) => {
  const memo = new Map<SExpr, Map<string, Cell>>();
  /** Scans whose step is being lowered: what they carry, and its first value once a `prev` said it. */
  type Own = { readonly before: NodeId; init: NodeId | null };
  const states = new Map<number, Own>();
  const scans = new Map<number, Cell>();

  const { conjuncts, both, all, few, settle, inRange, negate } = conditionsOf(b);

  /** `given`: conditions that hold wherever the value is asked for. They settle comparisons; without them the value is right too. */
  const lower = (e: SExpr, conditions: readonly NodeId[]): Cell => {
    const known = memo.get(e) ?? new Map<string, Cell>();
    memo.set(e, known);
    const given = steps.has(e) ? [] : useful(conditions, known);
    const key = given.join();
    const cached = known.get(key);
    if (cached !== undefined) return cached;
    const cell = b.from(originAt(e.span), () => lowerNew(e, given));
    b.note(cell.v, e.span);
    known.set(key, cell);
    if (e.name !== null && !names.has(cell.v)) names.set(cell.v, e.name);
    return cell;
  };

  /** The facts among conditions; none where the value was made for many others already. */
  const useful = (conditions: readonly NodeId[], known: ReadonlyMap<string, Cell>): readonly NodeId[] => {
    if (conditions.length === 0) return conditions;
    const facts = [...new Set(conditions)].filter((c) => formsOf(b, c).length > 0);
    return facts.length > MAX_FACTS || (known.size >= MAX_CONTEXTS && !known.has(facts.join())) ? [] : facts;
  };
  /** Parts of deep values, lowered by themselves. */
  const steps = new Set<SExpr>();
  const lowerDeep = (e: SExpr): Cell => {
    for (const part of deepParts(e, (state) => states.has(state))) {
      steps.add(part);
      lower(part, []);
    }
    return lower(e, []);
  };

  const lowerNew = (e: SExpr, given: readonly NodeId[]): Cell => {
    switch (e.kind) {
      case "const":
        return { v: b.konst(e.value, tyOf(e)), dom: [] };
      case "index":
        return { v: b.index(e.axis), dom: [] };
      case "size":
        return { v: b.sizeOf(bindSize(e.size, sizes)), dom: [] };
      case "scalar":
        return { v: scalarNode(e.scalar, e.span), dom: [] };
      case "read": {
        const tensor = tensorNamed.get(e.tensor);
        if (tensor === undefined) throw new Error(`no tensor ${e.tensor}`);
        const flat = tensor.dims.flat();
        const at = e.at.map((x) => lower(x, given));
        let dom = at.reduce<readonly NodeId[]>((d, x) => both(d, x.dom), []);
        at.forEach((x, k) => {
          const axis = b.axis(item(flat, k));
          const n = b.node(x.v);
          if (n.kind === "index" && n.axis === axis.id) return;
          dom = both(dom, inRange(x.v, axis.size, given));
        });
        return {
          v: b.load(
            e.tensor,
            at.map((x) => x.v),
            tyOf(e),
          ),
          dom,
        };
      }
      case "at": {
        const arg = lower(e.arg, []);
        const map = new Map<AxisId, NodeId>();
        let dom: readonly NodeId[] = [];
        for (const s of e.subst) {
          const to = lower(s.to, given);
          map.set(s.axis, to.v);
          dom = both(both(dom, to.dom), inRange(to.v, b.axis(s.axis).size, given));
        }
        const move = substituter(b, map);
        const moved = arg.dom.flatMap((d) => conjuncts(settle(move(d), given)));
        return { v: move(arg.v), dom: both(dom, moved) };
      }
      case "unary": {
        const a = lower(e.arg, given);
        return { v: b.unary(e.op, a.v), dom: a.dom };
      }
      case "binary": {
        const left = lower(e.left, given);
        const right = lower(e.right, given);
        const dom = both(left.dom, right.dom);
        if (e.op === "or" && right.dom.length > 0) {
          // `a or b`: b's reads are asked for only where a fails.
          const guarded = right.dom.map((d) => b.binary("or", left.v, d));
          return { v: b.binary("or", left.v, right.v), dom: both(left.dom, guarded) };
        }
        const v = b.binary(e.op === "**" ? "pow" : e.op, left.v, right.v);
        return { v: settle(v, given), dom };
      }
      case "select": {
        const cond = lower(e.cond, given);
        const not = negate(cond.v);
        const yes = lower(e.then, [...given, ...conjuncts(cond.v)]);
        const no = lower(e.else, [...given, ...conjuncts(not)]);
        const guards = [
          ...few(yes.dom).map((d) => b.binary("or", not, d)),
          ...few(no.dom).map((d) => b.binary("or", cond.v, d)),
        ].flatMap((g) => conjuncts(g));
        return { v: b.select(cond.v, yes.v, no.v), dom: both(cond.dom, guards) };
      }
      case "where": {
        const cond = lower(e.cond, given);
        const asked = conjuncts(cond.v);
        lost.asked(asked, e.cond.span);
        // Bounds of reads that the condition itself keeps.
        const bounds = cond.dom.flatMap((d) => conjuncts(settle(d, [...given, ...asked])));
        const arg = lower(e.arg, [...given, ...asked]);
        return { v: arg.v, dom: both(both(bounds, asked), arg.dom) };
      }
      case "in": {
        const parts = b.axis(e.axis).parts ?? [];
        const start = startOf(parts, e.part);
        const end = startOf(parts, e.part + 1);
        const j = b.index(e.axis);
        const low = settle(b.binary(">=", j, start));
        const high = e.part === parts.length - 1 ? b.konst(1, "bool") : b.binary("<", j, end);
        return { v: b.binary("and", low, high), dom: [] };
      }
      case "concat":
        return lowerConcat(e.axis, e.parts, given);
      case "reduce":
        return lowerReduce(e, given);
      case "prev": {
        const own = states.get(e.state);
        if (own === undefined) throw new Error("prev outside its scan");
        const init = lower(e.init, []);
        const value =
          init.dom.length === 0 ? init.v : b.select(all(init.dom) ?? b.konst(1, "bool"), init.v, b.konst(0, "f32"));
        own.init ??= value;
        if (own.init === value) return { v: own.before, dom: [] };
        const first = b.binary("==", b.index(e.axis), b.konst(0, "i32"));
        return { v: b.select(first, value, own.before), dom: [] };
      }
      case "scan":
        return lowerScan(e);
    }
  };

  /** A cell of the recurrence that does not exist passes the state on: the state itself is there for every index. */
  const lowerScan = (e: SExpr & { kind: "scan" }): Cell => {
    const done = scans.get(e.state);
    if (done !== undefined) return done;
    const state = b.freshState();
    const name = e.name ?? "state";
    const own: Own = {
      before: b.carried(
        state,
        name,
        [e.axis, ...e.dims].map((a) => b.index(a)),
      ),
      init: null,
    };
    states.set(e.state, own);
    const step = lowerDeep(e.step);
    const exists = all(step.dom);
    const next = exists === null ? step.v : b.select(exists, step.v, own.before);
    const def = { state, name, over: e.axis, dims: e.dims, init: own.init ?? b.konst(0, "f32"), step: next };
    const cell: Cell = { v: b.scan(def), dom: [] };
    scans.set(e.state, cell);
    return cell;
  };

  const startOf = (parts: readonly AxisId[], count: number): NodeId =>
    parts.slice(0, count).reduce((sum, p) => b.binary("+", sum, b.sizeOf(b.axis(p).size)), b.konst(0, "i32"));

  const lowerConcat = (axis: AxisId, parts: readonly SExpr[], given: readonly NodeId[]): Cell => {
    const ids = b.axis(axis).parts ?? [];
    const j = b.index(axis);
    const cells = parts.map((p, n) => {
      const own = lower(p, without(b, given, ids));
      const map = new Map([[item(ids, n), b.binary("-", j, startOf(ids, n))]]);
      return { v: b.substitute(own.v, map), dom: own.dom.map((d) => b.substitute(d, map)) };
    });
    return (
      cells.reduceRight<Cell | null>((rest, cell, n) => {
        if (rest === null) return cell;
        const before = b.binary("<", j, startOf(ids, n + 1));
        const guards = [
          ...cell.dom.map((d) => b.binary("or", b.unary("not", before), d)),
          ...rest.dom.map((d) => b.binary("or", before, d)),
        ];
        return { v: b.select(before, cell.v, rest.v), dom: guards };
      }, null) ?? { v: b.konst(0, "f32"), dom: [] }
    );
  };

  const lowerReduce = (e: SExpr & { kind: "reduce" }, given: readonly NodeId[]): Cell => {
    // What is known of the cell that reads the reduction says nothing about the cells that it runs over.
    const arg = lower(e.arg, without(b, given, e.over));
    // What the argument's cells ask for stays here: a reduction exists wherever it is read.
    const where = all(arg.dom);
    const count = (cond: NodeId | null): NodeId => b.reduce("sum", e.over, b.konst(1, "i32"), cond, 0);
    const and = (cond: NodeId): NodeId => (where === null ? cond : b.binary("and", where, cond));
    const value = (): NodeId => {
      switch (e.op) {
        case "sum":
          return b.reduce(
            "sum",
            e.over,
            b.node(arg.v).ty === "bool" ? b.select(arg.v, b.konst(1, "i32"), b.konst(0, "i32")) : arg.v,
            where,
            0,
          );
        case "max":
        case "min":
        case "prod":
        case "argmax":
        case "argmin":
        case "var":
        case "cumsum":
          return b.reduce(e.op, e.over, arg.v, where, 0);
        case "mean": {
          const n = where === null ? cellCount(b, e.over) : b.binary("max", count(where), b.konst(1, "i32"));
          return b.binary("/", b.reduce("sum", e.over, arg.v, where, 0), b.unary("float", n));
        }
        case "count":
          return count(and(arg.v));
        case "any":
          return b.binary(">", count(and(arg.v)), b.konst(0, "i32"));
        case "all":
          return b.binary("==", count(and(b.unary("not", arg.v))), b.konst(0, "i32"));
        case "kth_largest": {
          const k = e.k === null ? null : b.node(lower(e.k, given).v);
          if (k === null || k.kind !== "const") {
            throw new LoweringError(
              "TFX4003",
              "the count of `kth_largest` must be known at compile time",
              e.span,
              "make it a `static` parameter or a literal",
            );
          }
          return b.reduce("kth", e.over, arg.v, where, k.value);
        }
      }
    };
    const v = value();
    lost.reduced(e, v, arg.v, arg.dom);
    return { v, dom: [] };
  };
  return lowerDeep;
};
