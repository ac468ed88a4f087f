/** Compilation where finding a file takes time: imports are found first, then `compile` goes through as it is. */
import type { CompileOptions, CompileResult } from "./compile.ts";
import { PRELUDE, type ResolveImport } from "./check/modules.ts";
import { compile } from "./compile.ts";
import { parseProgram } from "./parser/parse.ts";
import { isRecord } from "./base/unknown.ts";

type Found = ReturnType<ResolveImport>;
/** As `ResolveImport`; may give a promise. */
export type ResolveImportAsync = (path: string, from: string) => Found | Promise<Found>;
export type CompileAsyncOptions = Omit<CompileOptions, "resolveImport"> & {
  /** Finds the user's own files; `std/…` is found without it, unless it has an answer. */
  readonly resolveImport?: ResolveImportAsync;
};

const key = (path: string, from: string): string => `${from}\n${path}`;

const usesOf = (text: string, file: string): readonly string[] =>
  parseProgram(text, file).program.items.flatMap((item) => (item.kind === "use" ? [item.from] : []));

/** Every file that a text needs, found; what went wrong is thrown again when `compile` asks. */
const findAll = async (text: string, file: string, resolve: ResolveImportAsync | undefined): Promise<ResolveImport> => {
  const answers = new Map<string, () => Found>();
  const open = [{ path: PRELUDE, from: file }, ...usesOf(text, file).map((path) => ({ path, from: file }))];
  const read = new Set([file]);
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { path, from } = next;
    if (answers.has(key(path, from))) continue;
    let found: Found = null;
    try {
      found = (await resolve?.(path, from)) ?? null;
      if (found === null && path.startsWith("std/") && path !== PRELUDE)
        found = (await import("./std/library.ts")).std(path);
    } catch (thrown) {
      answers.set(key(path, from), () => {
        throw thrown;
      });
      continue;
    }
    const answer = found;
    answers.set(key(path, from), () => answer);
    if (!isRecord(answer) || typeof answer.text !== "string" || read.has(answer.file)) continue;
    read.add(answer.file);
    open.push(...usesOf(answer.text, answer.file).map((p) => ({ path: p, from: answer.file })));
  }
  return (path, from) => answers.get(key(path, from))?.() ?? null;
};

/**
 * `compile` that waits for imports: `resolveImport` may give promises, and the standard library is loaded (`tfx-lang/std`, by a
 * dynamic import that bundlers keep apart) when a file uses it.
 */
export const compileAsync = async (text: string, options: CompileAsyncOptions): Promise<CompileResult> => {
  const given: unknown = options;
  const { file, resolveImport }: Readonly<Record<string, unknown>> = isRecord(given) ? given : {};
  const isWrong = resolveImport !== undefined && typeof resolveImport !== "function";
  // `compile` says what is wrong with the call.
  if (typeof text !== "string" || typeof file !== "string" || isWrong) return compile(text, options as CompileOptions);
  return compile(text, { ...options, resolveImport: await findAll(text, file, options.resolveImport) });
};
