/**
 * The meaning of a checked kernel, computed as the language reference tells it and in no other way: every expression has a value,
 * or none, at each cell of its indices. Shares nothing with the compiler, which is tested against it.
 */
import type { AxisId, SExpr, Spec } from "../check/spec.ts";
import { fail, indicesOf } from "./indices.ts";
import { measuring } from "./measure.ts";
import { plain, type Arithmetic, type Cell } from "./number.ts";
import { reducer, type Cells } from "./reduce.ts";
import { inOrder, parts, remembered, sizeValue, statesRead } from "./walk.ts";

/** Values by name. Sizes of all axes; scalars and statics without a value have their default; tensors row-major. */
export type Inputs = {
  readonly sizes: Readonly<Record<string, number>>;
  readonly statics?: Readonly<Record<string, number>>;
  readonly scalars: Readonly<Record<string, number>>;
  readonly tensors: Readonly<Record<string, ArrayLike<number>>>;
};

/** The values of one result, row-major; a cell that does not exist is 0. */
export type Results = Readonly<Record<string, Float64Array>>;

/** In f64, or (`f32`) rounding after every operation of floats, as the simplest program in f32 would. */
export const interpret = (spec: Spec, inputs: Inputs, precision: "f64" | "f32" = "f64"): Results => {
  const ar = plain(precision === "f32");
  return evaluate(spec, inputs, ar, (cells) => {
    const out = new Float64Array(cells);
    return { out, put: (n, x) => (out[n] = (x ?? 0) + 0) };
  });
};

/** Each cell of a result: its value, the scale of its error, and the smallest margin of what was decided for it (measure.ts). */
export type Measures = { readonly values: Float64Array; readonly scales: Float64Array; readonly margins: Float64Array };

/** In f64, with what differences are to be compared with. */
export const measure = (spec: Spec, inputs: Inputs): Readonly<Record<string, Measures>> => {
  const ar = measuring();
  return evaluate(spec, inputs, ar, (cells) => {
    const out = { values: new Float64Array(cells), scales: new Float64Array(cells), margins: new Float64Array(cells) };
    return {
      out,
      put: (n, x) => {
        out.values[n] = (x?.v ?? 0) + 0;
        out.scales[n] = Math.max(x?.s ?? 0, Math.abs(x?.v ?? 0));
        out.margins[n] = ar.takeMargin();
      },
    };
  });
};

type Eval<T> = () => Cell<T>;

/** An expression deeper than this is computed for all its cells at once, before what uses it: the stack is finite. */
const MAX_DEPTH = 150;
/** More cells than this are not remembered, unless they are a reduction's. */
const MAX_CELLS = 2 ** 24;

const evaluate = <T, R>(
  spec: Spec,
  inputs: Inputs,
  ar: Arithmetic<T>,
  result: (cells: number) => { readonly out: R; readonly put: (cell: number, x: Cell<T>) => void },
): Record<string, R> => {
  const evals = new Map<SExpr, Eval<T>>();
  const order = inOrder([...spec.scalars.flatMap((s) => s.init ?? []), ...spec.results.map((r) => r.value)]);
  const isRemembered = remembered(order);
  const stateOf = statesRead(order);

  const evalOf = (e: SExpr): Eval<T> => evals.get(e) ?? fail("an expression is used before it is known");
  const scalarValue = (name: string): number => {
    const s = spec.scalars.find((x) => x.name === name) ?? fail(`no parameter \`${name}\``);
    const given = (s.isStatic ? inputs.statics : inputs.scalars)?.[name];
    if (given !== undefined) return given;
    const init = s.init === null ? null : evalOf(s.init)();
    return init === null ? fail(`no value for \`${name}\``) : ar.value(init);
  };
  const sizeNamed = (name: string): number => inputs.sizes[name] ?? scalarValue(name);
  const { at, sizeOf, count, inside, startOf, here, forEachCell, moved } = indicesOf(spec.axes, sizeNamed);

  const closure = (e: SExpr): Eval<T> => {
    switch (e.kind) {
      case "const": {
        const value = ar.of(e.value, e.type);
        return () => value;
      }
      case "index":
        return () => ar.of(at[e.axis] as number, "int");
      case "size": {
        const value = ar.of(sizeValue(e.size, sizeNamed), "int");
        return () => value;
      }
      case "scalar": {
        const value = ar.of(scalarValue(e.scalar), e.type);
        return () => value;
      }
      case "in":
        return () => {
          const j = at[e.axis] as number;
          return ar.of(j >= startOf(e.axis, e.part) && j < startOf(e.axis, e.part + 1) ? 1 : 0, "bool");
        };
      case "read":
        return read(e);
      case "at": {
        const arg = evalOf(e.arg);
        const axes = e.subst.map((s) => s.axis);
        const indices = e.subst.map((s) => evalOf(s.to));
        return () => {
          const to: number[] = [];
          for (const [n, index] of indices.entries()) {
            const x = index();
            if (x === null || !inside(ar.value(x), axes[n] as number)) return null;
            to.push(ar.value(x));
          }
          return moved(axes, to, arg);
        };
      }
      case "unary": {
        const [arg, f] = [evalOf(e.arg), ar.unary(e.op, e.arg.type)];
        return () => {
          const x = arg();
          return x === null ? null : f(x);
        };
      }
      case "binary": {
        const [left, right, f] = [evalOf(e.left), evalOf(e.right), ar.binary(e.op, e.left.type)];
        const isOr = e.op === "or";
        return () => {
          const x = left();
          // `a or b` asks b only where a is false.
          if (x === null || (isOr && ar.value(x) !== 0)) return x;
          const y = right();
          return y === null ? null : f(x, y);
        };
      }
      case "select": {
        const [cond, then, otherwise] = [evalOf(e.cond), evalOf(e.then), evalOf(e.else)];
        return () => {
          const c = cond();
          return c === null ? null : ar.value(c) !== 0 ? then() : otherwise();
        };
      }
      case "where": {
        const [cond, arg] = [evalOf(e.cond), evalOf(e.arg)];
        return () => {
          const c = cond();
          return c === null || ar.value(c) === 0 ? null : arg();
        };
      }
      case "concat": {
        const [own, all] = [spec.axes[e.axis]?.parts ?? [], e.parts.map(evalOf)];
        return () => {
          const j = at[e.axis] as number;
          const part = own.findIndex((_, n) => j < startOf(e.axis, n + 1));
          return moved([own[part] as number], [j - startOf(e.axis, part)], all[part] as Eval<T>);
        };
      }
      case "reduce":
        return reduce(e);
      case "scan":
        return scanned(e);
      case "prev": {
        const init = evalOf(e.init);
        return () => {
          const t = at[e.axis] as number;
          return t === 0 ? (init() ?? ar.of(0, "float")) : moved([e.axis], [t - 1], states.get(e.state) as Eval<T>);
        };
      }
    }
  };

  const read = (e: SExpr & { kind: "read" }): Eval<T> => {
    const tensor = spec.tensors.find((t) => t.name === e.tensor);
    const axes = tensor?.dims.flatMap((d) => d.axes) ?? [];
    const data = inputs.tensors[e.tensor];
    if (data === undefined) return fail(`no data for \`${e.tensor}\``);
    if (data.length !== count(axes)) return fail(`\`${e.tensor}\` has ${data.length} elements, not ${count(axes)}`);
    const all = axes.map(sizeOf);
    const plainly = e.at.flatMap((x, n) => (x.kind === "index" && sizeOf(x.axis) <= (all[n] as number) ? x.axis : []));
    if (plainly.length === axes.length) {
      const cell = here(plainly, all);
      return () => ar.of(data[cell()] as number, e.type);
    }
    const indices = e.at.map(evalOf);
    return () => {
      let cell = 0;
      for (let n = 0; n < indices.length; n++) {
        const x = (indices[n] as Eval<T>)();
        if (x === null || !inside(ar.value(x), axes[n] as number)) return null;
        cell = cell * (all[n] as number) + ar.value(x);
      }
      return ar.of(data[cell] as number, e.type);
    };
  };

  const reduce = (e: SExpr & { kind: "reduce" }): Eval<T> => {
    const arg = evalOf(e.arg);
    const [axis] = e.over as readonly [AxisId];
    if (e.op === "cumsum") return cumsum(e, axis, arg);
    const k = e.k === null ? null : evalOf(e.k)();
    const all = reducer(ar, e.op, e.arg.type, k === null ? 0 : ar.value(k));
    const cells: Cells<T> = (f) =>
      forEachCell(e.over, () => {
        const x = arg();
        if (x !== null) f(x, at[axis] as number);
      });
    return () => all(cells);
  };

  /** The sum of the cells 0..j that exist, remembered for every j. */
  const cumsum = (e: SExpr, axis: AxisId, arg: Eval<T>): Eval<T> => {
    const add = ar.binary("+", e.type);
    const sums = ar.table(count(e.axes));
    const cell = here(e.axes);
    return () => {
      const last = at[axis] as number;
      let from = last;
      while (from > 0 && !sums.has(cell())) at[axis] = --from;
      let sum: T = ar.of(0, e.type);
      for (let j = from; j <= last; j++) {
        at[axis] = j;
        const before = sum;
        sum = sums.get(cell(), () => {
          const x = arg();
          return x === null ? before : add(before, x);
        }) as T;
      }
      at[axis] = last;
      return sum;
    };
  };

  /** The state of each recurrence at the current indices, of those already made. */
  const states = new Map<number, Eval<T>>();
  /** What is computed for all cells of one index of a recurrence, before its step is. */
  const beforeStep = new Map<number, { readonly axes: readonly AxisId[]; readonly value: Eval<T> }[]>();

  /** A recurrence, made in order for all its cells. A cell of the step that does not exist passes the state on. */
  const scanned = (e: SExpr & { kind: "scan" }): Eval<T> => {
    const axes = [e.axis, ...e.dims];
    const table = ar.table(count(axes));
    const cell = here(axes);
    const state = (): Cell<T> => table.get(cell(), () => fail("a state that is not made yet"));
    states.set(e.state, state);
    const step = evalOf(e.step);
    const before = inOrder([e.step]).find((p) => p.kind === "prev" && p.state === e.state);
    const passedOn = before === undefined ? (): Cell<T> => ar.of(0, "float") : evalOf(before);
    let made = 0;
    return () => {
      const t = at[e.axis] as number;
      for (; made <= t; made++) {
        at[e.axis] = made;
        for (const x of beforeStep.get(e.state) ?? [])
          forEachCell(
            x.axes.filter((a) => a !== e.axis),
            () => void x.value(),
          );
        forEachCell(e.dims, () => void table.get(cell(), () => step() ?? passedOn()));
      }
      at[e.axis] = t;
      return state();
    };
  };

  const depth = new Map<SExpr, number>();
  for (const e of order) {
    const value = closure(e);
    evals.set(e, value);
    const deep = 1 + Math.max(0, ...parts(e).map((p) => depth.get(p) ?? 0));
    depth.set(e, deep);
    const isOwn = e.kind === "scan" || (e.kind === "reduce" && e.op === "cumsum");
    if (isOwn || !(isRemembered.has(e) || deep > MAX_DEPTH)) continue;
    if (count(e.axes) > MAX_CELLS && e.kind !== "reduce") continue;
    const [table, cell] = [ar.table(count(e.axes)), here(e.axes)];
    const stored = (): Cell<T> => table.get(cell(), value);
    evals.set(e, stored);
    if (deep <= MAX_DEPTH) continue;
    depth.set(e, 0);
    const state = stateOf.get(e);
    if (state === undefined) forEachCell(e.axes, () => void stored());
    else beforeStep.set(state, [...(beforeStep.get(state) ?? []), { axes: e.axes, value: stored }]);
  }

  return Object.fromEntries(
    spec.results.map((r) => {
      const axes = r.dims.flatMap((d) => d.axes);
      const { out, put } = result(count(axes));
      const value = evalOf(r.value);
      let next = 0;
      forEachCell(axes, () => put(next++, value()));
      return [r.name, out];
    }),
  );
};
