import { readFileSync } from "node:fs";
import fc from "fast-check";
import { format as prettierFormat } from "prettier";
import { describe, expect, test } from "vitest";
import { formatProgram } from "../../src/format/format.ts";
import * as plugin from "../../src/format/plugin.ts";
import { parseProgram } from "../../src/parser/parse.ts";
import { printProgram } from "../../src/parser/print-ast.ts";
import { lexer } from "../../src/parser/tokens.ts";
import { anyProgram } from "../parser/arbitrary.ts";
import { withoutSpans } from "../parser/strip.ts";

const fixtures = new URL("../fixtures/", import.meta.url);
const files = ["corners.tfx", "language.tfx", "one-liners.tfx", "prelude.tfx"];

async function formatted(text: string): Promise<string> {
  const result = await formatProgram(text);
  if (!result.ok) throw new Error(result.diagnostics.map((d) => d.message).join("\n"));
  return result.text;
}

/** The comments by their text, in source order. */
function commentsOf(text: string): string[] {
  return parseProgram(text, "").comments.map((c) => c.text.trimEnd());
}

/** Formatting keeps the meaning and the comments, and is done after one pass. */
async function checkFormat(text: string): Promise<string> {
  const once = await formatted(text);
  expect(withoutSpans(parseProgram(once, "").program)).toEqual(withoutSpans(parseProgram(text, "").program));
  expect(commentsOf(once).toSorted()).toEqual(commentsOf(text).toSorted());
  expect(await formatted(once)).toBe(once);
  return once;
}

/** `TFX_FUZZ=10000` runs longer. */
const RUNS = Math.ceil(Number(process.env["TFX_FUZZ"] ?? 500) / 5);

describe("formatting", () => {
  for (const file of files) {
    test(`keeps the meaning and the comments of ${file}, and is idempotent`, async () => {
      await checkFormat(readFileSync(new URL(file, fixtures), "utf8"));
    });
  }

  test("keeps lines of code within 100 columns where they can be broken", async () => {
    for (const file of files) {
      const lines = (await formatted(readFileSync(new URL(file, fixtures), "utf8"))).split("\n");
      const code = lines.map((line) => line.replace(/\s*\/\/.*$/, ""));
      expect(code.filter((line) => line.length > 100)).toEqual([]);
    }
  });

  test("lays a crowded file out as language.md does", async () => {
    const text = await checkFormat(
      `use {a,b} from "./p.tfx"\nfn f( x,y )=x+y*(2-1)\nfn g[j](x) { let m=max[ j ](x) x-m }\n` +
        `/// Doc.\nkernel k<T:f32|f16>(q:T[b:B,(g:G,r:R),i:N,d:D],k:T[b,g,j:M,d],v:T[b,g,j,d],static cap:f32=50)->(o:T[b,(g,r),i,d],lse:f32[b,g,r,i]){` +
        `\n\n\n  let s=f(sum[d](q*k),cap)where causal(i,j)\n\n\n  o=sum[j](softmax[j](s)*v)lse=logsumexp[j](s)}`,
    );
    expect(text).toBe(`use { a, b } from "./p.tfx"

fn f(x, y) = x + y * (2 - 1)
fn g[j](x) {
  let m = max[j](x)
  x - m
}

/// Doc.
kernel k<T: f32 | f16>(
  q: T[b: B, (g: G, r: R), i: N, d: D],
  k: T[b, g, j: M, d],
  v: T[b, g, j, d],
  static cap: f32 = 50,
) -> (o: T[b, (g, r), i, d], lse: f32[b, g, r, i]) {
  let s = f(sum[d](q * k), cap) where causal(i, j)

  o = sum[j](softmax[j](s) * v)
  lse = logsumexp[j](s)
}
`);
  });

  test("breaks long expressions before their operators", async () => {
    const operand = "sum[d](query_projection * key_projection)";
    const text = await checkFormat(
      `kernel k(q: f32) -> o: f32 { o = ${operand} + ${operand} * 2 - ${operand} where causal(i, j) and window(i, j, width) and ${operand} > 0 }`,
    );
    expect(text).toBe(`kernel k(q: f32) -> o: f32 {
  o = ${operand}
    + ${operand} * 2
    - ${operand}
    where causal(i, j) and window(i, j, width) and ${operand} > 0
}
`);
  });

  test("keeps every comment near its place", async () => {
    const text = `// head

// second
use { a } from "x" // use

/// Doc.
kernel k( // open
  q: f32[i: N], // the query
  // the key
  k: f32[i],
  // no more
) -> o: f32[i] { // body
  // first
  let s = q // left
    * k // right

  // before o
  o = s // value
  // last
}
kernel none() -> o: f32 {
  // nothing yet
}
// tail
`;
    expect(await checkFormat(text)).toBe(`// head

// second
use { a } from "x" // use

/// Doc.
kernel k(
  // open
  q: f32[i: N], // the query
  // the key
  k: f32[i],
  // no more
) -> o: f32[i] {
  // body
  // first
  let s = q // left
    * k // right

  // before o
  o = s // value
  // last
}

kernel none() -> o: f32 {
  // nothing yet
}
// tail
`);
  });

  test("takes CR LF and a byte order mark", async () => {
    const text = readFileSync(new URL("corners.tfx", fixtures), "utf8");
    expect(await formatted(text.replaceAll("\n", "\r\n"))).toBe(await formatted(text));
    expect(await formatted(`\uFEFF${text}`)).toBe(`\uFEFF${await formatted(text)}`);
  });

  test("takes files without items", async () => {
    expect(await formatted("")).toBe("");
    expect(await formatted("\n\n")).toBe("");
    expect(await checkFormat("// only\n\n/// comments")).toBe("// only\n/// comments\n");
  });

  test("returns the diagnostics of a text that does not parse", async () => {
    const result = await formatProgram("kernel", "a.tfx");
    expect(result.ok ? [] : result.diagnostics.map((d) => d.code)).toEqual(["TFX1010"]);
  });

  test("works as a Prettier plugin, with Prettier's options and errors", async () => {
    const text = "kernel long_name(first: f32[i: N], second: f32[i]) -> o: f32[i] { o = first }";
    const narrow = await prettierFormat(text, { filepath: "a.tfx", plugins: [plugin], printWidth: 60 });
    expect(narrow).toContain("kernel long_name(\n  first: f32[i: N],\n");
    await expect(prettierFormat("kernel", { parser: "tfx", plugins: [plugin] })).rejects.toMatchObject({
      loc: { start: { line: 1 } },
    });
  });

  test(
    "keeps meaning and comments of random files with comments anywhere",
    { timeout: 60_000 + RUNS * 200 },
    async () => {
      await fc.assert(
        fc.asyncProperty(anyProgram, fc.infiniteStream(fc.nat(11)), async (program, dice) => {
          await checkFormat(withComments(printProgram(program), dice));
        }),
        { numRuns: RUNS },
      );
    },
  );
});

/** The text with comments put between random tokens, but never between a name and its brackets. */
function withComments(text: string, dice: Iterator<number>): string {
  const { tokens } = lexer.tokenize(text);
  let out = "";
  let at = 0;
  for (const [i, token] of tokens.entries()) {
    const previous = tokens[i - 1];
    const attached = /^[([]$/.test(token.image) && previous !== undefined && /[\w\]]$/.test(previous.image);
    const roll = attached ? 0 : dice.next().value;
    const comment =
      roll === 11 ? ` // c${i}\n` : roll === 10 ? `\n  // own ${i}\n` : roll === 9 ? `\n\n// apart ${i}\n\n` : "";
    out += text.slice(at, token.startOffset) + comment + token.image;
    at = token.startOffset + token.image.length;
  }
  return `${out}${text.slice(at)}`;
}
