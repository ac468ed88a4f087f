/** `resolveImport` of a caller, who may get it wrong: answers of another form, exceptions, no prelude. */
import type { ResolveImport } from "./check/check.ts";
import { isRecord, show } from "./base/unknown.ts";
import { error } from "./options.ts";
import type { Diagnostic } from "./base/diagnostic.ts";

/** Answers of `resolveImport` that the compiler can use, and what was wrong with the others. */
export type Resolved = {
  readonly resolve: ResolveImport;
  /** Reasons by path; null: there is no such file. */
  readonly answers: ReadonlyMap<string, string | null>;
};

/** `resolveImport` as it should be: an answer of the wrong form, or an exception, is noted and means that there is no file. */
export const guarded = (resolveImport: ResolveImport): Resolved => {
  const answers = new Map<string, string | null>();
  const resolve: ResolveImport = (path, from) => {
    let found: unknown;
    try {
      found = resolveImport(path, from);
    } catch (thrown) {
      answers.set(
        path,
        `\`resolveImport\` throws for "${path}": ${thrown instanceof Error ? thrown.message : String(thrown)}`,
      );
      return null;
    }
    if (isRecord(found) && typeof found["file"] === "string" && typeof found["text"] === "string")
      return { file: found["file"], text: found["text"] };
    const isPromise = isRecord(found) && typeof found["then"] === "function";
    answers.set(
      path,
      found === null
        ? null
        : `\`resolveImport\` gives ${isPromise ? "a promise" : show(found)} for "${path}", not { file, text } or null`,
    );
    return null;
  };
  return { resolve, answers };
};

const PRELUDE = "std/prelude";

/** The checker's diagnostics with what `resolveImport` did wrong in the place of what follows from it. */
export const withImports = (
  found: readonly Diagnostic[],
  { answers }: Resolved,
  file: string,
): readonly Diagnostic[] => {
  const broken = [...answers].flatMap(([path, reason]) => (reason === null ? [] : [{ path, reason }]));
  const places = broken.map(({ path, reason }) => {
    const use = found.find((d) => d.code === "TFX5001" && d.message.includes(`"${path}"`));
    return error("TFX6003", use?.primary.span ?? { file, start: 0, end: 0 }, reason);
  });
  const rest = found.filter((d) => d.code !== "TFX5001" || !broken.some(({ path }) => d.message.includes(`"${path}"`)));
  const calls = rest.filter((d) => d.code === "TFX2002" && d.message.startsWith("unknown function"));
  if (!answers.has(PRELUDE) || calls.length === 0) return [...places, ...rest];
  // Whether these functions exist, the prelude would say.
  const [first] = calls;
  const missing =
    answers.get(PRELUDE) === null && first !== undefined
      ? [
          {
            ...error(
              "TFX6004",
              first.primary.span,
              "there is no prelude: `resolveImport` gives null for `std/prelude`",
              "its text is in tfx-lang/stdlib/prelude.tfx",
            ),
            primary: { span: first.primary.span, text: "may be one of its functions" },
          },
        ]
      : [];
  return [...places, ...missing, ...rest.filter((d) => !calls.includes(d))];
};
