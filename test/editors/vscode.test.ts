/** The packed extension: what an editor reads of it, and the language server inside, started from the unpacked files alone. */
import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { unzipSync } from "fflate";
import { afterAll, beforeAll, expect, test } from "vitest";
import {
  createProtocolConnection,
  StreamMessageReader,
  StreamMessageWriter,
  type ProtocolConnection,
} from "vscode-languageserver/node";
import { pack } from "../../editors/vscode/pack.ts";

let folder = "";
let files: readonly string[] = [];
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "tfx-vscode-"));
  await pack(join(folder, "tfx.vsix"));
  const entries = Object.entries(unzipSync(readFileSync(join(folder, "tfx.vsix"))));
  files = entries.map(([name]) => name);
  for (const [name, bytes] of entries) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), bytes);
  }
}, 60_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

type Contributes = {
  readonly main: string;
  readonly contributes: {
    readonly languages: readonly { readonly configuration: string }[];
    readonly grammars: readonly { readonly path: string }[];
  };
};

test("every file that the manifest names is in the package", () => {
  const manifest = JSON.parse(readFileSync(join(folder, "extension/package.json"), "utf8")) as Contributes;
  const { languages, grammars } = manifest.contributes;
  const named = [manifest.main, ...languages.map((l) => l.configuration), ...grammars.map((g) => g.path)];
  for (const path of named) expect(files).toContain(`extension/${path.replace("./", "")}`);
  expect(files).toContain("[Content_Types].xml");
  expect(readFileSync(join(folder, "extension.vsixmanifest"), "utf8")).toContain('Path="extension/package.json"');
  expect(files).toContain("extension/stdlib/attention/causal.tfx");
});

const connected = async (use: (connection: ProtocolConnection) => Promise<void>): Promise<void> => {
  const server = spawn(process.execPath, [join(folder, "extension/server/cli/server.mjs"), "--stdio"], { cwd: folder });
  const connection = createProtocolConnection(
    new StreamMessageReader(server.stdout),
    new StreamMessageWriter(server.stdin),
  );
  connection.listen();
  try {
    await connection.sendRequest("initialize", { processId: null, rootUri: null, capabilities: {} });
    await connection.sendNotification("initialized", {});
    await use(connection);
  } finally {
    connection.dispose();
    server.kill();
  }
};

test("its server finds the library and tells mistakes", { timeout: 30_000 }, () =>
  connected(async (connection) => {
    const told = new Promise<{ readonly diagnostics: readonly { readonly message: string }[] }>((done) =>
      connection.onNotification("textDocument/publishDiagnostics", done),
    );
    const text =
      'use { causal_attention } from "std/attention/causal"\nkernel k(x: f32[i: N]) -> y: f32[i] { y = x + z }\n';
    await connection.sendNotification("textDocument/didOpen", {
      textDocument: { uri: "file:///a.tfx", languageId: "tfx", version: 1, text },
    });
    const { diagnostics } = await told;
    expect(diagnostics.map((d) => d.message).join("\n")).toMatch(/`z`/);
    expect(diagnostics.map((d) => d.message).join("\n")).not.toMatch(/cannot find/);
  }),
);
