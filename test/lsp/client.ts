/** A client of the language server in the same process, over two streams. */
import { PassThrough } from "node:stream";
import { createConnection, StreamMessageReader, StreamMessageWriter } from "vscode-languageserver/node";
import { createProtocolConnection, type ProtocolConnection } from "vscode-languageserver/node";
import type { Diagnostic, Position } from "vscode-languageserver";
import { serve } from "../../src/lsp/server.ts";

export type Client = {
  readonly connection: ProtocolConnection;
  readonly open: (uri: string, text: string) => Promise<void>;
  /** Replaces the text between two offsets as an edit, and waits for what is said about the file then. */
  readonly edit: (uri: string, text: string) => Promise<readonly Diagnostic[]>;
  readonly diagnostics: (uri: string) => readonly Diagnostic[];
  readonly ask: <T>(method: string, params: unknown) => Promise<T>;
  readonly close: () => void;
};

export const startClient = async (): Promise<Client> => {
  const [toServer, toClient] = [new PassThrough(), new PassThrough()];
  const server = createConnection(new StreamMessageReader(toServer), new StreamMessageWriter(toClient));
  serve(server);
  const connection = createProtocolConnection(new StreamMessageReader(toClient), new StreamMessageWriter(toServer));
  const said = new Map<string, readonly Diagnostic[]>();
  const waiting = new Map<string, (d: readonly Diagnostic[]) => void>();
  connection.onNotification("textDocument/publishDiagnostics", (p: { uri: string; diagnostics: Diagnostic[] }) => {
    said.set(p.uri, p.diagnostics);
    waiting.get(p.uri)?.(p.diagnostics);
  });
  connection.listen();
  await connection.sendRequest("initialize", { processId: null, rootUri: null, capabilities: {} });
  await connection.sendNotification("initialized", {});
  let version = 1;
  const next = (uri: string): Promise<readonly Diagnostic[]> => new Promise((done) => waiting.set(uri, done));
  return {
    connection,
    open: async (uri, text) => {
      const told = next(uri);
      await connection.sendNotification("textDocument/didOpen", {
        textDocument: { uri, languageId: "tfx", version, text },
      });
      await told;
    },
    edit: async (uri, text) => {
      const told = next(uri);
      version++;
      await connection.sendNotification("textDocument/didChange", {
        textDocument: { uri, version },
        contentChanges: [{ text }],
      });
      return told;
    },
    diagnostics: (uri) => said.get(uri) ?? [],
    ask: (method, params) => connection.sendRequest(method, params),
    close: () => {
      connection.dispose();
      server.dispose();
    },
  };
};

/** Line and column of the nth occurrence of a piece of text. */
export const positionOf = (text: string, what: string, nth = 0): Position => {
  let offset = -1;
  for (let n = 0; n <= nth; n++) offset = text.indexOf(what, offset + 1);
  if (offset < 0) throw new Error(`no ${what}`);
  const before = text.slice(0, offset).split("\n");
  return { line: before.length - 1, character: before.at(-1)?.length ?? 0 };
};
