/** `tfx lsp`: the language server, over standard input and output. */
import { createConnection } from "vscode-languageserver/node";
import { serve } from "../../lsp/server.ts";
import type { ExitCode } from "../errors.ts";

/** Serves until the editor says `exit` or closes the pipe. */
export const lsp = (): Promise<ExitCode> =>
  new Promise((done) => {
    const connection = createConnection(process.stdin, process.stdout);
    connection.onExit(() => done(0));
    process.stdin.on("end", () => done(0));
    serve(connection);
  });
