/**
 * The language server: the protocol on one side, a session on the other. Each request is answered from what the session keeps;
 * what is shown as wrong follows an edit at once, in the file and in the open files that import it.
 */
import { ErrorCodes, ResponseError, type Connection, type ServerCapabilities } from "vscode-languageserver";
import { TextDocument } from "vscode-languageserver-textdocument";
import type { Position, TextEdit } from "vscode-languageserver";
import { formatProgram } from "../format/format.ts";
import { createSession } from "../session/session.ts";
import { completionsAt, type Library } from "./complete.ts";
import { actionsIn, diagnosticsOf } from "./diagnostics.ts";
import { documentOf, type Documents } from "./document.ts";
import { fileOf, isLibraryFile, readLibrary, resolveOnDisk, uriOf } from "./files.ts";
import { hintsIn, hoverAt } from "./hover.ts";
import { definitionAt, outlineOf, referencesAt, renameAt, TOKEN_TYPES, tokensOf } from "./navigate.ts";

const CAPABILITIES: ServerCapabilities = {
  textDocumentSync: { openClose: true, change: 2 },
  hoverProvider: true,
  inlayHintProvider: true,
  completionProvider: { triggerCharacters: ["[", "{", '"', "."] },
  definitionProvider: true,
  referencesProvider: true,
  renameProvider: { prepareProvider: true },
  documentSymbolProvider: true,
  documentFormattingProvider: true,
  codeActionProvider: { codeActionKinds: ["quickfix"] },
  semanticTokensProvider: { legend: { tokenTypes: [...TOKEN_TYPES], tokenModifiers: [] }, full: true },
};

type At = { readonly textDocument: { readonly uri: string }; readonly position: Position };

/** Serves a connection until it is closed. */
export const serve = (connection: Connection): void => {
  const documents: Documents = { session: createSession(resolveOnDisk), uriOf };
  const { session } = documents;
  const open = new Map<string, TextDocument>();
  let library: Library | null = null;

  /** What a feature says about a file; the fallback for one that nobody opened. */
  const about = <T>(uri: string, fallback: T, say: (file: string) => T): T => {
    const file = fileOf(uri);
    return session.text(file) === undefined ? fallback : say(file);
  };
  const at = <T>({ textDocument, position }: At, fallback: T, say: (file: string, offset: number) => T): T =>
    about(textDocument.uri, fallback, (file) => say(file, documentOf(session, file).offsetAt(position)));
  const tell = (file: string): void => {
    void connection.sendDiagnostics({ uri: uriOf(file), diagnostics: [...diagnosticsOf(documents, file)] });
  };
  /** The file, and the open ones that import it. */
  const tellAbout = (file: string): void => {
    for (const other of open.keys()) if (other === file || session.importsOf(other).includes(file)) tell(other);
  };

  connection.onInitialize(() => ({ capabilities: CAPABILITIES, serverInfo: { name: "tfx" } }));
  connection.onDidOpenTextDocument(({ textDocument: { uri, languageId, version, text } }) => {
    const file = fileOf(uri);
    open.set(file, TextDocument.create(uri, languageId, version, text));
    session.set(file, text);
    tellAbout(file);
  });
  connection.onDidChangeTextDocument(({ textDocument, contentChanges }) => {
    const file = fileOf(textDocument.uri);
    const doc = open.get(file);
    if (doc === undefined) return;
    const changed = TextDocument.update(doc, contentChanges, textDocument.version);
    open.set(file, changed);
    session.set(file, changed.getText());
    tellAbout(file);
  });
  connection.onDidCloseTextDocument(({ textDocument: { uri } }) => {
    const file = fileOf(uri);
    open.delete(file);
    session.set(file, null);
    void connection.sendDiagnostics({ uri, diagnostics: [] });
    tellAbout(file);
  });

  connection.onHover((p) => at(p, null, (file, offset) => hoverAt(documents, file, offset)));
  connection.languages.inlayHint.on((p) =>
    about(p.textDocument.uri, [], (file) => [...hintsIn(documents, file, p.range)]),
  );
  connection.onCompletion((p) =>
    at(p, [], (file, offset) => [...completionsAt(documents, file, offset, (library ??= readLibrary()))]),
  );
  connection.onDefinition((p) => at(p, null, (file, offset) => definitionAt(documents, file, offset)));
  connection.onReferences((p) =>
    at(p, [], (file, offset) => [...referencesAt(documents, file, offset, p.context.includeDeclaration)]),
  );
  connection.onPrepareRename((p) =>
    at(p, null, (file, offset) => {
      const found = session.definitionAt(file, offset);
      return found === null || isLibraryFile(found.span.file) ? null : { defaultBehavior: true };
    }),
  );
  connection.onRenameRequest((p) =>
    at(p, null, (file, offset) => {
      const edit = renameAt(documents, file, offset, p.newName, (f) => !isLibraryFile(f));
      if (typeof edit === "string") throw new ResponseError(ErrorCodes.InvalidRequest, edit);
      return edit;
    }),
  );
  connection.onDocumentSymbol((p) => about(p.textDocument.uri, [], (file) => [...outlineOf(session, file)]));
  connection.onCodeAction((p) => about(p.textDocument.uri, [], (file) => [...actionsIn(documents, file, p.range)]));
  connection.languages.semanticTokens.on((p) =>
    about(p.textDocument.uri, { data: [] }, (file) => ({ data: [...tokensOf(session, file)] })),
  );
  connection.onDocumentFormatting((p) =>
    about(p.textDocument.uri, Promise.resolve<TextEdit[]>([]), async (file) => {
      const doc = documentOf(session, file);
      const formatted = await formatProgram(doc.getText(), file);
      const whole = { start: doc.positionAt(0), end: doc.positionAt(doc.getText().length) };
      return formatted.ok && formatted.text !== doc.getText() ? [{ range: whole, newText: formatted.text }] : [];
    }),
  );
  connection.listen();
};
