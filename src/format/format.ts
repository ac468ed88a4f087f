import { format } from "prettier/standalone";
import { parseProgram } from "../parser/parse.ts";
import { hasErrors, type Diagnostic } from "../base/diagnostic.ts";
import * as plugin from "./plugin.ts";

/** The canonical text, or why there is none. */
export type Formatted =
  { readonly ok: true; readonly text: string } | { readonly ok: false; readonly diagnostics: readonly Diagnostic[] };

/** A comment in the middle of an expression may settle only when its new place is seen as the source. */
const MAX_PASSES = 5;

/**
 * Lays a `.tfx` text out canonically: comments kept, LF line ends, one final newline, a byte order mark left alone.
 * Formatting the result changes nothing. A text with syntax errors is not formatted: its diagnostics are returned.
 */
export async function formatProgram(text: string, file = ""): Promise<Formatted> {
  const { diagnostics } = parseProgram(text, file);
  if (hasErrors(diagnostics)) return { ok: false, diagnostics };
  let current = text;
  for (let pass = 0; pass < MAX_PASSES; pass += 1) {
    const next = await format(current, { ...plugin.defaultOptions, parser: "tfx", plugins: [plugin] });
    if (next === current) break;
    current = next;
  }
  return { ok: true, text: current };
}
