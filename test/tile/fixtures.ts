/** Hand-written tile programs that between them use every kind of expression and statement. */
import * as t from "../../src/ir/tile/build.ts";
import {
  BOOL,
  F16,
  F32,
  I32,
  U32,
  VEC4,
  type Buffer,
  type Expr,
  type Stmt,
  type TileKernel,
  type TileProgram,
  type VType,
} from "../../src/ir/tile/tile.ts";
import type { Target } from "../../src/base/target.ts";
import { BASELINE, TARGETS } from "../../src/base/target.ts";

/** A program, how to call it, and the target it needs. */
export type Fixture = {
  readonly program: TileProgram;
  readonly target: Target;
  readonly sizes: Readonly<Record<string, number>>;
  readonly uniforms: Readonly<Record<string, number>>;
  /** Elements of each storage buffer (scalars, before any rounding up to vectors). */
  readonly lengths: Readonly<Record<string, number>>;
  /** Initial values; buffers that are not here start at zero. */
  readonly data: Readonly<Record<string, (i: number) => number>>;
};

export const storage = (name: string, type: VType, access: "read" | "read_write" = "read"): Buffer => ({
  name,
  space: "storage",
  access,
  type,
  length: null,
});
export const shared = (name: string, type: VType, length: number): Buffer => ({
  name,
  space: "workgroup",
  access: "read_write",
  type,
  length,
});
export const kernel = (k: Partial<TileKernel> & Pick<TileKernel, "name" | "body">): TileKernel => ({
  doc: [],
  lanes: 64,
  groups: 1,
  workgroup: [],
  origin: [],
  origins: new Map(),
  ...k,
});
/** Programs made by hand come from no source. */
export const NOWHERE: Pick<TileProgram, "origin" | "declared"> = { origin: [], declared: new Map() };

const target = (name: string): Target => TARGETS[name] ?? BASELINE;
const at = (e: Expr, n: number): Expr => t.add(e, t.i32(n));

/** A value that differs between elements, of both signs, and is exact in f16. */
const wave = (i: number): number => ((i * 37) % 101) / 16 - 3;

/** A row a workgroup: tree sum in workgroup memory, tail guarded, several passes over a vec4 row. */
const rmsnorm = (): Fixture => {
  const [x, y] = [storage("x", VEC4), storage("y", VEC4, "read_write")];
  const part = shared("partial", F32, 64);
  const quads = t.div(t.uniform("C"), t.i32(4));
  const row = t.mul(t.group, quads);
  const each = (body: (c: Expr) => readonly Stmt[]): Stmt =>
    t.forStmt("c", t.lane, quads, t.i32(64), body(t.ref("c", I32)));
  const sum = t.ref("sum_of_squares", F32);
  const body: readonly Stmt[] = [
    t.comment("Pass 1: the sum of squares of the row."),
    t.varStmt("sum_of_squares", F32, t.f32(0)),
    each((c) => [
      t.letStmt("v", t.load(x, t.add(row, c))),
      t.set("sum_of_squares", t.add(sum, t.dot(t.ref("v", VEC4), t.ref("v", VEC4)))),
    ]),
    t.store(part, t.lane, sum),
    t.barrier,
    t.forStmt("step", t.i32(0), t.i32(6), t.i32(1), [
      t.letStmt("half", t.cast(t.binary("shr", t.u32(32), t.cast(t.ref("step", I32), "u32")), "i32")),
      t.ifStmt(t.lt(t.lane, t.ref("half", I32)), [
        t.store(part, t.lane, t.add(t.load(part, t.lane), t.load(part, t.add(t.lane, t.ref("half", I32))))),
      ]),
      t.barrier,
    ]),
    t.letStmt("unused", t.f32(3)),
    t.letStmt(
      "scale",
      t.unary("rsqrt", t.add(t.div(t.load(part, t.i32(0)), t.cast(t.uniform("C"), "f32")), t.uniform("eps", F32))),
    ),
    t.comment("Pass 2: scaled."),
    each((c) => [t.store(y, t.add(row, c), t.mul(t.load(x, t.add(row, c)), t.splat(t.ref("scale", F32), 4)))]),
  ];
  return {
    program: {
      name: "rmsnorm",
      doc: "Root mean square normalization.\nOne workgroup a row.",
      storage: [x, y],
      uniforms: [
        { name: "N", type: I32 },
        { name: "C", type: I32 },
        { name: "unused", type: I32 },
        { name: "eps", type: F32 },
      ],
      ...NOWHERE,
      kernels: [
        kernel({ name: "rmsnorm", doc: ["y = x / sqrt(mean(x²) + eps)"], groups: "N", workgroup: [part], body }),
      ],
    },
    target: BASELINE,
    sizes: { N: 5, C: 72 },
    uniforms: { N: 5, C: 72, eps: 1e-5 },
    lengths: { x: 360, y: 360 },
    data: { x: wave },
  };
};

const UNARY = ["neg", "abs", "sign", "exp", "exp2", "sin", "cos", "tanh", "erf", "floor", "ceil", "round"] as const;
const POSITIVE = ["log", "log2", "sqrt", "rsqrt"] as const;

/** Every float function on scalars and vectors. */
const functions = (): Fixture => {
  const [x, y, z] = [storage("x", F32), storage("y", F32, "read_write"), storage("z", VEC4, "read_write")];
  const v = t.ref("v", F32);
  const positive = t.add(t.unary("abs", v), t.f32(0.125));
  const values = [
    ...UNARY.map((op) => t.unary(op, v)),
    ...POSITIVE.map((op) => t.unary(op, positive)),
    t.binary("floordiv", v, t.f32(0.75)),
    t.binary("floormod", v, t.f32(0.75)),
    t.binary("pow", v, t.f32(3)),
    t.binary("pow", v, t.f32(2)),
    t.binary("pow", positive, t.f32(0.3)),
    t.binary("pow", t.f32(0), t.f32(2)),
    t.min(v, t.f32(0.5)),
    t.max(v, t.f32(-1e-6)),
    t.sub(v, t.f32(-1)),
    t.div(v, t.f32(3)),
    t.fma(v, v, t.f32(-0.25)),
    t.sub(v, t.sub(t.f32(1), t.sub(v, t.f32(2)))),
    t.mul(t.add(v, t.f32(1)), t.unary("neg", t.unary("neg", v))),
    t.select(t.gt(v, t.f32(0)), v, t.unary("exp", t.unary("neg", t.unary("abs", v)))),
    t.infinity(1),
    t.infinity(-1),
    t.unary("tanh", t.mul(v, t.f32(1000))),
    t.unary("tanh", t.mul(v, t.f32(1e-4))),
    t.unary("exp", t.sub(t.f32(-200), t.unary("abs", v))),
    t.unary("erf", t.mul(v, t.f32(0.25))),
  ];
  const wide = [
    t.unary("tanh", t.splat(v, 4)),
    t.unary("erf", t.splat(v, 4)),
    t.binary("pow", t.splat(v, 4), t.splat(t.f32(3), 4)),
    t.lit(0.5, VEC4),
    t.splat(t.infinity(1), 4),
    t.select(t.lt(v, t.f32(0)), t.lit(1, VEC4), t.lit(2, VEC4)),
  ];
  const i = t.ref("i", I32);
  const body: readonly Stmt[] = [
    t.letStmt("i", t.add(t.mul(t.group, t.i32(64)), t.lane)),
    t.ifStmt(t.lt(i, t.uniform("N")), [
      t.letStmt("v", t.load(x, i)),
      ...values.map((e, n) => t.store(y, at(t.mul(i, t.i32(values.length)), n), e)),
      ...wide.map((e, n) => t.store(z, at(t.mul(i, t.i32(wide.length)), n), e)),
    ]),
  ];
  return {
    program: {
      name: "functions",
      doc: "",
      storage: [x, y, z],
      uniforms: [{ name: "N", type: I32 }],
      ...NOWHERE,
      kernels: [kernel({ name: "functions", groups: ["ceil/", "N", 64], body })],
    },
    target: BASELINE,
    sizes: { N: 100 },
    uniforms: { N: 100 },
    lengths: { x: 100, y: 100 * values.length, z: 400 * wide.length },
    data: { x: wave },
  };
};

/** Integers: floor and truncating division, comparisons, bits, casts, bools in storage and private memory. */
const integers = (): Fixture => {
  const [a, mask, out, flags, words] = [
    storage("a", I32),
    storage("mask", BOOL),
    storage("out", I32, "read_write"),
    storage("flags", BOOL, "read_write"),
    storage("words", U32, "read_write"),
  ];
  const v = t.ref("v", I32);
  const u = t.ref("u", U32);
  const m = t.ref("m", BOOL);
  const b = (e: Expr): Expr => t.cast(e, "i32");
  const values = [
    t.binary("floordiv", v, t.i32(3)),
    t.binary("floormod", v, t.i32(3)),
    t.binary("floordiv", v, t.i32(-4)),
    t.binary("floormod", v, t.i32(-4)),
    t.div(t.unary("abs", v), t.i32(3)),
    t.mod(t.unary("abs", v), t.i32(3)),
    t.unary("sign", v),
    t.unary("neg", v),
    b(t.eq(v, t.i32(4))),
    b(t.binary("!=", v, t.i32(4))),
    b(t.lt(v, t.i32(4))),
    b(t.le(v, t.i32(4))),
    b(t.gt(v, t.i32(4))),
    b(t.ge(v, t.i32(4))),
    b(t.and(m, t.or(t.lt(v, t.i32(0)), t.gt(v, t.i32(10))))),
    b(t.or(t.not(m), t.and(t.gt(v, t.i32(2)), m))),
    b(t.eq(t.lt(v, t.i32(0)), m)),
    t.cast(t.cast(v, "f32"), "i32"),
    t.cast(t.mul(t.cast(v, "f32"), t.f32(0.3)), "i32"),
    t.cast(u, "i32"),
    t.sub(t.i32(-5), t.i32(-2147483648)),
    t.min(v, t.i32(2)),
    t.max(v, t.i32(-2)),
    t.select(m, v, t.i32(-1)),
    t.cast(t.and(m, t.uniform("strict", BOOL)), "i32"),
    b(t.select(m, t.lt(v, t.i32(1)), t.gt(v, t.i32(7)))),
    t.cast(t.cast(v, "bool"), "i32"),
  ];
  const bits = [
    t.binary("bitand", t.binary("shr", u, t.u32(4)), t.u32(15)),
    t.binary("shl", u, t.i32(3)),
    t.bitcast(t.cast(v, "f32"), "u32"),
    t.cast(t.unary("abs", v), "u32"),
    t.add(t.binary("shl", t.binary("bitand", u, t.u32(3)), t.u32(2)), t.cast(m, "u32")),
    t.mod(u, t.u32(7)),
    t.binary("floordiv", u, t.u32(7)),
  ];
  const i = t.lane;
  const body: readonly Stmt[] = [
    t.letStmt("v", t.load(a, i)),
    t.letStmt("u", t.bitcast(v, "u32")),
    t.letStmt("m", t.load(mask, i)),
    ...values.map((e, n) => t.store(out, at(t.mul(i, t.i32(values.length)), n), e)),
    ...bits.map((e, n) => t.store(words, at(t.mul(i, t.i32(bits.length)), n), e)),
    t.store(flags, i, t.binary("!=", t.load(mask, i), t.lt(v, t.i32(3)))),
  ];
  return {
    program: {
      name: "integers",
      doc: "",
      storage: [a, mask, out, flags, words],
      uniforms: [{ name: "strict", type: BOOL }],
      ...NOWHERE,
      kernels: [kernel({ name: "integers", lanes: 32, body })],
    },
    target: BASELINE,
    sizes: {},
    uniforms: { strict: 1 },
    lengths: { a: 32, mask: 32, out: 32 * values.length, flags: 32, words: 32 * bits.length },
    data: { a: (n) => n * 3 - 40, mask: (n) => Number(n % 3 === 0) },
  };
};

/** Two dispatches over one scratch buffer, private arrays, nested loops and branches, names that WGSL does not allow. */
const registers = (): Fixture => {
  const [x, scratch, out] = [
    storage("var", F32),
    storage("scratch", F32, "read_write"),
    storage("fn", F32, "read_write"),
  ];
  const [acc, i, j] = [(n: Expr): Expr => t.element("acc", F32, n), t.ref("i", I32), t.ref("j", I32)];
  const first: readonly Stmt[] = [
    t.arrayStmt("acc", F32, 4),
    t.arrayStmt("ones", VEC4, 2, t.lit(1, VEC4)),
    t.arrayStmt("dead", F32, 4, t.f32(2)),
    t.varStmt("k", I32, t.i32(0)),
    t.forStmt("i", t.i32(0), t.i32(4), t.i32(1), [
      t.forStmt("j", i, t.add(i, t.i32(8)), t.i32(3), [
        t.setElement("acc", i, t.add(acc(i), t.load(x, t.add(t.mul(t.lane, t.i32(12)), j)))),
        t.set("k", t.add(t.ref("k", I32), t.i32(1))),
      ]),
      t.ifStmt(
        t.eq(t.mod(i, t.i32(2)), t.i32(0)),
        [t.setElement("acc", i, t.mul(acc(i), t.f32(2)))],
        [
          t.ifStmt(
            t.eq(i, t.i32(3)),
            [t.setElement("acc", i, t.f32(0.5))],
            [t.setElement("acc", i, t.sub(acc(i), t.f32(1)))],
          ),
        ],
      ),
    ]),
    t.setElement("ones", t.i32(1), t.vector([acc(t.i32(0)), acc(t.i32(1)), acc(t.i32(2)), acc(t.i32(3))])),
    t.letStmt("sum", t.dot(t.element("ones", VEC4, t.i32(0)), t.element("ones", VEC4, t.i32(1)))),
    t.ifStmt(t.gt(t.ref("k", I32), t.i32(100)), [t.comment("never"), t.letStmt("nothing", t.f32(1))]),
    t.store(scratch, t.lane, t.add(t.ref("sum", F32), t.cast(t.ref("k", I32), "f32"))),
  ];
  const second: readonly Stmt[] = [
    t.letStmt("let", t.load(scratch, t.sub(t.i32(15), t.lane))),
    t.letStmt("max", t.load(scratch, t.lane)),
    t.letStmt("params", t.vector([t.ref("let", F32), t.ref("max", F32)])),
    t.ifStmt(
      t.gt(t.ref("let", F32), t.ref("max", F32)),
      [t.letStmt("α", t.uniform("array", F32)), t.store(out, t.lane, t.mul(t.ref("α", F32), t.ref("max", F32)))],
      [
        t.letStmt("α", t.component(t.ref("params", t.vtype("f32", 2)), 1)),
        t.store(out, t.lane, t.max(t.ref("α", F32), t.ref("let", F32))),
      ],
    ),
  ];
  return {
    program: {
      name: "registers",
      doc: "",
      storage: [x, scratch, out],
      uniforms: [{ name: "array", type: F32 }],
      ...NOWHERE,
      kernels: [
        kernel({ name: "fn", lanes: 16, body: first }),
        kernel({ name: "second", lanes: 16, doc: ["Reads what the first wrote."], body: second }),
      ],
    },
    target: BASELINE,
    sizes: {},
    uniforms: { array: -1.5 },
    lengths: { var: 192, scratch: 16, fn: 16 },
    data: { var: wave },
  };
};

/** Half floats in storage, vectors of them in registers, f32 arithmetic where asked. */
const halves = (): Fixture => {
  const H4 = t.vtype("f16", 4);
  const [x, y, z] = [storage("x", H4), storage("y", F16, "read_write"), storage("z", H4, "read_write")];
  const tile = shared("tile", H4, 32);
  const v = t.ref("v", H4);
  const h = t.component(v, 2);
  const values = [
    h,
    t.mul(h, t.lit(0.5, F16)),
    t.unary("tanh", h),
    t.unary("exp", t.unary("neg", t.unary("abs", h))),
    t.cast(t.dot(t.cast(v, "f32"), t.cast(v, "f32")), "f16"),
    t.fma(h, h, t.lit(-0.0625, F16)),
    t.cast(t.cast(h, "i32"), "f16"),
  ];
  const body: readonly Stmt[] = [
    t.store(tile, t.lane, t.load(x, t.lane)),
    t.barrier,
    t.letStmt("v", t.load(tile, t.sub(t.i32(31), t.lane))),
    ...values.map((e, n) => t.store(y, at(t.mul(t.lane, t.i32(values.length)), n), e)),
    t.store(z, t.lane, t.cast(t.mul(t.cast(v, "f32"), t.lit(3, VEC4)), "f16")),
  ];
  return {
    program: {
      name: "halves",
      doc: "",
      storage: [x, y, z],
      uniforms: [],
      ...NOWHERE,
      kernels: [kernel({ name: "halves", lanes: 32, workgroup: [tile], body })],
    },
    target: target("f16"),
    sizes: {},
    uniforms: {},
    lengths: { x: 128, y: 32 * values.length, z: 128 },
    data: { x: wave },
  };
};

/** All cross-lane operations; results do not depend on the size of the subgroup where they are compared. */
const subgroups = (): Fixture => {
  const [x, y] = [storage("x", F32), storage("y", F32, "read_write")];
  const v = t.ref("v", F32);
  const f = (e: Expr): Expr => t.cast(e, "f32");
  const values = [
    t.subgroup("add", v),
    t.subgroup("max", v),
    t.subgroup("min", v),
    t.subgroup("broadcast", v, t.i32(1)),
    t.subgroup("shuffleXor", v, t.i32(1)),
    t.subgroup("shuffle", v, t.binary("-", t.sub(t.subgroupSize, t.i32(1)), t.subgroupLane)),
    f(t.subgroupLane),
    f(t.subgroupSize),
  ];
  const body: readonly Stmt[] = [
    t.letStmt("v", t.load(x, t.lane)),
    ...values.map((e, n) => t.letStmt(`r${n}`, e)),
    ...values.map((_, n) => t.store(y, at(t.mul(t.lane, t.i32(values.length)), n), t.ref(`r${n}`, F32))),
  ];
  return {
    program: {
      name: "subgroups",
      doc: "",
      storage: [x, y],
      uniforms: [],
      ...NOWHERE,
      kernels: [kernel({ name: "subgroups", lanes: 32, body })],
    },
    target: target("subgroups"),
    sizes: {},
    uniforms: {},
    lengths: { x: 32, y: 32 * values.length },
    data: { x: wave },
  };
};

/** More workgroups than one dimension of a dispatch holds, each writing one element. */
const many = (): Fixture => {
  const y = storage("y", F32, "read_write");
  return {
    program: {
      name: "many",
      doc: "",
      storage: [y],
      uniforms: [],
      ...NOWHERE,
      kernels: [kernel({ name: "many", lanes: 1, groups: 70000, body: [t.store(y, t.group, t.cast(t.group, "f32"))] })],
    },
    target: BASELINE,
    sizes: {},
    uniforms: {},
    lengths: { y: 70000 },
    data: {},
  };
};

export const FIXTURES: Readonly<Record<string, () => Fixture>> = {
  rmsnorm,
  functions,
  integers,
  registers,
  halves,
  subgroups,
  many,
};
