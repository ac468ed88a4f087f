/** The language server over its protocol. */
import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import type {
  CodeAction,
  CompletionItem,
  DocumentSymbol,
  Hover,
  InlayHint,
  Location,
  TextEdit,
  WorkspaceEdit,
} from "vscode-languageserver";
import { BUILTIN_NAMES } from "../../src/check/builtins.ts";
import { builtinOf } from "../../src/lsp/builtins.ts";
import { positionOf, startClient, type Client } from "./client.ts";

const URI = "untitled:/a.tfx";
const TEXT = `/// Scores of keys.
kernel attention(
  q: f32[i: N, d: D],
  k: f32[j: M, d],
  v: f32[j, e: E],
) -> o: f32[i, e] {
  let s = sum[d](q * k) / sqrt(D) where j <= i
  o = sum[j](softmax[j](s) * v)
}
`;
const textDocument = { uri: URI };

let client: Client;
beforeAll(async () => {
  client = await startClient();
  await client.open(URI, TEXT);
});
afterAll(() => client.close());

const at = (what: string, nth = 0, text = TEXT) => ({ textDocument, position: positionOf(text, what, nth) });
const range = { start: { line: 0, character: 0 }, end: { line: 99, character: 0 } };
const hoverText = async (what: string, nth = 0): Promise<string> => {
  const hover = await client.ask<Hover | null>("textDocument/hover", at(what, nth));
  return hover === null ? "" : (hover.contents as { readonly value: string }).value;
};

describe("what is shown about a name", () => {
  test.each([
    ["q * k", "q: f32[i: N, d: D]"],
    ["s = sum", "let s[i, j]: float"],
    ["s) * v", "let s[i, j]: float"],
    ["j](softmax", "index j, size M"],
    ["softmax[j]", "fn softmax[j]"],
    ["sqrt", "square root"],
    ["D) where", "size D"],
    ["o = sum", "o: f32[i, e]"],
  ])("hover on `%s`", async (what, words) => {
    expect(await hoverText(what)).toContain(words);
  });

  test("a kernel has its docs and its plan", async () => {
    const said = await hoverText("attention");
    expect(said).toContain("Scores of keys.");
    expect(said).toMatch(/plan \(D = 64\): attention: 1 pass/);
  });

  test("every function of the language is said in words", () => {
    expect(BUILTIN_NAMES.filter((name) => (builtinOf(name)?.words ?? "") === "")).toEqual([]);
  });

  test("inlay hints say the indices of bare names, of written ones nothing", async () => {
    const hints = await client.ask<InlayHint[]>("textDocument/inlayHint", { textDocument, range });
    const line = positionOf(TEXT, "let s").line;
    expect(hints.filter((h) => h.position.line === line).map((h) => h.label)).toEqual(["[i, d]", "[j, d]"]);
  });
});

describe("from name to name", () => {
  test("definition here and in the prelude", async () => {
    const own = await client.ask<Location>("textDocument/definition", at("s) * v"));
    expect(own).toEqual({
      uri: URI,
      range: { start: positionOf(TEXT, "s = sum"), end: positionOf(TEXT, " = sum[d]") },
    });
    const prelude = await client.ask<Location>("textDocument/definition", at("softmax"));
    expect(prelude.uri).toMatch(/stdlib\/prelude\.tfx$/);
  });

  test("references, and a rename that reaches all of them", async () => {
    const places = await client.ask<Location[]>("textDocument/references", {
      ...at("j: M"),
      context: { includeDeclaration: true },
    });
    expect(places).toHaveLength(5);
    const edit = await client.ask<WorkspaceEdit>("textDocument/rename", { ...at("j: M"), newName: "key" });
    const edits = (edit.changes?.[URI] ?? []).toSorted(
      (a, b) => b.range.start.line - a.range.start.line || b.range.start.character - a.range.start.character,
    );
    const renamed = apply(TEXT, edits);
    expect(renamed).toContain("o = sum[key](softmax[key](s) * v)");
    expect(await client.edit(URI, renamed)).toEqual([]);
    expect(await client.edit(URI, TEXT)).toEqual([]);
  });

  test.each([
    ["taken", "s = sum", "q", "means something else"],
    ["a builtin", "s = sum", "exp", "a function of the language"],
    ["no name", "s = sum", "2x", "is not a name"],
    ["a size in lower case", "D) where", "d2", "capital"],
    ["the library's", "softmax", "mine", "standard library"],
  ])("a name that cannot be: %s", async (_, what, newName, why) => {
    await expect(client.ask("textDocument/rename", { ...at(what), newName })).rejects.toThrow(why);
  });

  test("the outline", async () => {
    const [kernel] = await client.ask<DocumentSymbol[]>("textDocument/documentSymbol", { textDocument });
    expect(kernel?.name).toBe("attention");
    expect(kernel?.children?.map((c) => c.name)).toEqual(["q", "N", "D", "k", "M", "v", "E", "o", "s"]);
  });

  test("semantic tokens lie on the names", async () => {
    const { data } = await client.ask<{ data: number[] }>("textDocument/semanticTokens/full", { textDocument });
    const lines = TEXT.split("\n");
    const names: string[] = [];
    let [line, character] = [0, 0];
    for (let n = 0; n < data.length; n += 5) {
      const [down = 0, right = 0, length = 0] = data.slice(n, n + 3);
      [line, character] = [line + down, down === 0 ? character + right : right];
      names.push(lines[line]?.slice(character, character + length) ?? "");
    }
    expect(names.slice(0, 6)).toEqual(["attention", "q", "i", "N", "d", "D"]);
    expect(names.filter((n) => !/^\w+$/.test(n))).toEqual([]);
  });
});

const apply = (text: string, edits: readonly TextEdit[]): string =>
  edits.reduce((t, e) => {
    const lines = t.split("\n");
    const offset = (p: { readonly line: number; readonly character: number }): number =>
      lines.slice(0, p.line).reduce((n, l) => n + l.length + 1, 0) + p.character;
    return t.slice(0, offset(e.range.start)) + e.newText + t.slice(offset(e.range.end));
  }, text);

describe("while typing", () => {
  test("a mistake is told at its place, and an action mends it", async () => {
    const wrong = TEXT.replace("softmax[j](s)", "sofmax[j](s)");
    const [said] = await client.edit(URI, wrong);
    expect(said).toMatchObject({
      code: "TFX2002",
      severity: 1,
      range: { start: positionOf(wrong, "sofmax"), end: positionOf(wrong, "[j](s)") },
    });
    const actions = await client.ask<CodeAction[]>("textDocument/codeAction", {
      textDocument,
      range: said?.range,
      context: { diagnostics: [] },
    });
    const [action] = actions;
    expect(action?.title).toBe("change it to `softmax`");
    expect(apply(wrong, action?.edit?.changes?.[URI] ?? [])).toBe(TEXT);
    expect(await client.edit(URI, TEXT)).toEqual([]);
  });

  test("other languages' operators are mended too", async () => {
    const wrong = TEXT.replace("j <= i", "j ≤ i");
    const said = await client.edit(URI, wrong);
    expect(said.map((d) => d.code)).toEqual(["TFX1003"]);
    const [action] = await client.ask<CodeAction[]>("textDocument/codeAction", {
      textDocument,
      range,
      context: { diagnostics: [] },
    });
    expect(apply(wrong, action?.edit?.changes?.[URI] ?? [])).toBe(TEXT);
    await client.edit(URI, TEXT);
  });

  test("completion: what is in sight, indices first in brackets, imports of the library", async () => {
    const labels = async (position: object): Promise<readonly string[]> => {
      const items = await client.ask<CompletionItem[]>("textDocument/completion", position);
      return items.toSorted((a, b) => ((a.sortText ?? a.label) < (b.sortText ?? b.label) ? -1 : 1)).map((i) => i.label);
    };
    const inBody = await labels(at("o = sum"));
    expect(inBody).toEqual(expect.arrayContaining(["q", "s", "softmax", "sum", "where"]));
    expect(inBody).not.toContain("x");
    expect((await labels(at("j](softmax"))).slice(0, 4)).toEqual(["d", "e", "i", "j"]);
    const use = `use {  } from "std/"\n${TEXT}`;
    await client.edit(URI, use);
    expect(await labels({ textDocument, position: { line: 0, character: 19 } })).toContain("std/prelude");
    expect((await labels({ textDocument, position: { line: 0, character: 6 } })).length).toBeGreaterThan(5);
    await client.edit(URI, TEXT);
  });

  test("formatting", async () => {
    await client.edit(URI, TEXT.replace("  o = sum", "      o =   sum"));
    const edits = await client.ask<TextEdit[]>("textDocument/formatting", {
      textDocument,
      options: { tabSize: 2, insertSpaces: true },
    });
    expect(edits.map((e) => e.newText)).toEqual([
      `/// Scores of keys.
kernel attention(q: f32[i: N, d: D], k: f32[j: M, d], v: f32[j, e: E]) -> o: f32[i, e] {
  let s = sum[d](q * k) / sqrt(D) where j <= i
  o = sum[j](softmax[j](s) * v)
}
`,
    ]);
    await client.edit(URI, TEXT);
  });

  test("a file that nobody opened gets nothing, not an error", async () => {
    const nowhere = { textDocument: { uri: "untitled:/b.tfx" }, position: { line: 0, character: 0 } };
    expect(await client.ask("textDocument/hover", nowhere)).toBeNull();
    expect(await client.ask("textDocument/documentSymbol", nowhere)).toEqual([]);
  });
});

test("tfx lsp speaks it over a pipe, and ends", async () => {
  const tfx = fileURLToPath(new URL("../../bin/tfx.js", import.meta.url));
  const child = spawn(process.execPath, [tfx, "lsp", "--stdio"], { stdio: ["pipe", "pipe", "inherit"] });
  const send = (message: object): void => {
    const text = JSON.stringify({ jsonrpc: "2.0", ...message });
    child.stdin.write(`Content-Length: ${text.length}\r\n\r\n${text}`);
  };
  // A message may come in several pieces.
  let said = "";
  child.stdout.on("data", (d) => (said += String(d)));
  const answer = (id: number): Promise<void> => vi.waitFor(() => expect(said).toContain(`"id":${id}`), 20_000);
  send({ id: 1, method: "initialize", params: { capabilities: {} } });
  await answer(1);
  expect(said).toContain('"hoverProvider":true');
  send({ id: 2, method: "shutdown" });
  await answer(2);
  send({ method: "exit" });
  expect(await new Promise((done) => child.once("exit", done))).toBe(0);
});
