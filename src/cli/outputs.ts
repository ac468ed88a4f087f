/** Where the results of a run go. */
import { existsSync, realpathSync } from "node:fs";
import { resolve } from "node:path";
import type { Spec } from "../check/spec.ts";
import { fromStorage, type Stored } from "../npy/convert.ts";
import { writeNpy } from "../npy/npy.ts";
import { UsageError } from "./errors.ts";
import { obstacle, writeAll } from "./files.ts";
import type { Pairs } from "./options.ts";
import { checkNames, storageOf, type Choice } from "./request.ts";
import { shapeOf } from "./tensors.ts";

const real = (path: string): string => (existsSync(path) ? realpathSync(path) : resolve(path));

/**
 * Checks `--output` before anything is computed: known results, paths that can be files, none twice, none that the run
 * reads. Throws UsageError.
 */
export const checkOutputs = (spec: Spec, paths: Pairs, read: readonly string[]): void => {
  checkNames(
    "--output",
    paths.keys(),
    spec.results.map((t) => t.name),
    "results",
  );
  const taken = new Map<string, string>(read.map((path) => [real(path), "this run reads it"]));
  for (const [name, path] of paths) {
    const why = obstacle(path) ?? taken.get(real(path)) ?? null;
    if (why !== null) throw new UsageError(`--output ${name}=${path}: ${why}`);
    taken.set(real(path), `\`${name}\` goes there`);
  }
};

/** Writes the results asked for, all or none. */
export const saveOutputs = (
  spec: Spec,
  paths: Pairs,
  choice: Choice,
  sizes: Readonly<Record<string, number>>,
  outputs: Readonly<Record<string, Stored>>,
): void => {
  const files = [...paths].map(([name, path]) => {
    const dtype = spec.results.find((result) => result.name === name)?.dtype ?? "f32";
    const data = outputs[name] ?? new Float32Array();
    return {
      path,
      content: writeNpy(fromStorage(data, shapeOf(spec, name, sizes), storageOf(spec, dtype, choice.types))),
    };
  });
  writeAll(files);
};
