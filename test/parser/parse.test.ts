import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import type { Expr } from "../../src/parser/ast.ts";
import { parseProgram } from "../../src/parser/parse.ts";
import { CODES } from "../../src/base/codes.ts";
import { withoutSpans } from "./strip.ts";

/** The value of `fn f() = text`. */
function expression(text: string): Expr {
  const { program, diagnostics } = parseProgram(`fn f() = ${text}`, "a.tfx");
  expect(diagnostics).toEqual([]);
  const [item] = program.items;
  if (item?.kind !== "fn") throw new Error("no function");
  return item.body;
}

/** An expression with all its parentheses, written independently of the printer. */
function grouped(e: Expr): string {
  switch (e.kind) {
    case "number":
      return e.text;
    case "bool":
      return String(e.value);
    case "apply":
      return (
        e.name.text +
        (e.index === null ? "" : `[${e.index.length}]`) +
        (e.args === null ? "" : `(${e.args.map(grouped).join(",")})`)
      );
    case "unary":
      return `(${e.op} ${grouped(e.arg)})`;
    case "binary":
      return `(${grouped(e.left)} ${e.op} ${grouped(e.right)})`;
    case "in":
      return `(${e.axis.text} in ${e.part.text})`;
    case "if":
      return `(if ${grouped(e.cond)} ${grouped(e.then)} ${grouped(e.else)})`;
    case "group":
      return grouped(e.inner);
  }
}

describe("precedence", () => {
  const cases: Readonly<Record<string, string>> = {
    "a - b - c": "((a - b) - c)",
    "a + b * c": "(a + (b * c))",
    "a / b * c % d": "(((a / b) * c) % d)",
    "-x ** 2": "(- (x ** 2))",
    "2 ** -3": "(2 ** (- 3))",
    "a ** b ** c": "(a ** (b ** c))",
    "- -x * y": "((- (- x)) * y)",
    "a - -b": "(a - (- b))",
    "not a == b": "(not (a == b))",
    "not not a and b": "((not (not a)) and b)",
    "a or b and c": "(a or (b and c))",
    "a + 1 <= b and j in m or c": "((((a + 1) <= b) and (j in m)) or c)",
    "if a then b else if c then d else e + 1": "(if a b (if c d (e + 1)))",
    "(a + b) * c": "((a + b) * c)",
    "sum[d](q * k) / sqrt(D)": "(sum[1]((q * k)) / sqrt(D))",
    "max(a, b) - f()": "(max(a,b) - f())",
    "notx + in_ + iffy": "((notx + in_) + iffy)",
  };
  for (const [text, tree] of Object.entries(cases)) {
    test(text, () => expect(grouped(expression(text))).toBe(tree));
  }
});

describe("lexical matters", () => {
  test("ranges, integers and floats", () => {
    expect(withoutSpans(expression("f[u: 0..W](1e-6 + 0.5 + 12)"))).toMatchObject({
      index: [{ kind: "range", from: { value: 0, isInt: true }, to: { name: { text: "W" } } }],
      args: [
        {
          left: { left: { value: 1e-6, isInt: false, text: "1e-6" }, right: { value: 0.5 } },
          right: { value: 12, isInt: true },
        },
      ],
    });
  });

  test("indices by position, by name and as a comparison", () => {
    expect(withoutSpans(expression("k[h = h / R, a == b, -1]"))).toMatchObject({
      index: [
        { kind: "named", name: { text: "h" } },
        { kind: "at", value: { op: "==" } },
        { kind: "at", value: { op: "-" } },
      ],
      args: null,
    });
  });

  test("spans are offsets into the text as given, with BOM and CR LF", () => {
    const text = "\uFEFF// c\r\nkernel k(\r\n  q: f32[i: 2 * N]\r\n) -> o: f32[i] { o = q }\r\n";
    const { program, comments, diagnostics } = parseProgram(text, "a.tfx");
    expect(diagnostics).toEqual([]);
    const [kernel] = program.items;
    if (kernel?.kind !== "kernel") throw new Error("no kernel");
    const piece = (node: { span: { start: number; end: number } }): string =>
      text.slice(node.span.start, node.span.end);
    expect([
      piece(comments[0]!),
      piece(kernel.name),
      piece(kernel.params[0]!),
      piece(kernel.results[0]!),
      piece(kernel.body[0]!),
    ]).toEqual(["// c", "k", "q: f32[i: 2 * N]", "o: f32[i]", "o = q"]);
    expect(piece(program)).toBe(text);
    expect(piece(kernel)).toBe(text.slice(text.indexOf("kernel"), text.lastIndexOf("}") + 1));
  });
});

describe("statements", () => {
  const body = (text: string): unknown => {
    const { program, diagnostics } = parseProgram(`kernel k() -> o: f32 {${text}}`, "a.tfx");
    expect(diagnostics).toEqual([]);
    const [item] = program.items;
    return item?.kind === "kernel" ? withoutSpans(item.body) : null;
  };

  test("need no separator", () => {
    expect(body("o = a\n  lse = b")).toMatchObject([{ name: { text: "o" } }, { name: { text: "lse" } }]);
    expect(body("o = a lse = b where c let x = 1 axis j = m | s")).toMatchObject([
      { kind: "assign", where: null },
      { kind: "assign", where: { kind: "apply" } },
      { kind: "let" },
      { kind: "axis", parts: [{ text: "m" }, { text: "s" }] },
    ]);
  });

  test("go on over line ends, but brackets stay with the name on their line", () => {
    expect(body("o = a\n  + b")).toMatchObject([{ value: { kind: "binary" } }]);
    const { program } = parseProgram("fn f(x) {\n  let a = x\n  (a)\n}", "a.tfx");
    expect(withoutSpans(program.items)).toMatchObject([
      { lets: [{ value: { kind: "apply", args: null } }], body: { kind: "group" } },
    ]);
  });
});

describe("doc comments", () => {
  const doc = (text: string): string | null => {
    const [item] = parseProgram(text, "a.tfx").program.items.slice(-1);
    return item?.kind === "fn" ? item.doc : null;
  };

  test("are the last run of `///` lines above an item", () => {
    expect(doc("/// a\n///\n///  b \nfn f() = 1")).toBe("a\n\n b");
    expect(doc("/// file\n\n/// a\n\n// note\nfn f() = 1")).toBe("a");
    expect(doc("// a\n//// b\nfn f() = 1")).toBe("");
    expect(doc("fn g() = 2 /// not this\nfn f() = 1")).toBe("");
    expect(doc("/// g\nfn g() = 2\n\n/// f\r\nfn f() = 1")).toBe("f");
  });
});

/** Each wrong text with the codes and a word of the message, in order. */
const wrong: readonly (readonly [text: string, ...codes: string[]])[] = [
  ["kernel k() -> o: f32 { o = $ }", "TFX1001"],
  ["fn f(x) = .5", "TFX1001"],
  ['use { a } from "x', "TFX1002"],
  ["use { a } from 'x'", "TFX1002"],
  ["fn f(a, b) = a && !b", "TFX1003", "TFX1003"],
  ["fn f(a, b) = a ≤ b;", "TFX1003", "TFX1003"],
  ["fn f(N) = 2N", "TFX1004"],
  ["/* c */ fn f(N) = N", "TFX1005"],
  ["fn f(x) = x # c", "TFX1005"],
  ["fn f(x) = x.T", "TFX1006"],
  ["fn f(x) x", "TFX1010"],
  ["kernel k(q) -> o: f32 { o = q }", "TFX1010"],
  ["kernel k(q: f32) { o = q }", "TFX1010"],
  ["kernel k(q: f32[]) -> o: f32 { o = q }", "TFX1010"],
  ["fn f(x) = x *", "TFX1011"],
  ["fn f(x) = 1 + if x then 1 else 2", "TFX1011"],
  ["fn f(x) { let a = x }", "TFX1011"],
  ["kernel k(q: f32) -> o: f32 {\n  let a = q *\n  o = a\n}", "TFX1011"],
  ["kernel k(q: f32[i: N j]) -> o: f32[i] { o = q }", "TFX1012"],
  ["kernel k<T: f32 | f16(q: f32) -> o: f32 { o = q }", "TFX1012"],
  ["fn f(x", "TFX1012"],
  ["fn let(x) = x", "TFX1013"],
  ["fn f(x) = x\nfoo", "TFX1014"],
  ["kernel k(q: f32) -> o: f32 {\n  sum[d](q)\n  o = q\n}", "TFX1015"],
  ["kernel k(q: f32) -> o: f32 { o = q", "TFX1015"],
  ["kernel k(q: f32) -> o: f32 { o = sum(q)[d] }", "TFX1016"],
  ["fn f(x) = x[:, 0]", "TFX1017"],
  ["fn f(x, c) = x if c else 0", "TFX1018"],
  ["fn f(x) = max(x, dim=-1)", "TFX1019"],
  ["fn f(a, b, c) = a < b < c", "TFX1020"],
  ["fn f(a) = j in 3", "TFX1021"],
  ["fn f(a, b) = if a = b then 1 else 0", "TFX1022"],
  ['fn f(a) = float("inf")', "TFX1023"],
  [`fn f(a) = ${"(".repeat(5000)}a${")".repeat(5000)}`, "TFX1030"],
  [`fn f(a) = ${"-".repeat(5000)}a`, "TFX1030"],
  [`fn f(a) = ${"if a then b else ".repeat(5000)}a`, "TFX1030"],
  [`fn f(a) = ${"a ** ".repeat(5000)}a`, "TFX1030"],
  [`fn f(a) = ${"a + ".repeat(5000)}a`, "TFX1031"],
];

describe("mistakes", () => {
  for (const [text, ...codes] of wrong) {
    test(`${codes.join(" ")}: ${text.slice(0, 60).replaceAll("\n", " ")}`, () => {
      const { diagnostics } = parseProgram(text, "a.tfx");
      expect(diagnostics.map((d) => d.code)).toEqual(codes);
      for (const d of diagnostics) {
        expect(d.message).toMatch(/^[^A-Z].*[^.]$/s);
        expect(d.primary.span.end).toBeLessThanOrEqual(text.length);
      }
    });
  }

  test("every syntax code has an example here, and every code here an entry", () => {
    const shown = new Set(wrong.flatMap(([, ...codes]) => codes));
    expect([...shown].toSorted()).toEqual(Object.keys(CODES).toSorted());
  });

  test("say what was found and what was expected", () => {
    const first = (text: string) => parseProgram(text, "a.tfx").diagnostics[0]!;
    expect(first("kernel k(q: f32 -> o: f32 { o = q }").message).toBe("expected `,` or `)` after `f32`, found `->`");
    expect(first("kernel k(q: f32 -> o: f32 { o = q }").related).toMatchObject([
      { span: { start: 8, end: 9 }, text: "opened here" },
    ]);
    expect(first("fn f(x) = x +").message).toBe("expected an expression after `+`, found the end of the file");
    expect(first("fn where(x) = x").message).toBe("expected a name after the keyword `fn`, found the keyword `where`");
    expect(first("fn f(a) = a\n  < b\n  <= c").help).toBe("a < b and b <= …");
  });

  test("are all found in one run, and the sound items survive", () => {
    const { program, diagnostics } = parseProgram(
      "fn f(x) = x *\n\nkernel a(q: f32[i N]) -> o: f32[i] {\n  let s =\n  o = q\n  p q\n  r = 2\n}\n\nfn g(x) = x\nfoo\nfn h(x) = (x",
      "a.tfx",
    );
    expect(diagnostics.map((d) => d.code)).toEqual(["TFX1011", "TFX1012", "TFX1011", "TFX1015", "TFX1014", "TFX1012"]);
    const kernel = program.items.find((item) => item.kind === "kernel");
    expect(kernel?.body.map((s) => s.name.text)).toEqual(["o", "r"]);
    expect(program.items.some((item) => item.kind === "fn" && item.name.text === "g")).toBe(true);
  });

  test("nesting up to the limit parses", () => {
    expect(parseProgram(`fn f(a) = ${"(".repeat(98)}a${")".repeat(98)}`, "a.tfx").diagnostics).toEqual([]);
    const long = `kernel k(a: f32) -> o: f32 {${"  o = a + a + a - a ** 2 * a\n".repeat(1000)}}`;
    expect(parseProgram(long, "a.tfx").diagnostics).toEqual([]);
  });
});

test("the examples of the language reference parse to the shapes that they show", () => {
  const text = readFileSync(new URL("../fixtures/language.tfx", import.meta.url), "utf8");
  const { program, diagnostics } = parseProgram(text, "language.tfx");
  expect(diagnostics).toEqual([]);
  expect(program.items.map((item) => item.kind === "kernel" && item.name.text)).toEqual([
    "flash_attention",
    "gemma2",
    "persistent_memory",
    "talking_heads",
    "topk_attention",
    "cosine_attention",
    "add_rms_norm",
    "layer_norm_affine",
    "paged_decode",
    "linear_attention",
  ]);
  expect(withoutSpans(program.items[1])).toMatchObject({
    doc: "Grouped-query attention, sliding window, soft-capped logits (Gemma 2).",
    typeVars: [{ name: { text: "T" }, options: [{ text: "f32" }, { text: "f16" }] }],
    params: [
      {
        dims: [
          { name: { text: "b" } },
          { kind: "product", dims: [{ name: { text: "g" } }, { name: { text: "r" } }] },
          {},
          {},
        ],
      },
      {},
      {},
      { dims: null, isStatic: false },
      { dims: null, isStatic: true, init: { value: 50 } },
    ],
    resultList: false,
    body: [
      { kind: "let", where: { name: { text: "window" } } },
      { kind: "assign", where: null },
    ],
  });
});
