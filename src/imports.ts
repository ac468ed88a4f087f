/** `resolveImport` of a caller, who may get it wrong (answers of another form, exceptions) or give none: the prelude is carried. */
import { PRELUDE, type ResolveImport } from "./check/modules.ts";
import { PRELUDE_TEXT } from "./std/prelude.ts";
import { isRecord, show } from "./base/unknown.ts";
import { type Diagnostic, error } from "./base/diagnostic.ts";

/** What is found where a caller has no answer: the prelude. */
export const withPrelude =
  (resolve: ResolveImport): ResolveImport =>
  (path, from) =>
    resolve(path, from) ?? (path === PRELUDE ? { file: "std/prelude.tfx", text: PRELUDE_TEXT } : null);

/** Answers of `resolveImport` that the compiler can use, and what was wrong with the others. */
export type Resolved = {
  readonly resolve: ResolveImport;
  /** Reasons by path. */
  readonly broken: ReadonlyMap<string, string>;
  /** Nobody was there to ask for files. */
  readonly alone: boolean;
};

/** `resolveImport` as it should be: an answer of the wrong form, or an exception, is noted and means that there is no file. */
export const guarded = (resolveImport: ResolveImport | undefined): Resolved => {
  const broken = new Map<string, string>();
  const ask: ResolveImport = (path, from) => {
    if (resolveImport === undefined) return null;
    let found: unknown;
    try {
      found = resolveImport(path, from);
    } catch (thrown) {
      broken.set(
        path,
        `\`resolveImport\` throws for "${path}": ${thrown instanceof Error ? thrown.message : String(thrown)}`,
      );
      return null;
    }
    if (isRecord(found) && typeof found["file"] === "string" && typeof found["text"] === "string")
      return { file: found["file"], text: found["text"] };
    if (found === null) return null;
    const isPromise = isRecord(found) && typeof found["then"] === "function";
    const what = isPromise ? "a promise (`compileAsync` waits for it)" : show(found);
    broken.set(path, `\`resolveImport\` gives ${what} for "${path}", not { file, text } or null`);
    return null;
  };
  return { resolve: withPrelude(ask), broken, alone: resolveImport === undefined };
};

const NOT_HERE = "`compileAsync` loads the library; `compile` takes `resolveImport: std` from tfx-lang/std";

/** The checker's diagnostics with what `resolveImport` did wrong, or was not there to do, in the place of what follows from it. */
export const withImports = (
  found: readonly Diagnostic[],
  { broken, alone }: Resolved,
  file: string,
): readonly Diagnostic[] => {
  const reasons = [...broken];
  const names = (d: Diagnostic, path: string): boolean => d.code === "TFX5001" && d.message.includes(`"${path}"`);
  const places = reasons.map(([path, reason]) => {
    const use = found.find((d) => names(d, path));
    return error("TFX6003", use?.primary.span ?? { file, start: 0, end: 0 }, reason);
  });
  const rest = found
    .filter((d) => !reasons.some(([path]) => names(d, path)))
    .map((d) => {
      const path = alone && d.code === "TFX5001" ? /"(std\/[^"]*)"/.exec(d.message)?.[1] : undefined;
      return path === undefined
        ? d
        : error("TFX6004", d.primary.span, `"${path}" is of the standard library, which is not at hand`, NOT_HERE);
    });
  return [...places, ...rest];
};
