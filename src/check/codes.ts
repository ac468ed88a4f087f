/** The checker's part of the catalogue of messages. */
import { RULES } from "./rules/index.ts";

/** Title and explanation of every code that the checker can report (TFX2xxx names, axes, types; TFX5xxx imports). */
export const CHECK_CODES: Readonly<Record<string, { readonly title: string; readonly explain: string }>> =
  Object.fromEntries(RULES.map(({ code, title, explain }) => [code, { title, explain }]));
