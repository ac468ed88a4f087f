/** The options of `compile` are as strict as the command line: whatever a caller gives is told in diagnostics, never thrown, never ignored. */
import fc from "fast-check";
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { errorPage } from "../src/check/error-page.ts";
import { BASELINE, GPU_TUNING, TARGETS } from "../src/base/target.ts";
import { compile, type CompileOptions } from "../src/compile.ts";
import { OPTION_CODES } from "../src/base/codes-options.ts";
import { renderDiagnostic } from "../src/base/render.ts";
import { resolveImport } from "./numeric/harness.ts";

const ATTN = `kernel attention<T: f32 | f16>(
  q: T[n: N, d: D], k: T[m: M, d], v: T[m, e: E], static cap: f32 = 50, static window: i32, static on: bool = true, scale: f32 = 1
) -> o: T[n, e] {
  let s = sum[d](q * k) * scale + cap where m <= n + window and on
  o = sum[m](softmax[m](s) * v)
}
`;
const NORM = "kernel norm(x: f32[n: N, d: D]) -> y: f32[n, d] {\n  y = softmax[d](x)\n}\n";

const BAND = `use { band } from "std/onnx/band"

kernel window(s: f32[i: N, j: M], left: i32) -> y: f32[i] {
  let seen = s where band(i, j, 0, 1, left, -1)
  y = max[j](seen)
}
`;

type Anything = Readonly<Record<string, unknown>>;
const GIVEN: Anything = {
  file: "a.tfx",
  target: BASELINE,
  resolveImport,
  dims: { D: 8, E: 8 },
  statics: { window: 3 },
};
const call = (options: unknown, text: unknown = ATTN) => compile(text as string, options as CompileOptions);
const said = (options: unknown, text?: unknown): readonly string[] =>
  call(options, text).diagnostics.map((d) => `${d.code} ${d.message}`);
const on = (more: Anything): readonly string[] => said({ ...GIVEN, ...more });

test("what is right compiles", () => {
  expect(on({})).toEqual([]);
  expect(
    on({ types: { T: "f16" }, target: TARGETS["f16"], kernel: "attention", parts: 1, schedule: (s: unknown) => s }),
  ).toEqual([]);
  expect(on({ dims: { D: 0, E: 0, N: 0, M: 2 ** 31 - 1 } })).toEqual([]);
});

describe("sizes, static parameters and types", () => {
  test.each<[Anything, readonly string[]]>([
    [{ dims: { D: 8, E: 8, H: 2 } }, ["TFX6001 `dims.H`: no such name; sizes: N, D, M, E"]],
    [{ dims: { D: 8, e: 8 } }, ["TFX6001 `dims.e`: no such name; did you mean `E`?; sizes: N, D, M, E"]],
    [
      { dims: { D: -1, E: 2.5, N: NaN, M: "7" } },
      [
        "TFX6002 `dims.D` is -1: a size is a whole number >= 0",
        "TFX6002 `dims.E` is 2.5: a size is a whole number >= 0",
        "TFX6002 `dims.N` is NaN: a size is a whole number >= 0",
        'TFX6002 `dims.M` is "7": a size is a whole number >= 0',
      ],
    ],
    [
      { dims: { D: 2 ** 31, E: Infinity, N: null } },
      [
        "TFX6002 `dims.D` is 2147483648: a size is at most 2147483647",
        "TFX6002 `dims.E` is Infinity: a size is at most 2147483647",
        "TFX6002 `dims.N` is null: a size is a whole number >= 0",
      ],
    ],
    [
      { statics: { window: 2.5, cap: "x", on: 2 } },
      [
        "TFX6002 `statics.window` is 2.5: `window` is of type i32, a whole number from -2147483648 to 2147483647",
        'TFX6002 `statics.cap` is "x": `cap` is of type f32, a number',
        "TFX6002 `statics.on` is 2: `on` is a bool, true or false",
      ],
    ],
    [{ statics: { window: 3, cap: 1e39 } }, ["TFX6002 `statics.cap` is 1e+39: too large for f32"]],
    [
      { statics: { window: 3, scale: 2, capp: 1 } },
      [
        "TFX6001 `statics.scale`: not a static parameter; it is a value of the run",
        "TFX6001 `statics.capp`: no such name; did you mean `cap`?; static parameters: cap, window, on",
      ],
    ],
    [{ statics: {} }, ["TFX4003 static parameter `window` has no value"]],
    [
      { types: { T: "f64", U: "f32" } },
      ['TFX6002 `types.T` is "f64": T may be f32 or f16', "TFX6001 `types.U`: no such name; type variables: T"],
    ],
    [{ types: { T: "i4" } }, ['TFX6002 `types.T` is "i4": T may be f32 or f16']],
    [{ dims: { D: 8, E: 8, N: 65536, M: 2 ** 20 }, types: {} }, []],
    [
      { dims: { D: 65536, E: 8, N: 65536 } },
      ["TFX6002 `q` has 4294967296 elements, more than 2147483647: indices are i32"],
    ],
    [
      { dims: { d: 1 }, statics: { w: 1 }, types: { X: "f32" } },
      [
        "TFX6001 `dims.d`: no such name; did you mean `D`?; sizes: N, D, M, E",
        "TFX6001 `statics.w`: no such name; static parameters: cap, window, on",
        "TFX6001 `types.X`: no such name; type variables: T",
      ],
    ],
  ])("%j", (more, expected) => expect(on(more)).toEqual(expected));

  test("stand at their declarations", () => {
    const { diagnostics } = call({ ...GIVEN, dims: { D: -1 }, statics: { window: 0.5 } });
    expect(diagnostics.map((d) => ATTN.slice(d.primary.span.start, d.primary.span.end))).toEqual(["d: D", "window"]);
  });

  test("of several kernels: a name that one of them has is right", () => {
    const both = `${ATTN}${NORM}kernel other(z: f32[a: A]) -> w: f32[a] {\n  w = z + 1\n}\n`;
    expect(said({ ...GIVEN, dims: { D: 8, E: 8, A: 4 } }, both)).toEqual([]);
    expect(call({ ...GIVEN, dims: { D: 8, E: 8, A: 4 } }, both).artifacts.map((a) => a.constants)).toEqual([
      { D: 8, E: 8 },
      { D: 8 },
      { A: 4 },
    ]);
    expect(said({ ...GIVEN, dims: { Q: 1 } }, both)).toEqual(["TFX6001 `dims.Q`: no such name; sizes: N, D, M, E"]);
  });

  test.each<[string, string, Anything, readonly string[]]>([
    [
      "a size that divides by none",
      "kernel k(x: f32[i: N, h: K, j: N / K]) -> y: f32[i] {\n  y = sum[h, j](x)\n}\n",
      { N: 4, K: 0 },
      ["TFX6002 axis `j`: N / K is Infinity with N = 4, K = 0: it is no size, a whole number >= 0"],
    ],
    [
      "a size below 0",
      "kernel k(x: f32[i: N, h: K, j: N - K]) -> y: f32[i] {\n  y = sum[h, j](x)\n}\n",
      { N: 4, K: 9 },
      ["TFX6002 axis `j`: N - K is -5 with N = 4, K = 9: it is no size, a whole number >= 0"],
    ],
  ])("%s", (_name, text, dims, expected) => expect(said({ ...GIVEN, statics: {}, dims }, text)).toEqual(expected));

  test.each([
    [0, "TFX6002 the rank of `kth_largest` is 0: the largest is 1"],
    [-1, "TFX6002 the rank of `kth_largest` is -1: the largest is 1"],
    [
      2_000_000_000,
      "TFX4006 `kth_largest` of rank 2000000000 carries as many numbers for a row in registers, more than 1536",
    ],
  ])("a rank of %d", (k, expected) => {
    const text = "kernel k(x: f32[i: N, j: M], static k: i32 = 8) -> y: f32[i] {\n  y = kth_largest[j](x, k)\n}\n";
    expect(said({ ...GIVEN, dims: {}, statics: { k } }, text)).toEqual([expected]);
  });
});

describe("the form", () => {
  test.each<[string, unknown, readonly string[]]>([
    ["no options", undefined, ["TFX6003 the options are undefined, not { file, target }"]],
    [
      "nothing in them",
      {},
      ["TFX6003 `file` is missing: a text", "TFX6003 `target` is missing: one of TARGETS, or an object like them"],
    ],
    [
      "a target's name",
      { ...GIVEN, target: "baseline" },
      ['TFX6003 `target` is "baseline", not one of TARGETS, or an object like them'],
    ],
    [
      "a target with holes",
      {
        ...GIVEN,
        target: { ...BASELINE, subgroups: { min: 8, max: 4 }, f16: 1, invocations: undefined, dialec: "tint" },
      },
      [
        "TFX6003 there is no option `target.dialec`; did you mean `dialect`?",
        "TFX6003 `target.invocations` is missing: a whole number from 128",
        "TFX6003 `target.subgroups` is an object, not null or { min, max }",
        "TFX6003 `target.f16` is 1, not true or false",
      ],
    ],
    [
      "a tuning with holes",
      {
        ...GIVEN,
        target: {
          ...BASELINE,
          tuning: {
            ...GPU_TUNING,
            rowLanes: 256,
            staging: undefined,
            twoRows: { broadcast: null, direct: 3 },
            hold: 1,
          },
        },
      },
      [
        "TFX6003 there is no option `target.tuning.hold`",
        "TFX6003 `target.tuning.rowLanes` is 256, not a whole number from 1 to 128",
        "TFX6003 `target.tuning.twoRows` is an object, not { broadcast, direct }, each null or { from, to }",
        "TFX6003 `target.tuning.staging` is missing: true or false",
      ],
    ],
    ["misspelt", { ...GIVEN, dim: { D: 1 } }, ["TFX6003 there is no option `dim`; did you mean `dims`?"]],
    ["parts", { ...GIVEN, parts: 0 }, ["TFX6003 `parts` is 0, not a whole number from 1 to 65535"]],
    [
      "too many parts",
      { ...GIVEN, parts: 2 ** 40 },
      ["TFX6003 `parts` is 1099511627776, not a whole number from 1 to 65535"],
    ],
    ["parts that are none", { ...GIVEN, parts: 2.5 }, ["TFX6003 `parts` is 2.5, not a whole number from 1 to 65535"]],
    [
      "records",
      { ...GIVEN, dims: [1], statics: 7, types: null },
      [
        "TFX6003 `dims` is an array, not a record",
        "TFX6003 `statics` is 7, not a record",
        "TFX6003 `types` is null, not a record",
      ],
    ],
    [
      "functions",
      { ...GIVEN, schedule: {}, resolveImport: "std" },
      ['TFX6003 `resolveImport` is "std", not a function', "TFX6003 `schedule` is an object, not a function"],
    ],
    ["kernel", { ...GIVEN, kernel: 3 }, ["TFX6003 `kernel` is 3, not a text"]],
    ["a kernel that is not there", { ...GIVEN, kernel: "atention" }, ["TFX2010 this file has no kernel `atention`"]],
  ])("%s", (_name, options, expected) => expect(said(options)).toEqual(expected));

  test("a source that is no text", () => {
    expect(said(GIVEN, new Uint8Array(3))).toEqual(["TFX6003 the source is an object, not a text"]);
    expect(said(GIVEN, null)).toHaveLength(1);
  });

  test("a schedule that throws, or gives none", () => {
    const thrown = on({
      schedule: () => {
        throw new RangeError("no");
      },
    });
    expect(thrown).toEqual(["TFX6003 `schedule` throws for `attention`: no"]);
    expect(on({ schedule: () => "fast" })).toEqual(['TFX6003 `schedule` gives "fast" for `attention`, not a schedule']);
  });
});

describe("imports", () => {
  const USES = `use { band } from "./masks"\n${NORM.replace("softmax[d](x)", "softmax[d](x) where band(n, d)")}`;
  test.each<[string, unknown, readonly string[]]>([
    [
      "a text",
      () => "fn f(x) = x",
      [
        'TFX6003 `resolveImport` gives "fn f(x) = x" for "./masks", not { file, text } or null',
        'TFX6003 `resolveImport` gives "fn f(x) = x" for "std/prelude", not { file, text } or null',
      ],
    ],
    [
      "nothing",
      () => undefined,
      [
        'TFX6003 `resolveImport` gives undefined for "./masks", not { file, text } or null',
        'TFX6003 `resolveImport` gives undefined for "std/prelude", not { file, text } or null',
      ],
    ],
    [
      "a promise",
      () => Promise.resolve(null),
      [
        'TFX6003 `resolveImport` gives a promise (`compileAsync` waits for it) for "./masks", not { file, text } or null',
        'TFX6003 `resolveImport` gives a promise (`compileAsync` waits for it) for "std/prelude", not { file, text } or null',
      ],
    ],
    [
      "an exception",
      (path: string) => {
        throw new Error(`cannot open ${path}`);
      },
      [
        'TFX6003 `resolveImport` throws for "./masks": cannot open ./masks',
        'TFX6003 `resolveImport` throws for "std/prelude": cannot open std/prelude',
      ],
    ],
    [
      "half an answer",
      (path: string) => (path === "std/prelude" ? resolveImport(path, "") : { file: "x.tfx" }),
      ['TFX6003 `resolveImport` gives an object for "./masks", not { file, text } or null'],
    ],
    ["no such file", resolveImport, ['TFX5001 cannot find "./masks"']],
    ["nobody to ask", undefined, ['TFX5001 cannot find "./masks"']],
    [
      "no prelude",
      (path: string) => (path === "./masks" ? { file: "masks.tfx", text: "fn band(i, j) = i >= j\n" } : null),
      [],
    ],
  ])("%s", (_name, resolve, expected) => {
    expect(said({ ...GIVEN, dims: { D: 8 }, statics: {}, resolveImport: resolve }, USES)).toEqual(expected);
  });

  test("the prelude is carried, the rest of the library is not", () => {
    const alone = { file: "a.tfx", target: BASELINE };
    expect(said(alone, NORM)).toEqual([]);
    expect(said(alone, BAND)).toEqual(['TFX6004 "std/onnx/band" is of the standard library, which is not at hand']);
  });
});

describe("mistakes of planning", () => {
  const LINEAR = `kernel linear(q: f32[n: N, d: D], k: f32[m: M, d], v: f32[m, e: E]) -> o: f32[n, e] {
  o = sum[m](sum[d](relu(q) * k) * v)
}
`;
  test("every size that the plan asks for, at once", () => {
    const asked = said({ ...GIVEN, dims: {}, statics: { window: 1 } }).map((m) => m.slice(0, 7));
    const each = call({ ...GIVEN, dims: {}, statics: { window: 1 } }).diagnostics.flatMap((d) =>
      [...(d.help ?? "").matchAll(/--dim (\w+)=/g)].map((m) => m[1]),
    );
    expect(new Set(asked)).toEqual(new Set(["TFX4002"]));
    // With what was asked for it compiles: nothing is asked for in a second round.
    const { diagnostics } = call({
      ...GIVEN,
      dims: Object.fromEntries(each.map((n) => [n, 16])),
      statics: { window: 1 },
    });
    expect(diagnostics.filter((d) => d.severity === "error")).toEqual([]);
  });

  test("every static parameter without a value, and those of every kernel", () => {
    const two = ["a", "b"]
      .map((n) => `kernel ${n}(x: f32[i: N], static p: f32, static r: i32) -> y: f32[i] {\n  y = p * x + r\n}\n`)
      .join("");
    expect(said({ ...GIVEN, dims: {}, statics: {} }, two)).toEqual(
      ["p", "r", "p", "r"].map((n) => `TFX4003 static parameter \`${n}\` has no value`),
    );
  });

  test("every kernel of a file, and every limit", () => {
    const many = Array.from({ length: 9 }, (_, i) => `x${i}: i32[i: N]`).join(", ");
    const sum = Array.from({ length: 9 }, (_, i) => `x${i}`).join(" + ");
    const text = `kernel wide(${many}) -> y: f16[i] {\n  y = float(${sum})\n}\n${LINEAR}`;
    const codes = said({ ...GIVEN, dims: {}, statics: {} }, text).map((m) => m.slice(0, 7));
    expect(codes.slice(0, 2)).toEqual(["TFX4005", "TFX4004"]);
    expect(new Set(codes.slice(2))).toEqual(new Set(["TFX4002"]));
  });
});

test("anything at all in any option: no exception, and no silence", () => {
  const value = fc.oneof(
    fc.anything(),
    fc.constantFrom<unknown>(-1, 0.5, NaN, "f16", null, [], 2 ** 40),
    fc.dictionary(fc.constantFrom("D", "E", "N", "window", "T", "min", "constructor", "x"), fc.anything(), {
      maxKeys: 3,
    }),
  );
  const KEYS = ["file", "kernel", "dims", "statics", "types", "target", "resolveImport", "parts", "schedule", "other"];
  fc.assert(
    fc.property(fc.constantFrom(...KEYS), value, (key, given) => {
      const { diagnostics, artifacts } = call({ ...GIVEN, [key]: given });
      const isRight = artifacts.length === 1;
      expect(isRight || diagnostics.some((d) => d.severity === "error")).toBe(true);
      if (isRight && key !== "file" && given !== undefined && key !== "dims" && key !== "statics" && key !== "types")
        expect(["kernel", "parts"]).toContain(key);
    }),
    { numRuns: 400 },
  );
  fc.assert(
    fc.property(
      fc.constantFrom(...Object.keys(BASELINE)),
      fc.oneof(
        fc.anything(),
        fc.integer({ min: -1, max: 300 }),
        fc.integer({ min: 0, max: 30 }).map((n) => 2 ** n),
      ),
      (key, given) => {
        const { diagnostics, artifacts } = call({ ...GIVEN, target: { ...BASELINE, [key]: given } });
        expect(artifacts.length === 1 || diagnostics.some((d) => d.severity === "error")).toBe(true);
      },
    ),
    { numRuns: 400 },
  );
});

/** An example for each page: a text, and the call as a caller writes it. */
const EXAMPLES: Readonly<Record<string, readonly [string, string, Anything]>> = {
  TFX6001: [NORM, "dims: { N: 8, Z: 64 }", { dims: { N: 8, Z: 64 } }],
  TFX6002: [NORM, "dims: { D: -1 }", { dims: { D: -1 } }],
  TFX6003: [NORM, 'target: "baseline"', { target: "baseline" }],
  TFX6004: [BAND, "no resolveImport", { resolveImport: undefined }],
};

describe("docs/errors", () => {
  test.each(Object.keys(OPTION_CODES))("%s.md", async (code) => {
    const [text, shown, more] = EXAMPLES[code] ?? ["", "", {}];
    const { diagnostics } = call({ ...GIVEN, dims: {}, statics: {}, ...more }, text);
    expect(diagnostics.map((d) => d.code)).toEqual([code]);
    const rendered = diagnostics.map((d) => renderDiagnostic(d, () => text, { color: false })).join("\n\n");
    const entry = OPTION_CODES[code];
    if (entry === undefined) throw new Error(`no entry ${code}`);
    await expect(
      errorPage(code, entry, { source: `${text}\n// compiled with ${shown}`, rendered }),
    ).toMatchFileSnapshot(`../docs/errors/${code}.md`);
  });
  test("the index names them", () => {
    const index = readFileSync(new URL("../docs/errors/README.md", import.meta.url), "utf8");
    for (const code of Object.keys(OPTION_CODES)) expect(index).toContain(code);
  });
});
