/** Expressions as closures that compute all lanes at once. */
import { UNARY } from "../../base/operators.ts";
import { isFloat } from "./build.ts";
import { bitcastOp, binaryOp, castOp, rounder, unaryOp, type Op1 } from "./eval-ops.ts";
import { activeLanes, fail, type Machine } from "./eval-machine.ts";
import type { Elem, Expr } from "./tile.ts";
import { readsMemory } from "./walk.ts";

/** The value for every lane, `width` numbers a lane, in an array that belongs to the closure (inactive lanes: anything). */
export type Thunk = () => Float64Array;

/** Variables in scope: the storage of each, `width` (times `length` for private arrays) numbers a lane. */
export type Env = ReadonlyMap<string, { readonly data: Float64Array; readonly length: number }>;

/** Runs `f` with only those active lanes active where `cond` is `value`. */
const masked = (m: Machine, cond: Float64Array, value: 0 | 1, f: Thunk): Float64Array => {
  const outer = m.mask;
  m.mask = outer.map((on, lane) => (on !== 0 && cond[lane] === value ? 1 : 0));
  const out = f();
  m.mask = outer;
  return out;
};

const map1 =
  (out: Float64Array, a: Thunk, f: Op1): Thunk =>
  () => {
    const x = a();
    for (let i = 0; i < out.length; i++) out[i] = f(x[i] ?? 0);
    return out;
  };

const countMath = (m: Machine, what: "expLike" | "multiplies", width: number): void => {
  if (m.counts !== null) m.counts[what] += activeLanes(m) * width;
};

const compileBinary = (e: Expr & { readonly kind: "binary" }, m: Machine, env: Env, out: Float64Array): Thunk => {
  const [a, b] = [compileExpr(e.a, m, env), compileExpr(e.b, m, env)];
  const op = binaryOp(e.op, e.a.type.elem);
  const round = rounder(e.type.elem, m.precision);
  // The right side of `and` and `or` runs only where the left does not decide, as in WGSL.
  const shortcut = e.type.width === 1 && (e.op === "and" || e.op === "or") && readsMemory(e.b);
  const what = e.op === "pow" ? "expLike" : e.op === "*" && isFloat(e.type) ? "multiplies" : null;
  return () => {
    const x = a();
    const y = shortcut ? masked(m, x, e.op === "and" ? 1 : 0, b) : b();
    for (let i = 0; i < out.length; i++) {
      const decided = shortcut && x[i] === (e.op === "and" ? 0 : 1);
      out[i] = decided ? (x[i] ?? 0) : round(op(x[i] ?? 0, y[i] ?? 0));
    }
    if (what !== null && m.counts !== null) countMath(m, what, e.type.width);
    return out;
  };
};

const compileSelect = (e: Expr & { readonly kind: "select" }, m: Machine, env: Env, out: Float64Array): Thunk => {
  const [cond, a, b] = [compileExpr(e.cond, m, env), compileExpr(e.a, m, env), compileExpr(e.b, m, env)];
  const [width, condWidth] = [e.type.width, e.cond.type.width];
  // Only a scalar condition can keep the lanes apart that must not read out of bounds.
  const guard = condWidth === 1 && (readsMemory(e.a) || readsMemory(e.b));
  return () => {
    const c = cond();
    const x = guard ? masked(m, c, 1, a) : a();
    const y = guard ? masked(m, c, 0, b) : b();
    for (let i = 0; i < out.length; i++)
      out[i] = (c[condWidth === 1 ? Math.floor(i / width) : i] === 0 ? y[i] : x[i]) ?? 0;
    return out;
  };
};

const compileDot = (e: Expr & { readonly kind: "dot" }, m: Machine, env: Env, out: Float64Array): Thunk => {
  const [a, b] = [compileExpr(e.a, m, env), compileExpr(e.b, m, env)];
  const round = rounder(e.type.elem, m.precision);
  const width = e.a.type.width;
  return () => {
    const [x, y] = [a(), b()];
    for (let lane = 0; lane < m.lanes; lane++) {
      let sum = 0;
      for (let c = 0; c < width; c++) sum = round(sum + round((x[lane * width + c] ?? 0) * (y[lane * width + c] ?? 0)));
      out[lane] = sum;
    }
    countMath(m, "multiplies", width);
    return out;
  };
};

const compileFma = (e: Expr & { readonly kind: "fma" }, m: Machine, env: Env, out: Float64Array): Thunk => {
  const [a, b, c] = [compileExpr(e.a, m, env), compileExpr(e.b, m, env), compileExpr(e.c, m, env)];
  const round = rounder(e.type.elem, m.precision);
  return () => {
    const [x, y, z] = [a(), b(), c()];
    for (let i = 0; i < out.length; i++) out[i] = round((x[i] ?? 0) * (y[i] ?? 0) + (z[i] ?? 0));
    countMath(m, "multiplies", e.type.width);
    return out;
  };
};

const REDUCE = { add: (a: number, b: number): number => a + b, max: Math.max, min: Math.min } as const;

const compileSubgroup = (e: Expr & { readonly kind: "subgroup" }, m: Machine, env: Env, out: Float64Array): Thunk => {
  const a = compileExpr(e.a, m, env);
  const at = e.lane === null ? null : compileExpr(e.lane, m, env);
  const width = e.type.width;
  const round = rounder(e.type.elem, m.precision);
  const { op } = e;
  return () => {
    if (m.mask.includes(0)) fail(m, `subgroup ${op} while some lanes are elsewhere`);
    const [x, lane] = [a(), at?.() ?? null];
    for (let i = 0; i < m.lanes; i++) {
      const first = i - (i % m.subgroupSize);
      const end = Math.min(first + m.subgroupSize, m.lanes);
      const ask = lane?.[i] ?? 0;
      const from = first + (op === "shuffleXor" ? (i - first) ^ ask : ask);
      if (op !== "add" && op !== "max" && op !== "min" && !(from >= first && from < end))
        fail(m, `subgroup ${op}: no lane ${from - first} of ${end - first}`);
      for (let c = 0; c < width; c++) {
        let value = x[from * width + c] ?? 0;
        if (op === "add" || op === "max" || op === "min") {
          value = x[first * width + c] ?? 0;
          for (let k = first + 1; k < end; k++) value = round(REDUCE[op](value, x[k * width + c] ?? 0));
        }
        out[i * width + c] = value;
      }
    }
    if (m.counts !== null) m.counts.subgroupOps += m.lanes;
    return out;
  };
};

const compileElement = (e: Expr & { readonly kind: "element" }, m: Machine, env: Env, out: Float64Array): Thunk => {
  const index = compileExpr(e.index, m, env);
  const { data, length } = find(env, e.array);
  const width = e.type.width;
  return () => {
    const at = index();
    for (let lane = 0; lane < m.lanes; lane++) {
      if (m.mask[lane] === 0) continue;
      const i = at[lane] ?? -1;
      if (!(i >= 0 && i < length)) fail(m, `lane ${lane} is out of bounds: ${e.array}[${i}] of ${length}`);
      for (let c = 0; c < width; c++) out[lane * width + c] = data[(lane * length + i) * width + c] ?? 0;
    }
    return out;
  };
};

export const find = (env: Env, name: string): { readonly data: Float64Array; readonly length: number } => {
  const variable = env.get(name);
  if (variable === undefined) throw new Error(`tile IR: "${name}" is used but not declared`);
  return variable;
};

const compileBuiltin = (
  name: "lane" | "group" | "subgroup_lane" | "subgroup_size",
  m: Machine,
  out: Float64Array,
): Thunk => {
  switch (name) {
    case "lane":
      return () => out.map((_, lane) => lane);
    case "group":
      return () => out.fill(m.group);
    case "subgroup_lane":
      return () => out.map((_, lane) => lane % m.subgroupSize);
    case "subgroup_size":
      return () => out.fill(m.subgroupSize);
  }
};

const compileLoad = (e: Expr & { readonly kind: "load" }, m: Machine, env: Env, out: Float64Array): Thunk => {
  const index = compileExpr(e.index, m, env);
  const memory = m.memories.get(e.buffer);
  if (memory === undefined) throw new Error(`tile IR: no buffer "${e.buffer}"`);
  return () => {
    memory.load(m, index(), out);
    return out;
  };
};

const constant = (value: number, elem: Elem, m: Machine, out: Float64Array): Thunk => {
  out.fill(rounder(elem, m.precision)(value));
  return () => out;
};

/** The closure of an expression for one kernel and the variables in scope. */
export const compileExpr = (e: Expr, m: Machine, env: Env): Thunk => {
  const width = e.type.width;
  const out = new Float64Array(m.lanes * width);
  const round = rounder(e.type.elem, m.precision);
  const go = (x: Expr): Thunk => compileExpr(x, m, env);
  switch (e.kind) {
    case "lit":
      return constant(e.value, e.type.elem, m, out);
    case "infinity":
      return constant(e.sign * Infinity, e.type.elem, m, out);
    case "ref": {
      const { data } = find(env, e.name);
      return () => data;
    }
    case "uniform": {
      const value = m.uniforms.get(e.name);
      if (value === undefined) throw new Error(`the uniform "${e.name}" has no value`);
      return constant(value, e.type.elem, m, out);
    }
    case "builtin":
      return compileBuiltin(e.name, m, out);
    case "load":
      return compileLoad(e, m, env, out);
    case "element":
      return compileElement(e, m, env, out);
    case "unary": {
      const op = unaryOp(e.op);
      const run = map1(out, go(e.a), (x) => round(op(x)));
      if (UNARY[e.op].cost !== "series") return run;
      return () => {
        countMath(m, "expLike", width);
        return run();
      };
    }
    case "binary":
      return compileBinary(e, m, env, out);
    case "select":
      return compileSelect(e, m, env, out);
    case "cast": {
      const op = castOp(e.a.type.elem, e.type.elem);
      return map1(out, go(e.a), (x) => round(op(x)));
    }
    case "bitcast":
      return map1(out, go(e.a), bitcastOp(e.a.type.elem, e.type.elem));
    case "splat": {
      const a = go(e.a);
      return () => {
        const x = a();
        for (let i = 0; i < out.length; i++) out[i] = x[Math.floor(i / width)] ?? 0;
        return out;
      };
    }
    case "vector": {
      const parts = e.parts.map(go);
      return () => {
        parts.forEach((part, c) => part().forEach((x, lane) => (out[lane * width + c] = x)));
        return out;
      };
    }
    case "component": {
      const [a, from] = [go(e.a), e.a.type.width];
      return () => {
        const x = a();
        for (let lane = 0; lane < m.lanes; lane++) out[lane] = x[lane * from + e.at] ?? 0;
        return out;
      };
    }
    case "dot":
      return compileDot(e, m, env, out);
    case "fma":
      return compileFma(e, m, env, out);
    case "subgroup":
      return compileSubgroup(e, m, env, out);
  }
};
