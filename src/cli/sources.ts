/** Where texts come from: files of the user, and the standard library beside this package. */
import { existsSync, statSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { UsageError } from "./errors.ts";
import { readStdin, readText } from "./files.ts";

/** The folder of the standard library. */
export const STDLIB = fileURLToPath(new URL("../../stdlib/", import.meta.url));

/** The name of what is piped in; a command line writes `-`. */
export const STDIN = "<stdin>";

export type Import = { readonly file: string; readonly text: string };

/** The files that were read, for the frames of diagnostics. */
export type SourceStore = {
  /** The text of the file that the user named; `std/…` is a file of the standard library, `<stdin>` what is piped in. Throws UsageError. */
  readonly read: (file: string) => string;
  /** The file that `use … from "path"` in the file `from` means, or null. */
  readonly resolveImport: (path: string, from: string) => Import | null;
  readonly text: (file: string) => string | undefined;
};

const isFile = (path: string): boolean => existsSync(path) && statSync(path).isFile();

/** The path of `std/…`, with or without its ending; undefined where there is no such file. */
const standardFile = (name: string): string | undefined => {
  const path = join(STDLIB, name.slice("std/".length));
  return name.startsWith("std/") ? [path, `${path}.tfx`].find(isFile) : undefined;
};

/** The path of what `use … from "path"` in the file `from` means: `std/…` is the library, all else lies beside `from`; `.tfx` may be left out. */
export const importedFile = (path: string, from: string): string | undefined => {
  const base = join(dirname(from), path);
  return path.startsWith("std/") ? standardFile(path) : [base, `${base}.tfx`].find(isFile);
};

/** Names relative to the working directory where that is shorter, always with forward slashes. */
const display = (path: string): string => {
  const near = relative(process.cwd(), path);
  return (near.startsWith("..") ? path : near).replaceAll("\\", "/");
};

/** Remembers what it reads. */
export const createSources = (): SourceStore => {
  const texts = new Map<string, string>();
  const remember = (file: string, path: string): Import => {
    const text = readText(path);
    texts.set(file, text);
    return { file, text };
  };
  return {
    read: (file) => {
      if (file === STDIN) {
        const piped = texts.get(STDIN) ?? readStdin();
        texts.set(STDIN, piped);
        return piped;
      }
      const standard = existsSync(file) ? undefined : standardFile(file);
      if (standard !== undefined) return remember(file, standard).text;
      if (!existsSync(file)) throw new UsageError(`${file}: no such file`);
      if (!isFile(file)) throw new UsageError(`${file}: not a file`);
      return remember(file, file).text;
    },
    resolveImport: (path, from) => {
      const found = importedFile(path, from);
      return found === undefined ? null : remember(display(found), found);
    },
    text: (file) => texts.get(file),
  };
};
