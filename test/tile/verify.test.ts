/** The verifier: fixtures are clean, each rule is broken once, and its idea of uniform control flow is Tint's. */
import { describe, expect, test } from "vitest";
import { artifactFromTile } from "../../src/codegen/artifact-from-tile.ts";
import { WGSL } from "../../src/codegen/wgsl/backend.ts";
import { BASELINE, TARGETS, type Target } from "../../src/base/target.ts";
import * as t from "../../src/ir/tile/build.ts";
import { printTile } from "../../src/ir/tile/print.ts";
import {
  BOOL,
  F16,
  F32,
  I32,
  U32,
  VEC4,
  type Expr,
  type Stmt,
  type TileKernel,
  type TileProgram,
} from "../../src/ir/tile/tile.ts";
import { verifyTile } from "../../src/ir/tile/verify.ts";
import { compileFor } from "../gpu/stacks.ts";
import { NOWHERE, FIXTURES, kernel, shared, storage } from "./fixtures.ts";

const [x, y, h] = [storage("x", F32), storage("y", F32, "read_write"), storage("h", F16)];
const w = shared("w", F32, 64);
const subgroups: Target = TARGETS["subgroups"] ?? BASELINE;

const program = (
  body: readonly Stmt[],
  change: Partial<TileKernel> = {},
  more: Partial<TileProgram> = {},
): TileProgram => ({
  name: "p",
  doc: "",
  storage: [x, y],
  uniforms: [{ name: "N", type: I32 }],
  ...NOWHERE,
  kernels: [kernel({ name: "p", workgroup: [w], body, ...change })],
  ...more,
});
const verify = (p: TileProgram, target: Target = subgroups): string => verifyTile(p, target).join("\n");
const put = (value: Expr): Stmt => t.store(y, t.lane, value);
const raw = (e: Expr, type: Expr["type"]): Expr => ({ ...e, type }) as Expr;

test.each(Object.keys(FIXTURES))("%s is clean for its target and prints the same twice", (name) => {
  const f = FIXTURES[name]?.();
  expect(f && verifyTile(f.program, f.target)).toEqual([]);
  expect(f && printTile(f.program)).toBe(printTile(FIXTURES[name]?.().program ?? program([])));
});

const one = t.f32(1);
const BROKEN: Readonly<Record<string, readonly [TileProgram, RegExp]>> = {
  "an undefined name": [program([put(t.ref("v", F32))]), /v is not defined here/],
  "a name used before it is there": [program([put(t.ref("v", F32)), t.letStmt("v", one)]), /v is not defined here/],
  "a name from a closed scope": [
    program([t.ifStmt(t.bool(true), [t.letStmt("v", one)]), put(t.ref("v", F32))]),
    /v is not defined here/,
  ],
  "a name defined twice": [
    program([t.letStmt("v", one), t.ifStmt(t.bool(true), [t.letStmt("v", one)])]),
    /v is defined twice/,
  ],
  "a wrong type of a name": [
    program([t.letStmt("v", t.i32(1)), put(t.ref("v", F32))]),
    /i32 where f32 is the type, in v/,
  ],
  "operands of two types": [program([put(t.add(one, raw(t.i32(1), I32)))]), /f32 \+ i32/],
  "a scalar beside a vector": [program([t.letStmt("v", t.mul(t.lit(1, VEC4), one))]), /f32x4 \* f32/],
  "arithmetic on bools": [
    program([t.letStmt("v", t.add(t.bool(true), t.unary("not", t.lt(t.lane, t.i32(1)))))]),
    /no \+ on bool/,
  ],
  "exp of an integer": [program([t.letStmt("v", t.unary("exp", t.lane))]), /no exp on i32/],
  "a comparison that is no bool": [program([put(raw(t.lt(t.lane, t.i32(3)), F32))]), /bool where f32|f32/],
  "a condition that is no bool": [program([t.ifStmt(t.lane, [put(one)])]), /if: i32 where bool is expected/],
  "an i32 literal out of range": [program([t.letStmt("v", t.i32(2147483648))]), /2147483648 is no i32/],
  "a fractional integer": [program([t.letStmt("v", t.i32(0.5))]), /0.5 is no i32/],
  "a negative u32": [program([t.letStmt("v", t.u32(-1))]), /-1 is no u32/],
  "an unknown buffer": [program([put(t.load(storage("z", F32), t.lane))]), /no buffer z/],
  "a load of another type": [
    program([put(t.component(t.load({ ...x, type: VEC4 }, t.lane), 0))]),
    /x: f32x4 where f32 is the type/,
  ],
  "a store to a read-only buffer": [program([t.store(x, t.lane, one)]), /x is read-only/],
  "a store of another type": [program([put(t.i32(1))]), /y: i32 where f32 is expected/],
  "a float index": [program([put(t.load(x, one))]), /an index of type f32/],
  "a constant index out of range": [program([t.store(w, t.i32(64), one)]), /w: index 64 is out of 64/],
  "a private array out of range": [
    program([t.arrayStmt("a", F32, 4), put(t.element("a", F32, t.i32(4)))]),
    /index 4 is out of 4/,
  ],
  "an element of what is no array": [
    program([t.varStmt("a", F32), put(t.element("a", F32, t.i32(0)))]),
    /a is no array here/,
  ],
  "an assignment to a let": [program([t.letStmt("a", one), t.set("a", one)]), /a cannot be set/],
  "an assignment to a loop variable": [
    program([t.forStmt("i", t.i32(0), t.i32(4), t.i32(1), [t.set("i", t.i32(0))])]),
    /i cannot be set/,
  ],
  "an unknown uniform": [program([t.letStmt("v", t.uniform("M"))]), /no uniform M/],
  "a component out of range": [
    program([put({ kind: "component", a: t.lit(1, VEC4), at: 4, type: F32 })]),
    /component 4 of f32x4/,
  ],
  "a vector with too few parts": [
    program([t.letStmt("v", { kind: "vector", parts: [one, one], type: VEC4 })]),
    /2 parts for f32x4/,
  ],
  "a dot of scalars": [program([put(t.dot(one, one))]), /dot of f32 and f32/],
  "a step of zero": [program([t.forStmt("i", t.i32(0), t.i32(4), t.i32(0), [put(one)])]), /for i: step 0/],
  "broadcast from a varying lane": [program([t.letStmt("v", t.subgroup("broadcast", one, t.lane))]), /no literal/],
  "shuffle without a lane": [program([t.letStmt("v", t.subgroup("shuffle", one))]), /shuffle without a lane/],
  "the bits of a bool": [program([t.letStmt("v", t.bitcast(t.bool(true), "u32"))]), /the bits of bool as u32/],
  "a shift by a float": [program([t.letStmt("v", t.binary("shl", t.u32(1), one))]), /u32 shl f32/],
  "a storage buffer with a length": [program([], {}, { storage: [{ ...x, length: 4 }] }), /x must be a storage buffer/],
  "a workgroup array without": [
    program([], { workgroup: [{ ...w, length: null }] }),
    /w must be a read_write workgroup array/,
  ],
  "one name for two buffers": [program([], { workgroup: [w, w] }), /two buffers have one name/],
  "one name for two kernels": [
    program([], {}, { kernels: [kernel({ name: "p", body: [] }), kernel({ name: "p", body: [] })] }),
    /two kernels have one name/,
  ],
  "a vector uniform": [program([], {}, { uniforms: [{ name: "v", type: VEC4 }] }), /the uniform v cannot be f32x4/],
};

test.each(Object.entries(BROKEN))("rejects %s", (_name, [p, message]) => {
  expect(verify(p)).toMatch(message);
});

test("limits of the target", () => {
  const big = program([t.store(shared("w", F32, 4097), t.lane, one)], { workgroup: [shared("w", F32, 4097)] });
  expect(verify(big, BASELINE)).toMatch(/16400 bytes of workgroup memory, but there are 16384/);
  expect(verify(big, TARGETS["32k"])).toBe("");
  expect(verify(program([put(one)], { lanes: 257 }))).toMatch(/257 lanes, but there are 256/);
  expect(verify(program([put(t.subgroup("add", one))]), BASELINE)).toMatch(/subgroup operations/);
  const half = program([put(t.cast(t.load(h, t.lane), "f32"))], {}, { storage: [h, y] });
  expect(verify(half)).toMatch(/f16, but the target has none/);
  expect(verify(half, TARGETS["f16"])).toBe("");
  const many = Array.from({ length: 9 }, (_, i) => storage(`b${i}`, F32));
  const sum = many.map((b) => t.load(b, t.lane)).reduce(t.add);
  expect(verify(program([put(sum)], {}, { storage: [...many, y] }))).toMatch(/10 storage buffers, but there are 8/);
});

const add = put(t.subgroup("add", one));
const first = t.eq(t.lane, t.i32(0));
const loop = (from: Expr, to: Expr, body: readonly Stmt[]): Stmt => t.forStmt("i", from, to, t.i32(1), body);
/** Bodies, and whether barriers and subgroup operations in them are in uniform control flow. */
const FLOW: Readonly<Record<string, readonly [readonly Stmt[], boolean]>> = {
  "a barrier under a lane's condition": [[t.ifStmt(first, [t.barrier])], false],
  "a barrier under a group's condition": [[t.ifStmt(t.lt(t.group, t.uniform("N")), [t.barrier])], true],
  "a barrier under a condition read from an input": [[t.ifStmt(t.gt(t.load(x, t.group), one), [t.barrier])], true],
  "a barrier under a condition read from an input by lane": [
    [t.ifStmt(t.gt(t.load(x, t.lane), one), [t.barrier])],
    false,
  ],
  "a barrier under a condition read from an output that the kernel writes": [
    [t.ifStmt(t.gt(t.load(y, t.i32(0)), one), [t.barrier]), t.store(y, t.lane, one)],
    false,
  ],
  "a barrier under a condition read from an output that the kernel only reads": [
    [t.ifStmt(t.gt(t.load(y, t.i32(0)), one), [t.barrier])],
    true,
  ],
  "a barrier under a condition read from workgroup memory": [
    [t.ifStmt(t.gt(t.load(w, t.i32(0)), one), [t.barrier])],
    false,
  ],
  "a barrier in a uniform loop": [[loop(t.i32(0), t.uniform("N"), [t.barrier])], true],
  "a barrier in a lane's loop": [[loop(t.lane, t.i32(64), [t.barrier])], false],
  "a barrier in a loop up to the lane": [[loop(t.i32(0), t.lane, [t.barrier])], false],
  "a barrier after a lane's loop": [[loop(t.lane, t.i32(64), [t.store(w, t.lane, one)]), t.barrier], true],
  "a barrier under a variable that lanes set": [
    [
      t.varStmt("v", I32, t.i32(0)),
      t.ifStmt(first, [t.set("v", t.i32(1))]),
      t.ifStmt(t.eq(t.ref("v", I32), t.i32(0)), [t.barrier]),
    ],
    false,
  ],
  "a barrier under a variable set late in a loop": [
    [
      t.varStmt("v", I32, t.i32(0)),
      loop(t.i32(0), t.i32(4), [t.ifStmt(t.eq(t.ref("v", I32), t.i32(0)), [t.barrier]), t.set("v", t.lane)]),
    ],
    false,
  ],
  "a barrier under a variable set alike": [
    [
      t.varStmt("v", I32, t.i32(0)),
      t.ifStmt(t.lt(t.group, t.i32(3)), [t.set("v", t.i32(1))]),
      t.ifStmt(t.eq(t.ref("v", I32), t.i32(0)), [t.barrier]),
    ],
    true,
  ],
  "a barrier under an array element that lanes set": [
    [
      t.arrayStmt("a", F32, 4),
      t.setElement("a", t.mod(t.lane, t.i32(4)), one),
      t.ifStmt(t.gt(t.element("a", F32, t.i32(0)), t.f32(0)), [t.barrier]),
    ],
    false,
  ],
  "a barrier under an array element set alike": [
    [
      t.arrayStmt("a", F32, 4),
      t.setElement("a", t.i32(1), t.load(x, t.group)),
      t.ifStmt(t.gt(t.element("a", F32, t.i32(0)), t.f32(0)), [t.barrier]),
    ],
    true,
  ],
  "a subgroup operation under a lane's condition": [[t.ifStmt(first, [add])], false],
  "a subgroup operation behind a lane's and": [
    [t.ifStmt(t.and(first, t.gt(t.subgroup("add", t.load(x, t.lane)), one)), [put(one)])],
    false,
  ],
  "a subgroup operation of what is at hand, beside a lane's condition": [
    [t.ifStmt(t.and(first, t.gt(t.subgroup("add", one), one)), [put(one)])],
    true,
  ],
  "a subgroup operation in front of a lane's and": [
    [t.ifStmt(t.and(t.gt(t.subgroup("add", one), one), first), [put(one)])],
    true,
  ],
  "a subgroup operation in a loop by subgroup size": [[loop(t.i32(0), t.subgroupSize, [add])], true],
  "shuffleXor by lane": [[put(t.subgroup("shuffleXor", one, t.lane))], false],
  "shuffleXor by a size": [[put(t.subgroup("shuffleXor", one, t.uniform("N")))], true],
};

describe("uniform control flow, as Tint sees it", () => {
  test.each(Object.entries(FLOW))("%s", async (_name, [body, ok]) => {
    const p = program(body, { groups: 8 });
    expect(verifyTile(p, subgroups).length === 0).toBe(ok);
    const artifact = artifactFromTile(WGSL.write(p, subgroups), {
      program: p,
      target: subgroups.name,
      kernel: "p",
      doc: "",
      sizes: ["N"],
      constants: {},
      scalars: [],
      plan: "",
      tensors: [x, y].map((b) => ({
        name: b.name,
        role: b.access === "read" ? "input" : "output",
        dtype: "f32",
        dims: [],
      })),
    });
    expect((await compileFor(subgroups, artifact)).length === 0).toBe(ok);
  });
});

test("the text of a program", () => {
  const p = program(
    [
      t.comment("two\nlines"),
      t.varStmt("v", F32),
      t.arrayStmt("a", VEC4, 2, t.lit(0.5, VEC4)),
      loop(t.lane, t.sub(t.uniform("N"), t.sub(t.i32(3), t.group)), [
        t.ifStmt(
          t.and(t.or(first, t.not(first)), t.le(t.ref("i", I32), t.i32(7))),
          [t.set("v", t.unary("neg", t.mul(t.add(t.ref("v", F32), one), one)))],
          [t.barrier],
        ),
      ]),
      t.setElement("a", t.i32(1), t.vector([one, one, one, t.infinity(-1)])),
      put(
        t.select(
          first,
          t.component(t.element("a", VEC4, t.i32(1)), 2),
          t.cast(t.binary("bitand", t.u32(7), t.bitcast(t.lane, "u32")), "f32"),
        ),
      ),
    ],
    { groups: ["ceil/", "N", 4], doc: ["What it does."] },
  );
  expect(printTile(p)).toBe(`tile p
  storage x: f32[] read
  storage y: f32[] read_write
  uniform N: i32

kernel p: 64 lanes, ceil(N / 4) groups
  # What it does.
  workgroup w: f32[64]
  # two
  # lines
  var v: f32
  array a: f32x4[2] = f32x4(0.5)
  for i in @lane .. $N - (3 - @group)
    if (@lane == 0 or not(@lane == 0)) and i <= 7
      v = -((v + 1.0) * 1.0)
    else
      barrier
  a[1] = f32x4(1.0, 1.0, 1.0, -inf)
  store y[@lane] = select(@lane == 0, a[1].z, f32(7u & bits_u32(@lane)))
`);
});

test("an index may be u32", () => {
  expect(
    verify(
      program([put(t.load(x, t.cast(t.lane, "u32"))), t.letStmt("b", t.lit(1, BOOL)), t.letStmt("u", t.lit(1, U32))]),
    ),
  ).toBe("");
});
