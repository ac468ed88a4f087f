/** The evaluator against real WebGPU and against plain JavaScript; what it must refuse; what it counts. */
import { describe, expect, test } from "vitest";
import * as t from "../../src/ir/tile/build.ts";
import { evaluateTile } from "../../src/ir/tile/eval.ts";
import { erf, roundEven } from "../../src/ir/tile/eval-ops.ts";
import { F32, I32, type Stmt, type TileProgram } from "../../src/ir/tile/tile.ts";
import { stacks, type StackName } from "../gpu/stacks.ts";
import { NOWHERE, FIXTURES, kernel, shared, storage } from "./fixtures.ts";
import { evaluate, initial, runOn } from "./run.ts";

const NAMES: readonly StackName[] = ["swiftshader", "lavapipe", "deno"];

/** Largest difference, relative where the expected value is above 1. Infinities must agree. */
const worst = (
  expected: ArrayLike<number>,
  found: ArrayLike<number>,
): { readonly error: number; readonly at: number } => {
  let [error, at] = [0, -1];
  for (let i = 0; i < expected.length; i++) {
    const [e, x] = [expected[i] ?? NaN, found[i] ?? NaN];
    if (e === x) continue;
    const d = Math.abs(e - x) / Math.max(1, Math.abs(e));
    if (!(d <= error)) [error, at] = [Number.isNaN(d) ? Infinity : d, i];
  }
  return { error, at };
};

/** A few units in the last place. */
const TOLERANCE: Readonly<Record<string, number>> = {
  rmsnorm: 1e-6,
  functions: 4e-6,
  integers: 0,
  registers: 1e-6,
  halves: 2e-3,
  subgroups: 1e-6,
  many: 0,
};

describe.each(NAMES)("against %s", (name) => {
  test.for(Object.keys(FIXTURES))("%s", async (fixture, { skip }) => {
    const [stack] = await stacks([name]);
    const f = FIXTURES[fixture]?.();
    if (!stack?.available || f === undefined) return skip(stack?.reason ?? "no such fixture");
    if (f.target.f16 && !stack.target.f16) return skip(`${name} has no f16`);
    if (f.target.subgroups !== null && stack.target.subgroups === null) return skip(`${name} has no subgroups`);
    const found = await runOn(f, stack);
    const { buffers } = evaluate(f, { subgroupSize: stack.target.subgroups?.max ?? 4 });
    const tolerance = TOLERANCE[fixture] ?? 0;
    for (const b of f.program.storage.filter((x) => x.access === "read_write")) {
      const { error, at } = worst(buffers[b.name] ?? [], found[b.name] ?? []);
      expect(
        error,
        `${b.name}[${at}]: ${buffers[b.name]?.[at]} on the CPU, ${found[b.name]?.[at]} on ${name}`,
      ).toBeLessThanOrEqual(tolerance);
    }
  });
});

/** A kernel of 8 lanes over `x` (16 elements, read), `y` (16 elements) and workgroup memory `w` (8 elements). */
const [x, y, w] = [storage("x", F32), storage("y", F32, "read_write"), shared("w", F32, 8)];
const small = (body: readonly Stmt[], groups = 1): TileProgram => ({
  name: "small",
  doc: "",
  storage: [x, y],
  uniforms: [],
  ...NOWHERE,
  kernels: [kernel({ name: "small", lanes: 8, groups, workgroup: [w], body })],
});
const run = (
  body: readonly Stmt[],
  options: { groups?: number; count?: boolean; precision?: "f32" | "f64" } = {},
): ReturnType<typeof evaluateTile> =>
  evaluateTile(small(body, options.groups), {
    sizes: {},
    uniforms: {},
    buffers: { x: Array.from({ length: 16 }, (_, i) => i + 0.1), y: new Float32Array(16) },
    ...options,
  });
const next = t.add(t.lane, t.i32(1));

describe("refuses", () => {
  const isFirst = t.lt(t.lane, t.i32(4));
  const cases: Readonly<Record<string, readonly [readonly Stmt[], RegExp]>> = {
    "a load out of bounds": [
      [t.store(y, t.lane, t.load(x, t.mul(t.lane, t.i32(3))))],
      /lane 6 is out of bounds: x\[18\] of 16/,
    ],
    "a store below zero": [[t.store(y, t.sub(t.lane, t.i32(1)), t.f32(0))], /lane 0 is out of bounds: y\[-1\]/],
    "a private array out of bounds": [
      [t.arrayStmt("a", F32, 7), t.setElement("a", t.lane, t.f32(1)), t.store(y, t.lane, t.element("a", F32, t.lane))],
      /a\[7\] of 7/,
    ],
    "a read of what another lane wrote": [
      [t.store(w, t.lane, t.f32(1)), t.store(y, t.lane, t.load(w, t.sub(t.i32(7), t.lane)))],
      /data race: lane 0 reads w\[7\] with lane 7/,
    ],
    "a write of what another lane read": [
      [
        t.letStmt("v", t.load(w, t.sub(t.i32(7), t.lane))),
        t.store(w, t.lane, t.ref("v", F32)),
        t.store(y, t.lane, t.ref("v", F32)),
      ],
      /data race: lane 0 writes w\[0\] with lane 7/,
    ],
    "a write of what all lanes read": [
      [t.letStmt("v", t.load(w, t.i32(0))), t.store(w, t.lane, t.ref("v", F32))],
      /data race: lane 0 writes w\[0\] that others read/,
    ],
    "two writers": [[t.store(w, t.i32(3), t.f32(1))], /data race: lane 1 writes w\[3\] with lane 0/],
    "two writers in different workgroups": [
      [t.ifStmt(t.eq(t.lane, t.i32(0)), [t.store(y, t.i32(0), t.f32(1))])],
      /data race: lane 0 writes y\[0\] with lane 0 of workgroup 0/,
    ],
    "a barrier that some lanes miss": [[t.ifStmt(isFirst, [t.barrier])], /a barrier that some lanes do not reach/],
    "a loop that some lanes leave early around a barrier": [
      [t.forStmt("i", t.lane, t.i32(4), t.i32(1), [t.barrier])],
      /a barrier that some lanes do not reach/,
    ],
    "a subgroup operation that some lanes miss": [
      [t.ifStmt(isFirst, [t.store(y, t.lane, t.subgroup("add", t.f32(1)))])],
      /subgroup add while some lanes are elsewhere/,
    ],
    "a store to a read-only buffer": [[t.store(x, t.lane, t.f32(1))], /x is read-only/],
  };
  test.each(Object.entries(cases))("%s", (_name, [body, message]) => {
    expect(() => run(body, { groups: 2 })).toThrow(message);
  });

  test("none of these when a barrier or a guard is there", () => {
    const last = t.sub(t.i32(7), t.lane);
    const { buffers } = run([
      t.store(w, t.lane, t.load(x, t.lane)),
      t.barrier,
      t.letStmt("v", t.load(w, last)),
      t.barrier,
      t.store(w, t.lane, t.select(t.lt(next, t.i32(8)), t.load(w, t.lane), t.ref("v", F32))),
      t.barrier,
      t.ifStmt(t.and(t.lt(next, t.i32(8)), t.gt(t.load(w, next), t.f32(3))), [t.store(y, t.lane, t.ref("v", F32))]),
    ]);
    expect([...(buffers["y"] ?? [])].slice(0, 8).map((v) => Math.round(v * 10))).toEqual([0, 0, 51, 41, 31, 21, 0, 0]);
  });
});

describe("precision", () => {
  const body = [t.store(y, t.lane, t.mul(t.load(x, t.lane), t.f32(0.1)))];
  test("f32 rounds every operation, f64 none", () => {
    expect(run(body).buffers["y"]?.[3]).toBe(Math.fround(Math.fround(3.1) * Math.fround(0.1)));
    expect(run(body, { precision: "f64" }).buffers["y"]?.[3]).toBe(3.1 * 0.1);
  });
  test("f16 buffers and operations round to f16", () => {
    const f = FIXTURES["halves"]?.();
    if (f === undefined) throw new Error("no fixture");
    const buffers = { x: Array.from({ length: 128 }, () => 1.0004), y: [...initial(f, "y")], z: [...initial(f, "z")] };
    // 1.0004 lies nearest to 1 in f16, 1.0005 nearest to 1 + 2^-10; the f64 evaluation keeps it.
    expect(evaluate(f, { buffers }).buffers["z"]?.[5]).toBe(3);
    expect(evaluate(f, { buffers: { ...buffers, x: buffers.x.map(() => 1.0005) } }).buffers["z"]?.[5]).toBe(
      Math.f16round(3 * (1 + 2 ** -10)),
    );
    expect(evaluate(f, { buffers, precision: "f64" }).buffers["z"]?.[5]).toBe(3 * 1.0004);
  });
});

test("counts bytes, accesses, barriers and mathematics of active lanes", () => {
  const { counts } = run(
    [
      t.ifStmt(t.lt(t.lane, t.i32(3)), [t.store(w, t.lane, t.mul(t.load(x, t.lane), t.f32(2)))]),
      t.barrier,
      t.forStmt("i", t.i32(0), t.i32(5), t.i32(1), [t.letStmt("dead", t.load(x, t.i32(0)))]),
      t.store(
        y,
        t.add(t.mul(t.group, t.i32(8)), t.lane),
        t.fma(t.unary("exp", t.load(w, t.i32(0))), t.f32(2), t.unary("sqrt", t.f32(4))),
      ),
    ],
    { groups: 2, count: true },
  );
  expect(counts).toEqual({
    loaded: { x: 2 * 3 * 4 },
    stored: { y: 2 * 8 * 4 },
    workgroupLoads: 16,
    workgroupStores: 6,
    barriers: 2,
    expLike: 16,
    multiplies: 6 + 16,
    subgroupOps: 0,
  });
});

test("subgroup operations by their size", () => {
  const body = [t.letStmt("s", t.subgroup("add", t.load(x, t.lane))), t.store(y, t.lane, t.ref("s", F32))];
  const at = (subgroupSize: number): readonly number[] => [
    ...(evaluateTile(small(body), {
      sizes: {},
      uniforms: {},
      buffers: { x: [1, 2, 3, 4, 5, 6, 7, 8], y: new Float32Array(8) },
      subgroupSize,
    }).buffers["y"] ?? []),
  ];
  expect(at(2)).toEqual([3, 3, 7, 7, 11, 11, 15, 15]);
  expect(at(8)).toEqual([36, 36, 36, 36, 36, 36, 36, 36]);
  expect(at(5)).toEqual([15, 15, 15, 15, 15, 21, 21, 21]);
});

test("erf and rounding against tables", () => {
  // Abramowitz and Stegun, table 7.1.
  for (const [a, value] of [
    [0.1, 0.112462916],
    [0.5, 0.5204998778],
    [1, 0.8427007929],
    [1.5, 0.9661051465],
    [1.9, 0.9927904292],
  ] as const)
    expect(Math.abs(erf(a) - value)).toBeLessThan(6e-11);
  // erfc(3) and erfc(2.5), to 10 digits.
  expect((1 - erf(3)) / 2.209049699858544e-5).toBeCloseTo(1, 9);
  expect((1 - erf(2.5)) / 4.069520174449589e-4).toBeCloseTo(1, 10);
  expect(erf(-2.49999999)).toBeCloseTo(erf(-2.5), 8);
  expect([-2.5, -1.5, -0.5, 0.5, 1.5, 2.5, 2.4, -2.6].map((v) => roundEven(v) + 0)).toEqual([
    -2, -2, 0, 0, 2, 2, 2, -3,
  ]);
});

test("private values of inactive lanes stay", () => {
  const { buffers } = run([
    t.varStmt("v", I32, t.i32(1)),
    t.forStmt("i", t.i32(0), t.lane, t.i32(1), [t.set("v", t.mul(t.ref("v", I32), t.i32(2)))]),
    t.store(y, t.lane, t.cast(t.ref("v", I32), "f32")),
  ]);
  expect([...(buffers["y"] ?? [])].slice(0, 8)).toEqual([1, 2, 4, 8, 16, 32, 64, 128]);
});
