/** The ONNX cases of a folder: operator, attributes and arrays. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { readNpy } from "../../src/npy/npy.ts";

/** An array as plain numbers; float64 is rounded to f32 when it is stored for a kernel. */
export type OnnxTensor = {
  readonly name: string;
  readonly shape: readonly number[];
  readonly dtype: string;
  readonly values: readonly number[];
};

export type OnnxCase = {
  readonly name: string;
  readonly op: string;
  readonly attributes: Readonly<Record<string, number | string>>;
  /** Versions of the operator sets that the case is written for, by domain. */
  readonly opset: readonly (readonly [domain: string, version: number])[];
  /** Inputs that are there, by the operator's names for them. */
  readonly inputs: Readonly<Record<string, OnnxTensor>>;
  readonly outputs: Readonly<Record<string, OnnxTensor>>;
};

type Entry = { readonly name: string; readonly file: string; readonly shape: number[]; readonly dtype: string } | null;
type CaseFile = {
  readonly name: string;
  readonly op: string;
  readonly attributes: Record<string, number | string>;
  readonly opset: OnnxCase["opset"];
  readonly inputs: readonly Entry[];
  readonly outputs: readonly Entry[];
};

const load = (folder: string, entries: readonly Entry[]): Record<string, OnnxTensor> =>
  Object.fromEntries(
    entries.flatMap((e) => {
      if (e === null) return [];
      const { data, shape, dtype } = readNpy(new Uint8Array(readFileSync(join(folder, e.file))));
      return [[e.name, { name: e.name, shape, dtype, values: Array.from(data as ArrayLike<number | bigint>, Number) }]];
    }),
  );

/** Every case below `folder`, by name. */
export const readCases = (folder: string): readonly OnnxCase[] =>
  readdirSync(folder)
    .filter((name) => existsSync(join(folder, name, "case.json")))
    .sort()
    .map((name) => {
      const path = join(folder, name);
      const file = JSON.parse(readFileSync(join(path, "case.json"), "utf8")) as CaseFile;
      const { op, attributes, opset } = file;
      return { name, op, attributes, opset, inputs: load(path, file.inputs), outputs: load(path, file.outputs) };
    });
