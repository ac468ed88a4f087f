/** Words of the user in generated text: whatever a doc comment or a name holds, the code around it stays what it was. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { lowerToWgsl, printWgsl } from "../../src/codegen/lower-to-wgsl.ts";
import { BASELINE } from "../../src/base/target.ts";
import { compile } from "../../src/compile.ts";
import * as t from "../../src/ir/tile/build.ts";
import { F32, type TileProgram } from "../../src/ir/tile/tile.ts";
import { commentLines, printable, printableLines } from "../../src/base/plain-text.ts";
import { compileFor, stacks } from "../gpu/stacks.ts";
import { resolveImport } from "../numeric/harness.ts";
import { NOWHERE, kernel, storage, type Fixture } from "../tile/fixtures.ts";
import { artifactOf } from "../tile/run.ts";

/** As the WGSL specification lists them (3.4), written down apart from the printer. */
const ENDS = ["\u000a", "\u000b", "\u000c", "\u000d", "\u000d\u000a", "\u0085", "\u2028", "\u2029"];
const ATTACK = "fn exp(x: f32) -> f32 { return 0.0; }";

const linesOf = (text: string): string[] => {
  const lines = [""];
  for (const c of text)
    if (ENDS.includes(c)) lines.push("");
    else lines[lines.length - 1] += c;
  return lines;
};
/** What a WGSL front end reads: no comments, no empty lines. */
const codeOf = (text: string): string =>
  linesOf(text)
    .filter((l) => l.trim() !== "" && !l.trim().startsWith("//"))
    .join("\n");

const [x, y] = [storage("x", F32), storage("y", F32, "read_write")];
const documented = (doc: string): TileProgram => ({
  name: "p",
  doc,
  storage: [x, y],
  uniforms: [],
  ...NOWHERE,
  kernels: [
    kernel({
      name: "p",
      doc: [doc, doc],
      body: [
        { kind: "comment", text: doc },
        t.ifStmt(t.lt(t.lane, t.i32(3)), [{ kind: "comment", text: doc }, t.store(y, t.lane, t.load(x, t.lane))]),
      ],
    }),
  ],
});
const wgsl = (p: TileProgram): string => printWgsl(lowerToWgsl(p, BASELINE));

/** Any text, with line ends and control characters often. */
const anyText = fc
  .array(
    fc.oneof(
      fc.string({ unit: "binary" }),
      fc.constantFrom(...ENDS, ATTACK, "*/", "/*", "//", "\u0000", "\u001b[2J", "\ud800", "\u202e"),
    ),
    { maxLength: 12 },
  )
  .map((parts) => parts.join(""));

describe("doc comments", () => {
  const plain = codeOf(wgsl(documented("")));

  test("any text changes no code", () => {
    fc.assert(
      fc.property(anyText, (doc) => {
        const text = wgsl(documented(doc));
        expect(codeOf(text)).toBe(plain);
        expect(text.isWellFormed()).toBe(true);
        // Nothing that a terminal obeys, and no NUL, which WGSL forbids.
        expect(text).not.toMatch(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/);
      }),
      { numRuns: 300 },
    );
  });

  test.each(ENDS.map((end) => [JSON.stringify(end), end]))("through the whole compiler, with %s", (_name, end) => {
    const of = (doc: string): string => {
      const text = `/// ${doc}\nkernel k(x: f32[i: N]) -> y: f32[i] {\n  y = exp(x)\n}\n`;
      const { artifacts, diagnostics } = compile(text, { file: "k.tfx", target: BASELINE, resolveImport });
      // A line end of TFX ends the comment there too: then what follows is not TFX, and is refused.
      if (diagnostics.length > 0) return "refused";
      return codeOf(artifacts[0]?.wgsl ?? "");
    };
    const clean = of("text");
    expect(clean).toContain("exp(");
    expect(["refused", clean]).toContain(of(`text${end}${ATTACK}`));
  });

  test("keep what can be printed", () => {
    expect(commentLines("a\u2028b\tc  \r\nd", "//")).toEqual(["// a", "// b\tc", "// d"]);
    expect(printable("Schrödinger 😀 \u001b[31m")).toBe("Schrödinger 😀 \ufffd[31m");
    fc.assert(
      fc.property(fc.string(), (s) => {
        expect(printableLines(s).join("")).toBe(s);
      }),
    );
  });
});

/** Keywords (3.7.1), reserved words (16.2) and predeclared names that code calls, copied from the specification. */
const KEYWORDS =
  `alias break case const const_assert continue continuing default diagnostic discard else enable false fn for if let
loop override requires return struct switch true var while`.split(/\s+/);
const RESERVED =
  `NULL Self abstract active alignas alignof as asm asm_fragment async attribute auto await become cast catch class
co_await co_return co_yield coherent column_major common compile compile_fragment concept const_cast consteval constexpr constinit
crate debugger decltype delete demote demote_to_helper do dynamic_cast enum explicit export extends extern external fallthrough filter
final finally friend from fxgroup get goto groupshared highp impl implements import inline instanceof interface layout lowp macro
macro_rules match mediump meta mod module move mut mutable namespace new nil noexcept noinline nointerpolation non_coherent noncoherent
noperspective null nullptr of operator package packoffset partition pass patch pixelfragment precise precision premerge priv protected
pub public readonly ref regardless register reinterpret_cast require resource restrict self set shared sizeof smooth snorm static
static_assert static_cast std subroutine super target template this thread_local throw trait try type typedef typeid typename typeof
union unless unorm unsafe unsized use using varying virtual volatile wgsl where with writeonly yield`.split(/\s+/);
const PREDECLARED =
  `f32 i32 u32 bool f16 vec2 vec4 vec4f vec4i vec4u vec4h array atomic ptr abs exp exp2 log max min pow select sqrt
inverseSqrt floor round sign dot fma clamp bitcast workgroupBarrier main params lane group wid lid`.split(/\s+/);

/** A program that calls its tensors, its kernel, its parameter and its variables by these names. */
const named = (names: readonly string[]): Fixture => {
  const [a = "a", b = "b", u = "u"] = names;
  const buffers = [storage(a, F32, "read_write"), ...(a === b ? [] : [storage(b, F32, "read_write")])];
  const first = buffers[0]!;
  const body = [
    ...names.map((n, i) =>
      t.letStmt(n, t.unary("exp", i === 0 ? t.load(first, t.lane) : t.ref(names[i - 1] ?? "", F32))),
    ),
    ...buffers.map((buffer) =>
      t.store(buffer, t.lane, t.add(t.ref(names.at(-1) ?? "", F32), t.cast(t.uniform(u), "f32"))),
    ),
  ];
  return {
    program: {
      name: a,
      doc: "",
      storage: buffers,
      uniforms: [{ name: u, type: { elem: "i32", width: 1 } }],
      ...NOWHERE,
      kernels: [kernel({ name: a, body })],
    },
    target: BASELINE,
    sizes: {},
    uniforms: { [u]: 1 },
    lengths: Object.fromEntries(buffers.map((buffer) => [buffer.name, 64])),
    data: {},
  };
};

describe("names", () => {
  const words = [...KEYWORDS, ...RESERVED, ...PREDECLARED];

  test("every word of WGSL may be one, on Tint", async () => {
    for (const word of words) expect([word, await compileFor(BASELINE, artifactOf(named([word])))]).toEqual([word, []]);
    expect(await compileFor(BASELINE, artifactOf(named(words)))).toEqual([]);
  });

  test("every word of WGSL may be one, on naga", async (context) => {
    const [deno] = await stacks(["deno"]);
    if (!deno?.available) return context.skip(deno?.reason ?? "");
    expect(await deno.compile(artifactOf(named(words)))).toEqual([]);
  });

  test("any text may be one", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(
          fc.oneof(anyText, fc.string(), fc.constantFrom(...words)).filter((s) => s !== ""),
          { minLength: 1, maxLength: 6 },
        ),
        async (names) => {
          expect(await compileFor(BASELINE, artifactOf(named(names)))).toEqual([]);
        },
      ),
      { numRuns: 60 },
    );
  });
});
