/** WGSL of tile programs: valid for each target, as short as it can be, and meaning what the evaluator says. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { lowerToWgsl, printWgsl } from "../../src/codegen/lower-to-wgsl.ts";
import { BASELINE, TARGETS } from "../../src/base/target.ts";
import { floatText } from "../../src/codegen/wgsl/literal.ts";
import { declare, newScope } from "../../src/codegen/wgsl/names.ts";
import * as t from "../../src/ir/tile/build.ts";
import { BOOL, F32, I32, U32, VEC4, type Expr, type Stmt, type TileProgram } from "../../src/ir/tile/tile.ts";
import { compileFor, stacks } from "../gpu/stacks.ts";
import { NOWHERE, FIXTURES, kernel, shared, storage, type Fixture } from "../tile/fixtures.ts";
import { artifactOf, evaluate, runOn } from "../tile/run.ts";

const [x, y] = [storage("x", F32), storage("y", F32, "read_write")];
const program = (body: readonly Stmt[], more: Partial<TileProgram> = {}): TileProgram => ({
  name: "p",
  doc: "",
  storage: [x, y],
  uniforms: [
    { name: "N", type: I32 },
    { name: "M", type: I32 },
  ],
  ...NOWHERE,
  kernels: [kernel({ name: "p", body })],
  ...more,
});
const wgsl = (p: TileProgram, target = BASELINE): string => printWgsl(lowerToWgsl(p, target));
const line = (e: Expr): string =>
  /let v = (.*);/.exec(
    wgsl(
      program([
        t.letStmt("v", e),
        t.ifStmt(t.eq(t.ref("v", e.type), t.ref("v", e.type)), [t.store(y, t.i32(0), t.f32(1))]),
      ]),
    ),
  )?.[1] ?? "";

describe("every fixture compiles without a message", () => {
  test.each(Object.keys(FIXTURES))("%s", async (name) => {
    const f = FIXTURES[name]?.();
    if (f === undefined) throw new Error("no fixture");
    const artifact = artifactOf(f);
    expect(await compileFor(f.target, artifact)).toEqual([]);
    // The features are needed, not just asked for.
    if (f.target.f16 || f.target.subgroups !== null) expect(await compileFor(BASELINE, artifact)).not.toEqual([]);
  });
});

test("a whole module", () => {
  const f = FIXTURES["rmsnorm"]?.();
  expect(f && wgsl(f.program)).toBe(`// Root mean square normalization.
// One workgroup a row.

struct Params {
  N: i32,
  C: i32,
  eps: f32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> y: array<vec4f>;

var<workgroup> partial_1: array<f32, 64>;

// y = x / sqrt(mean(x²) + eps)
@compute @workgroup_size(64)
fn rmsnorm(
  @builtin(workgroup_id) wid: vec3u,
  @builtin(num_workgroups) nwg: vec3u,
  @builtin(local_invocation_index) lid: u32,
) {
  let group = i32(wid.x + wid.y * nwg.x);
  let lane = i32(lid);
  if (group >= params.N) {
    return;
  }
  // Pass 1: the sum of squares of the row.
  var sum_of_squares = 0.0;
  for (var c = lane; c < params.C / 4; c += 64) {
    let v = x[group * (params.C / 4) + c];
    sum_of_squares += dot(v, v);
  }
  partial_1[lane] = sum_of_squares;
  workgroupBarrier();
  for (var step = 0; step < 6; step++) {
    let half = i32(32u >> u32(step));
    if (lane < half) {
      partial_1[lane] += partial_1[lane + half];
    }
    workgroupBarrier();
  }
  let scale = inverseSqrt(partial_1[0] / f32(params.C) + params.eps);
  // Pass 2: scaled.
  for (var c = lane; c < params.C / 4; c += 64) {
    y[group * (params.C / 4) + c] = x[group * (params.C / 4) + c] * scale;
  }
}
`);
});

test("parentheses only where WGSL wants them", () => {
  const [a, b, c] = [t.uniform("N"), t.uniform("M"), t.lane];
  const u = (e: Expr): Expr => t.cast(e, "u32");
  expect(line(t.sub(a, t.sub(b, c)))).toBe("params.N - (params.M - lane)");
  expect(line(t.sub(t.sub(a, b), c))).toBe("params.N - params.M - lane");
  expect(line(t.mul(t.add(a, b), c))).toBe("(params.N + params.M) * lane");
  expect(line(t.add(t.mul(a, b), c))).toBe("params.N * params.M + lane");
  expect(line(t.div(a, t.mul(b, c)))).toBe("params.N / (params.M * lane)");
  expect(line(t.unary("neg", t.add(a, b)))).toBe("-(params.N + params.M)");
  expect(line(t.sub(a, t.unary("neg", t.i32(-3))))).toBe("params.N - -(-3)");
  expect(line(t.and(t.lt(a, b), t.or(t.not(t.lt(b, c)), t.lt(a, t.add(c, b)))))).toBe(
    "(params.N < params.M) & (!(params.M < lane) | (params.N < lane + params.M))",
  );
  // A branch only where the right side reads memory.
  const read = t.lt(t.load(x, c), t.f32(1));
  expect(line(t.and(t.lt(a, b), read))).toBe("params.N < params.M && x[lane] < 1.0");
  expect(line(t.or(read, t.lt(a, b)))).toBe("(x[lane] < 1.0) | (params.N < params.M)");
  expect(line(t.or(t.and(t.lt(a, b), t.lt(b, c)), read))).toBe(
    "((params.N < params.M) & (params.M < lane)) || x[lane] < 1.0",
  );
  expect(line(t.eq(t.lt(a, b), t.lt(b, c)))).toBe("(params.N < params.M) == (params.M < lane)");
  expect(line(t.binary("shr", t.add(u(a), u(b)), t.add(u(c), u(a))))).toBe(
    "(u32(params.N) + u32(params.M)) >> (u32(lane) + u32(params.N))",
  );
  expect(line(t.eq(t.binary("bitand", u(a), t.u32(3)), t.binary("shl", u(b), t.u32(2))))).toBe(
    "(u32(params.N) & 3u) == (u32(params.M) << 2u)",
  );
  // `select(a < b, c > d, ...)` would be read as a template list.
  expect(line(t.select(t.gt(a, b), t.gt(b, c), t.lt(a, c)))).toBe(
    "select((params.N < lane), (params.M > lane), (params.N > params.M))",
  );
});

test("vectors beside scalars", () => {
  const v = t.splat(t.load(x, t.lane), 4);
  expect(line(t.mul(t.vector([t.f32(1), t.f32(2), t.f32(3), t.f32(4)]), v))).toBe(
    "vec4f(1.0, 2.0, 3.0, 4.0) * x[lane]",
  );
  expect(line(t.sub(t.lit(1, VEC4), v))).toBe("vec4f(1.0) - x[lane]");
  expect(line(t.max(v, t.lit(1, VEC4)))).toBe("max(vec4f(x[lane]), vec4f(1.0))");
});

test("nothing that is not used", () => {
  const text = wgsl(
    program(
      [
        t.letStmt("dead", t.unary("erf", t.load(x, t.uniform("M")))),
        t.letStmt("deader", t.mul(t.ref("dead", F32), t.f32(2))),
        t.varStmt("gone", F32),
        t.arrayStmt("lost", F32, 4),
        t.ifStmt(t.lt(t.lane, t.uniform("N")), [t.letStmt("inner", t.f32(1))], [t.comment("nothing")]),
        t.forStmt("i", t.i32(0), t.i32(4), t.i32(1), []),
        t.store(y, t.lane, t.f32(1)),
      ],
      {
        kernels: [
          kernel({
            name: "p",
            workgroup: [shared("unused", F32, 64)],
            body: [t.letStmt("dead", t.unary("erf", t.load(x, t.uniform("M")))), t.store(y, t.lane, t.f32(1))],
          }),
        ],
      },
    ),
  );
  expect(text).toBe(`// p

@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(64)
fn p(@builtin(local_invocation_index) lid: u32) {
  let lane = i32(lid);
  y[lane] = 1.0;
}
`);
  const again = wgsl(
    program([
      t.letStmt("v", t.load(x, t.lane)),
      t.ifStmt(t.bool(true), [t.letStmt("w", t.f32(1)), t.store(y, t.lane, t.ref("w", F32))]),
      t.ifStmt(t.lt(t.lane, t.i32(3)), [t.letStmt("w", t.f32(2))]),
    ]),
  );
  expect(again).not.toMatch(/let v|lane < 3/);
});

test("helpers come once for each type, when they are called", () => {
  const v = t.load(x, t.lane);
  const text = wgsl(
    program([
      t.store(
        y,
        t.lane,
        t.add(t.unary("erf", v), t.add(t.unary("erf", t.f32(2)), t.component(t.unary("erf", t.splat(v, 4)), 1))),
      ),
    ]),
  );
  expect(text.match(/^fn \w+/gm)).toEqual(["fn erf", "fn erf_vec4f", "fn p"]);
});

test("enable lines are the dialect's", () => {
  const sum = program([t.store(y, t.lane, t.subgroup("add", t.f32(1)))]);
  const target = TARGETS["subgroups"] ?? BASELINE;
  expect(wgsl(sum, target)).toContain("enable subgroups;");
  expect(wgsl(sum, { ...target, dialect: "naga" })).not.toContain("enable");
  expect(lowerToWgsl(sum, { ...target, dialect: "naga" }).features).toEqual(["subgroups"]);
});

test("the group index and its guard", () => {
  const of = (groups: Parameters<typeof kernel>[0]["groups"]): string =>
    wgsl(program([], { kernels: [kernel({ name: "p", groups: groups ?? 1, body: [t.store(y, t.group, t.f32(1))] })] }));
  expect(of(65535)).toContain("let group = i32(wid.x);\n  y[group]");
  expect(of(65536)).toContain("let group = i32(wid.x + wid.y * nwg.x);\n  if (group >= 65536) {\n    return;\n  }");
  expect(of(["*", "N", ["ceil/", "M", 4]])).toContain("if (group >= params.N * ((params.M + 3) / 4)) {");
  // A size that only the guard needs joins the uniforms.
  expect(of("K")).toContain("struct Params {\n  K: i32,\n}");
});

test("names: the user's own, legal, never hiding what is called", () => {
  const scope = newScope(null);
  const given = [
    "q",
    "q",
    "α",
    "2x",
    "a b",
    "_",
    "__x",
    "let",
    "fn",
    "f32",
    "max",
    "dot",
    "mean",
    "length",
    "erf",
    "erf_vec4f",
    "infinity",
    "vec4f",
    "target",
  ];
  expect(given.map((n) => declare(scope, n))).toEqual([
    "q",
    "q_1",
    "v_",
    "v2x",
    "a_b",
    "v__1",
    "_x",
    "let_1",
    "fn_1",
    "f32_1",
    "max_1",
    "dot_1",
    "mean",
    "length",
    "erf_1",
    "erf_vec4f_1",
    "infinity_1",
    "vec4f_1",
    "target_1",
  ]);
  expect(declare(newScope(scope), "q")).toBe("q_2");
});

test("names that meet: tensor, kernel, parameter struct and variables all called alike", async () => {
  const names = ["params", "lane", "group", "Params", "erf", "wid"];
  const buffers = names.map((n) => storage(n, F32, "read_write"));
  const body = [
    ...buffers.map((b, i) =>
      t.letStmt(names[(i + 1) % names.length] ?? "", t.unary("erf", t.load(b, t.add(t.group, t.lane)))),
    ),
    ...buffers.map((b) => t.store(b, t.lane, t.add(t.ref(b.name, F32), t.cast(t.uniform("lane"), "f32")))),
  ];
  const p = program(body, {
    storage: buffers,
    uniforms: [{ name: "lane", type: I32 }],
    kernels: [kernel({ name: "erf", body, groups: "lane" })],
  });
  const f: Fixture = {
    program: p,
    target: BASELINE,
    sizes: { lane: 1 },
    uniforms: { lane: 1 },
    lengths: Object.fromEntries(names.map((n) => [n, 64])),
    data: {},
  };
  expect(await compileFor(BASELINE, artifactOf(f))).toEqual([]);
});

test("float literals are the shortest that come back", () => {
  expect(
    [0, 1, -1, 0.125, 0.1, 1e-6, 1e10, 100000, 16777216, -0, 3.4028234663852886e38, 1e-45].map((v) =>
      floatText(v, "f32"),
    ),
  ).toEqual([
    "0.0",
    "1.0",
    "-1.0",
    "0.125",
    "0.1",
    "1e-6",
    "1e10",
    "1e5",
    "16777216.0",
    "-0.0",
    "3.4028234663852886e38",
    "1e-45",
  ]);
  expect([1, 0.1, 65504, 6e-8].map((v) => floatText(v, "f16"))).toEqual(["1.0h", "0.1h", "65504.0h", "6e-8h"]);
  expect(() => floatText(Infinity, "f32")).toThrow("no finite f32");
  fc.assert(
    fc.property(fc.float({ noNaN: true, noDefaultInfinity: true }), (v) => {
      const text = floatText(v, "f32");
      expect(text).toMatch(/[.e]/);
      expect(Object.is(Math.fround(Number(text)), v)).toBe(true);
    }),
  );
});

const leaf = (type: typeof I32 | typeof U32 | typeof BOOL): fc.Arbitrary<Expr> => {
  if (type === BOOL) return fc.constantFrom(t.uniform("flag", BOOL), t.lt(t.lane, t.i32(9)));
  if (type === U32) return fc.constantFrom<Expr>(t.u32(3), t.cast(t.lane, "u32"), t.bitcast(t.uniform("N"), "u32"));
  return fc.constantFrom<Expr>(t.i32(3), t.i32(-7), t.lane, t.uniform("N"), t.ref("v", I32));
};

/** Random integer and bool expressions: exact everywhere, so any lost parenthesis shows. */
const tree = fc.letrec<{ i: Expr; u: Expr; b: Expr }>((tie) => {
  const two = (k: "i" | "u" | "b", ops: readonly Parameters<typeof t.binary>[0][]): fc.Arbitrary<Expr> =>
    fc.tuple(fc.constantFrom(...ops), tie(k), tie(k)).map(([op, a, b]) => t.binary(op, a, b));
  const select = (k: "i" | "u" | "b"): fc.Arbitrary<Expr> =>
    fc.tuple(tie("b"), tie(k), tie(k)).map(([c, a, b]) => t.select(c, a, b));
  const options = { maxDepth: 5, depthSize: "medium" } as const;
  return {
    i: fc.oneof(
      options,
      leaf(I32),
      two("i", ["+", "-", "*", "min", "max"]),
      two("i", ["+", "-", "*"]),
      select("i"),
      tie("i").map((a) => t.unary("neg", a)),
      tie("i").map((a) => t.binary("floormod", a, t.i32(5))),
      tie("i").map((a) => t.binary("floordiv", a, t.i32(-3))),
      tie("u").map((a) => t.bitcast(a, "i32")),
      tie("b").map((a) => t.cast(a, "i32")),
    ),
    u: fc.oneof(
      options,
      leaf(U32),
      two("u", ["+", "*", "bitand", "bitand"]),
      tie("u").map((a) => t.binary("%", a, t.u32(11))),
      select("u"),
      fc.tuple(tie("u"), fc.integer({ min: 0, max: 9 })).map(([a, n]) => t.binary("shl", a, t.u32(n))),
      fc.tuple(tie("u"), tie("u")).map(([a, n]) => t.binary("shr", a, t.binary("bitand", n, t.u32(7)))),
    ),
    b: fc.oneof(
      options,
      leaf(BOOL),
      two("i", ["<", "<=", ">", ">=", "==", "!="]),
      two("u", ["<", ">=", "=="]),
      two("b", ["and", "or", "==", "!="]),
      tie("b").map(t.not),
    ),
  };
});

test("random expressions mean on a GPU what the evaluator says", async ({ skip }) => {
  const all = await stacks(["swiftshader", "deno"]);
  if (!all.some((s) => s.available)) return skip(all[0]?.reason ?? "");
  const out = storage("out", I32, "read_write");
  await fc.assert(
    fc.asyncProperty(fc.array(tree.i, { minLength: 40, maxLength: 40 }), async (values) => {
      const body = [
        t.letStmt("v", t.sub(t.mul(t.lane, t.i32(12345)), t.uniform("N"))),
        ...values.map((e, n) => t.store(out, t.add(t.mul(t.lane, t.i32(40)), t.i32(n)), e)),
      ];
      const f: Fixture = {
        program: program(body, {
          storage: [out],
          uniforms: [
            { name: "N", type: I32 },
            { name: "flag", type: BOOL },
          ],
          kernels: [kernel({ name: "p", lanes: 16, body })],
        }),
        target: BASELINE,
        sizes: {},
        uniforms: { N: 1000, flag: 1 },
        lengths: { out: 640 },
        data: {},
      };
      const expected = Int32Array.from(evaluate(f).buffers["out"] ?? []);
      for (const stack of all.filter((s) => s.available)) expect((await runOn(f, stack))["out"]).toEqual(expected);
      // A fixed seed: constant parts of other trees may overflow, which WGSL refuses when it compiles.
    }),
    { numRuns: 3, seed: 20 },
  );
});

test("erf to 2e-7 and tanh to a few units in the last place, everywhere", async ({ skip }) => {
  const n = 4096;
  const body = [
    t.letStmt("i", t.add(t.mul(t.group, t.i32(64)), t.lane)),
    t.letStmt("v", t.load(x, t.ref("i", I32))),
    t.store(y, t.mul(t.ref("i", I32), t.i32(2)), t.unary("erf", t.ref("v", F32))),
    t.store(y, t.add(t.mul(t.ref("i", I32), t.i32(2)), t.i32(1)), t.unary("tanh", t.ref("v", F32))),
  ];
  // From 1e-6 to 100 in even ratios, both signs, and 0.
  const at = (i: number): number => (i === 0 ? 0 : (i % 2 === 0 ? 1 : -1) * 10 ** (-6 + (8 * i) / n));
  const f: Fixture = {
    program: program(body, { uniforms: [], kernels: [kernel({ name: "p", groups: n / 64, body })] }),
    target: BASELINE,
    sizes: {},
    uniforms: {},
    lengths: { x: n, y: 2 * n },
    data: { x: at },
  };
  const exact =
    evaluate(f, {
      precision: "f64",
      buffers: { x: Float32Array.from({ length: n }, (_, i) => at(i)), y: new Float64Array(2 * n) },
    }).buffers["y"] ?? [];
  const all = (await stacks(["swiftshader", "lavapipe", "deno"])).filter((s) => s.available);
  if (all.length === 0) return skip("no stack");
  for (const stack of all) {
    const found = (await runOn(f, stack))["y"] ?? [];
    let [erfError, erfRelative, tanhRelative] = [0, 0, 0];
    for (let i = 0; i < n; i++) {
      const [e, th] = [exact[2 * i] ?? NaN, exact[2 * i + 1] ?? NaN];
      erfError = Math.max(erfError, Math.abs(e - Number(found[2 * i])));
      if (i > 0 && Math.abs(at(i)) < 1) erfRelative = Math.max(erfRelative, Math.abs(Number(found[2 * i]) / e - 1));
      if (i > 0) tanhRelative = Math.max(tanhRelative, Math.abs(Number(found[2 * i + 1]) / th - 1));
    }
    expect(erfError, stack.name).toBeLessThan(2e-7);
    expect(erfRelative, stack.name).toBeLessThan(4e-7);
    expect(tanhRelative, stack.name).toBeLessThan(6e-7);
  }
});
