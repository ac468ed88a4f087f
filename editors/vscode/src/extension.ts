/** Starts the language server that lies beside this file. */
import type { ExtensionContext } from "vscode";
import { LanguageClient, TransportKind } from "vscode-languageclient/node";

let client: LanguageClient | null = null;

export const activate = async (context: ExtensionContext): Promise<void> => {
  const server = { module: context.asAbsolutePath("server/cli/server.mjs"), transport: TransportKind.stdio };
  client = new LanguageClient(
    "tfx",
    "TFX",
    { run: server, debug: server },
    { documentSelector: [{ language: "tfx" }] },
  );
  await client.start();
};

export const deactivate = async (): Promise<void> => {
  await client?.stop();
};
