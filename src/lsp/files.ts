/** Files on the disk behind a language server: absolute paths inside, URIs outside, the standard library beside this package. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import type { ResolveImport } from "../check/modules.ts";
import { importedFile, STDLIB } from "../cli/sources.ts";
import type { Library } from "./complete.ts";

export const resolveOnDisk: ResolveImport = (path, from) => {
  const file = importedFile(path, from);
  return file === undefined ? null : { file, text: readFileSync(file, "utf8") };
};

export const isLibraryFile = (file: string): boolean => file.startsWith(STDLIB);

/** The standard library by the names that a `use` gives its files. */
export const readLibrary = (): Library =>
  new Map(
    readdirSync(STDLIB, { recursive: true, encoding: "utf8" })
      .filter((f) => f.endsWith(".tfx"))
      .sort()
      .map((f) => [`std/${f.replaceAll("\\", "/").replace(/\.tfx$/, "")}`, readFileSync(join(STDLIB, f), "utf8")]),
  );

/** `file:` URIs are paths; a buffer that was never saved keeps its URI as its name. */
export const fileOf = (uri: string): string => (uri.startsWith("file:") ? fileURLToPath(uri) : uri);
export const uriOf = (file: string): string =>
  file.includes(":/") && !file.startsWith("/") ? file : pathToFileURL(file).href;
