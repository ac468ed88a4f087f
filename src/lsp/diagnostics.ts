/** The compiler's messages as the editor's, and the edits that mend them. */
import type { CodeAction, Diagnostic as LspDiagnostic, DiagnosticSeverity, Range } from "vscode-languageserver";
import { fixedText, type Diagnostic } from "../base/diagnostic.ts";
import { documentOf, locationOf, rangeOf, type Documents } from "./document.ts";

const SEVERITY: Readonly<Record<Diagnostic["severity"], DiagnosticSeverity>> = { error: 1, warning: 2, note: 3 };

/** TFX2007, a name that nothing uses, is drawn pale. */
const UNUSED = "TFX2007";

/** What is said about a file; what is wrong in an imported file is said there. */
const ownDiagnostics = ({ session }: Documents, file: string): readonly Diagnostic[] =>
  session.check(file).diagnostics.filter((d) => d.primary.span.file === file);

const toLsp = (documents: Documents, file: string, d: Diagnostic): LspDiagnostic => ({
  range: rangeOf(documentOf(documents.session, file), d.primary.span),
  severity: SEVERITY[d.severity],
  code: d.code,
  source: "tfx",
  message: [d.message, d.primary.text, d.help === null ? "" : `help: ${d.help}`].filter((t) => t !== "").join("\n"),
  ...(d.code === UNUSED ? { tags: [1] } : {}),
  relatedInformation: d.related.map((r) => ({ location: locationOf(documents, r.span), message: r.text || "here" })),
});

export const diagnosticsOf = (documents: Documents, file: string): readonly LspDiagnostic[] =>
  ownDiagnostics(documents, file).map((d) => toLsp(documents, file, d));

const overlaps = (a: Range, b: Range): boolean =>
  !(
    a.end.line < b.start.line ||
    b.end.line < a.start.line ||
    (a.end.line === b.start.line && a.end.character < b.start.character) ||
    (b.end.line === a.start.line && b.end.character < a.start.character)
  );

/** The edits that the messages in a range offer. */
export const actionsIn = (documents: Documents, file: string, range: Range): readonly CodeAction[] => {
  const doc = documentOf(documents.session, file);
  return ownDiagnostics(documents, file).flatMap((d): CodeAction[] => {
    const shown = toLsp(documents, file, d);
    if (d.fix === undefined || !overlaps(shown.range, range)) return [];
    const edit = { range: rangeOf(doc, d.fix.span), newText: fixedText(d.fix, doc.getText()) };
    return [
      {
        title: d.fix.title,
        kind: "quickfix",
        diagnostics: [shown],
        isPreferred: true,
        edit: { changes: { [documents.uriOf(file)]: [edit] } },
      },
    ];
  });
};
