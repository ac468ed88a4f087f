/** Places: offsets of the compiler's spans and the protocol's lines and columns. */
import { TextDocument } from "vscode-languageserver-textdocument";
import type { Location, Range } from "vscode-languageserver";
import type { Span } from "../base/span.ts";
import type { Session } from "../session/session.ts";

/** Files are named by their URI inside the server, so that a span says which document it is in. */
export type Documents = {
  readonly session: Session;
  /** The URI of a file as editors know it: files of the library may have one that nobody opened. */
  readonly uriOf: (file: string) => string;
};

export const documentOf = (session: Session, file: string): TextDocument =>
  TextDocument.create(file, "tfx", 0, session.text(file) ?? "");

export const rangeOf = (doc: TextDocument, span: Span): Range => ({
  start: doc.positionAt(span.start),
  end: doc.positionAt(span.end),
});

export const locationOf = ({ session, uriOf }: Documents, span: Span): Location => ({
  uri: uriOf(span.file),
  range: rangeOf(documentOf(session, span.file), span),
});
