/** Every kernel of the standard library, as cheap as it gets: read and checked once, sizes that the compiler must be told from a table. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { checkProgram } from "../../src/check/check.ts";
import type { Spec } from "../../src/check/spec.ts";
import type { StorageType } from "../../src/base/storage-type.ts";
import { standardFiles } from "../../src/cli/catalogue.ts";
import { sizesFor, type EntrySizes } from "../../src/cli/catalogue-sizes.ts";
import { createSources, STDLIB } from "../../src/cli/sources.ts";
import { BASELINE, TARGETS, type Target } from "../../src/base/target.ts";
import { compileSpec, type Compiled, type CompileOptions } from "../../src/compile.ts";
import { parseProgram } from "../../src/parser/parse.ts";

export type LibraryKernel = { readonly key: string; readonly spec: Spec; readonly sizes: EntrySizes };

const { resolveImport } = createSources();

let read: readonly LibraryKernel[] | null = null;

/** In the order of files, then of the file; read once a process. */
export const libraryKernels = (): readonly LibraryKernel[] => (read ??= readKernels());

const readKernels = (): readonly LibraryKernel[] =>
  standardFiles().flatMap((file) => {
    const text = readFileSync(join(STDLIB, `${file.slice("std/".length)}.tfx`), "utf8");
    const { specs } = checkProgram(parseProgram(text, `${file}.tfx`).program, `${file}.tfx`, { resolveImport, text });
    const folder = file.split("/").slice(1, -1).join("/");
    return specs.map((spec) => ({ key: `${file} ${spec.name}`, spec, sizes: sizesFor(folder, spec.name, spec.sizes) }));
  });

/** The sizes that the compiler must be told, by kernel: `readCatalogue` finds them by asking, which takes longer. */
const TOLD: ReadonlyMap<string, readonly string[]> = new Map(
  readFileSync(new URL("./told.txt", import.meta.url), "utf8")
    .split("\n")
    .filter((l) => l !== "")
    .map((l) => l.split(" |"))
    .map(([key = "", told = ""]) => [key, told.split(" ").filter((s) => s !== "")]),
);
export const toldOf = (k: LibraryKernel): readonly string[] => {
  const told = TOLD.get(k.key);
  if (told === undefined)
    throw new Error(`${k.key} is not in test/library/told.txt: npx node scripts/library-table.ts`);
  return told;
};

/** In turn, so that each target is met by a quarter of the library. */
const TURN = ["baseline", "subgroups", "software-subgroups", "software"] as const;
export const targetOf = (n: number): Target => TARGETS[TURN[n % TURN.length] ?? "baseline"] ?? BASELINE;

/** Throws with the compiler's message. */
export const compileKernel = (
  { spec, sizes }: LibraryKernel,
  told: readonly string[],
  at: Readonly<Record<string, number>>,
  target: Target,
  parts?: number,
  schedule?: CompileOptions["schedule"],
): Compiled => {
  const dims = Object.fromEntries(told.map((n) => [n, at[n] ?? 1]));
  const types: Readonly<Record<string, StorageType>> = {};
  const result = compileSpec(spec, {
    file: spec.file,
    dims,
    statics: sizes.statics,
    types,
    target,
    resolveImport,
    ...(parts === undefined ? {} : { parts }),
    ...(schedule === undefined ? {} : { schedule }),
  });
  if (!("code" in result)) return result;
  throw new Error(`${spec.name}: ${result.code} ${result.message}`);
};

/** A few cells of everything: a stream longer than a step, rows before the first key. */
const LETTERS: Readonly<Record<string, number>> = {
  B: 2,
  H: 2,
  G: 2,
  R: 2,
  X: 2,
  N: 6,
  M: 9,
  D: 4,
  E: 3,
  C: 4,
  P: 3,
  L: 5,
  K: 2,
  F: 5,
  V: 7,
  S: 2,
  A: 2,
  J: 9,
  Z: 1,
  MB: 1,
  MH: 1,
  MI: 6,
  MJ: 9,
};

export const tinySizes = ({ sizes, spec }: LibraryKernel, n: number): Readonly<Record<string, number>> =>
  Object.fromEntries(
    spec.sizes.map((s) => [
      s,
      sizes.small[s] !== undefined && sizes.small[s] < (LETTERS[s] ?? 5)
        ? sizes.small[s]
        : n % 3 === 2 && s === "D"
          ? 6
          : (LETTERS[s] ?? 3),
    ]),
  );

/** A kernel at the sizes of the catalogue. */
export const compiledAtFull = (k: LibraryKernel, n: number): Compiled =>
  compileKernel(k, toldOf(k), k.sizes.full, targetOf(n + 1));

/** What the compiler makes of it, in a line. */
export const lineOf = (k: LibraryKernel, { artifact }: Compiled): string =>
  [
    k.key,
    artifact.target,
    artifact.plan,
    `${artifact.wgsl.length} bytes, ${crc32(artifact.wgsl).toString(16).padStart(8, "0")}`,
  ].join(" | ");
