/** The one place that writes files, and that reads them. Regular ones appear whole and together, or not at all. */
import {
  accessSync,
  chmodSync,
  constants,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { dirname, join, resolve } from "node:path";
import { messageOf, UsageError } from "./errors.ts";

export type OutputFile = { readonly path: string; readonly content: string | Uint8Array };

/** Where the bytes of a path go: into what is there (a device, a pipe), or beside the file and then in its place. */
type Place =
  | { readonly kind: "stream"; readonly path: string }
  | { readonly kind: "file"; readonly path: string; readonly mode: number | null };

const isFolder = (path: string): boolean => statSync(path).isDirectory();

/** The end of a chain of symbolic links, whether there is a file or not yet; the chain has an end. */
const followed = (path: string): string => {
  if (existsSync(path)) return realpathSync(path);
  const link = lstatSync(path, { throwIfNoEntry: false });
  if (link?.isSymbolicLink() !== true) return path;
  return followed(resolve(dirname(path), readlinkSync(path)));
};

/** `/dev/stdout` and its like may be a regular file that the shell has open: it must stay the same file. */
const SYSTEM = /^\/(dev|proc|sys)\//;

const placeOf = (path: string): Place => {
  const there = statSync(path, { throwIfNoEntry: false });
  if (there !== undefined && (!there.isFile() || SYSTEM.test(resolve(path)))) return { kind: "stream", path };
  return { kind: "file", path: followed(path), mode: there === undefined ? null : there.mode & 0o7777 };
};

const isReadOnly = (path: string): boolean => {
  // Root may write everywhere; a file without any right to write says that it is not to be written.
  if (statSync(path).isFile() && (statSync(path).mode & 0o222) === 0) return true;
  try {
    accessSync(path, constants.W_OK);
    return false;
  } catch {
    return true;
  }
};

/** Why no file can be written at a path, as far as that shows without writing; null when nothing is in the way. */
export const obstacle = (path: string): string | null => {
  if (path === "") return "no file name";
  if (existsSync(path))
    return isFolder(path) ? `${path} is a folder` : isReadOnly(path) ? `${path} is read-only` : null;
  let folder = dirname(resolve(path));
  while (!existsSync(folder)) folder = dirname(folder);
  return isFolder(folder) ? null : `${folder} is not a folder`;
};

/** What the system says, without the names of temporary files: `ENOSPC: no space left on device`. */
const reason = (error: unknown): string => messageOf(error).replace(/, \w+( '.*)?$/, "");

/** The bytes of a file that is there. Throws UsageError where the system does not give them; `what` begins the message. */
export const readBytes = (path: string, what = path): Uint8Array => {
  try {
    return readFileSync(path);
  } catch (error) {
    throw new UsageError(`${what}: cannot be read (${reason(error)})`);
  }
};

/** What a text that is not UTF-8 is, as far as that shows; null for one that is. */
const oddText = (bytes: Uint8Array): string | null => {
  const [a, b] = bytes;
  if ((a === 0xff && b === 0xfe) || (a === 0xfe && b === 0xff)) return "text in UTF-16, not in UTF-8; save it as UTF-8";
  if (bytes.includes(0)) return "not a text file";
  try {
    new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    return null;
  } catch {
    return "text in another encoding than UTF-8; save it as UTF-8";
  }
};

/** Bytes as text. Throws UsageError for what is none (a program, an image), or is in another encoding. */
const textOf = (bytes: Uint8Array, name: string): string => {
  const odd = oddText(bytes);
  if (odd !== null) throw new UsageError(`${name}: ${odd}`);
  return new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
};

/** A file that is there as text. Throws UsageError. */
export const readText = (path: string): string => textOf(readBytes(path), path);

/** What standard input gives, as text. Throws UsageError. */
export const readStdin = (): string => textOf(readFileSync(0), "<stdin>");

/** The folders above a path, made one by one (asked for all at once, Node does not come back from /proc); each is told to `made`. */
const makeFolders = (folder: string, made: (folder: string) => void): void => {
  if (existsSync(folder)) return;
  makeFolders(dirname(folder), made);
  mkdirSync(folder);
  made(folder);
};

/**
 * Writes files. What is not a regular file (a device, a pipe) is written in place; the others are written beside their place and
 * moved there when all of it is written, through symbolic links, with the rights that they had. Throws UsageError.
 */
export const writeAll = (files: readonly OutputFile[]): void => {
  const made: string[] = [];
  let current = "";
  try {
    const staged: { readonly path: string; readonly to: string; readonly temporary: string }[] = [];
    const streams: OutputFile[] = [];
    for (const { path, content } of files) {
      current = path;
      const inTheWay = obstacle(path);
      if (inTheWay !== null) throw new Error(inTheWay);
      const place = placeOf(path);
      if (place.kind === "stream") {
        streams.push({ path, content });
        continue;
      }
      const to = resolve(place.path);
      makeFolders(dirname(to), (folder) => made.push(folder));
      const temporary = join(dirname(to), `.tfx-${process.pid}-${staged.length}.tmp`);
      made.push(temporary);
      writeFileSync(temporary, content, { flag: "wx" });
      if (place.mode !== null) chmodSync(temporary, place.mode);
      staged.push({ path, to, temporary });
    }
    for (const { path, content } of streams) {
      current = path;
      writeFileSync(path, content);
    }
    for (const { path, to, temporary } of staged) {
      current = path;
      renameSync(temporary, to);
    }
  } catch (error) {
    for (const path of made.reverse()) rmSync(path, { recursive: true, force: true });
    const name = current.length > 200 ? `${current.slice(0, 100)}…${current.slice(-20)}` : current;
    throw new UsageError(`cannot write ${name}: ${reason(error)}`);
  }
};
