/** Where the results of a run go. */
import { existsSync, realpathSync } from "node:fs";
import { resolve } from "node:path";
import type { Spec } from "../check/spec.ts";
import { fromStorage, type Stored } from "../npy/convert.ts";
import type { NpyArray } from "../npy/npy.ts";
import { arraysFile, formatOf } from "./arrays.ts";
import { UsageError } from "./errors.ts";
import { obstacle, writeAll } from "./files.ts";
import type { Files } from "./options.ts";
import { checkNames, storageOf, type Choice } from "./request.ts";
import { shapeOf } from "./tensors.ts";

const real = (path: string): string => (existsSync(path) ? realpathSync(path) : resolve(path));

/** The results that go into each file, by its path as it was written. */
type Going = ReadonlyMap<string, readonly string[]>;

/**
 * Checks `--output` before anything is computed: known results, paths that can be files, none that the run reads; several results go into
 * one file only if it is an archive, which without a name takes all. Throws UsageError.
 */
export const checkOutputs = (spec: Spec, files: Files, read: readonly string[]): Going => {
  const results = spec.results.map((t) => t.name);
  checkNames("--output", files.named.keys(), results, "results");
  const taken = new Map<string, string>(read.map((path) => [real(path), "this run reads it"]));
  const going = new Map<string, readonly string[]>();
  const places = new Map<string, string>();
  const all = [...files.whole.flatMap((path) => results.map((name) => [name, path] as const)), ...files.named];
  for (const [name, path] of all) {
    const known = places.get(real(path));
    const there = known === undefined ? [] : (going.get(known) ?? []);
    const why =
      obstacle(path) ??
      taken.get(real(path)) ??
      (there.includes(name) || (there.length > 0 && formatOf(path) === "npy") ? `\`${there[0]}\` goes there` : null);
    if (why !== null) throw new UsageError(`--output ${name}=${path}: ${why}`);
    places.set(real(path), known ?? path);
    going.set(known ?? path, [...there, name]);
  }
  return going;
};

/** Writes the results asked for, all or none. */
export const saveOutputs = (
  spec: Spec,
  going: Going,
  choice: Choice,
  sizes: Readonly<Record<string, number>>,
  outputs: Readonly<Record<string, Stored>>,
): void => {
  const array = (name: string): NpyArray => {
    const dtype = spec.results.find((result) => result.name === name)?.dtype ?? "f32";
    const data = outputs[name] ?? new Float32Array();
    return fromStorage(data, shapeOf(spec, name, sizes), storageOf(spec, dtype, choice.types));
  };
  writeAll(
    [...going].map(([path, names]) => ({
      path,
      content: arraysFile(formatOf(path), new Map(names.map((name) => [name, array(name)]))),
    })),
  );
};
