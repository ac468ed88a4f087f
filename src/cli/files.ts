/** Files that appear whole and together, or not at all. */
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { UsageError } from "./errors.ts";

export type OutputFile = { readonly path: string; readonly content: string | Uint8Array };

/** Writes everything beside its place first and moves it there when all of it is written. Throws UsageError. */
export const writeAll = (files: readonly OutputFile[]): void => {
  const staged: { readonly path: string; readonly temporary: string }[] = [];
  try {
    for (const { path, content } of files) {
      const temporary = `${path}.${process.pid}.tmp`;
      if (!existsSync(dirname(path))) mkdirSync(dirname(path), { recursive: true });
      staged.push({ path, temporary });
      writeFileSync(temporary, content);
    }
    for (const { path, temporary } of staged) renameSync(temporary, path);
  } catch (error) {
    for (const { temporary } of staged) if (existsSync(temporary)) rmSync(temporary);
    throw new UsageError(`cannot write: ${error instanceof Error ? error.message : String(error)}`);
  }
};
