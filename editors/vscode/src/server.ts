/** The language server of the extension; `stdlib/` lies two folders above it, as in the package. */
import { lsp } from "../../../src/cli/commands/lsp.ts";

process.exitCode = await lsp();
