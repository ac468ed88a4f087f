/** The compiler's messages for the editor. */
import { fixedText, type Diagnostic } from "../../src/base/diagnostic.ts";
import type { Message } from "../protocol.ts";
import { FILE } from "./compile.ts";

const messageOf = (d: Diagnostic, source: string): Message => {
  const own = [d.primary, ...d.related].find((l) => l.span.file === FILE)?.span ?? { start: 0, end: 0 };
  const fix = d.fix !== undefined && d.fix.span.file === FILE ? d.fix : null;
  const sizes = [...(d.help ?? "").matchAll(/^--dim (\w+)=|(?<= )--dim (\w+)=/g)].map((m) => m[1] ?? m[2] ?? "");
  return {
    from: own.start,
    to: Math.max(own.end, own.start),
    severity: d.severity,
    code: d.code,
    text: [d.message, d.primary.text].filter((t) => t !== "").join("; "),
    // What is an option of the command line is a button here.
    help: sizes.length > 0 ? null : d.help,
    sizes,
    fix:
      fix === null ? null : { title: fix.title, from: fix.span.start, to: fix.span.end, text: fixedText(fix, source) },
  };
};

/** Each once, in the order of the text, which is `source`. */
export const messagesOf = (diagnostics: readonly Diagnostic[], source: string): readonly Message[] => {
  const seen = new Map<string, Message>();
  for (const d of diagnostics) {
    const m = messageOf(d, source);
    seen.set(`${m.code} ${m.from} ${m.text}`, m);
  }
  return [...seen.values()].sort((a, b) => a.from - b.from);
};
