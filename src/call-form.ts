/** The form of a call: which options there are, and what each may be, whatever the file says. */
import { SCHEDULES } from "./base/costs.ts";
import { type Diagnostic, error } from "./base/diagnostic.ts";
import { NO_SPAN } from "./base/span.ts";
import { didYouMean } from "./base/suggest.ts";
import type { Target, Tuning } from "./base/target.ts";
import { isRecord, isWhole, show } from "./base/unknown.ts";

type Form = readonly [what: string, ok: (x: unknown) => boolean, needed: boolean];

const TEXT: Form = ["a text", (x) => typeof x === "string", true];

const RECORD: Form = ["a record", isRecord, false];

const FUNCTION: Form = ["a function", (x) => typeof x === "function", true];

const whole = (low: number): Form => [
  `a whole number from ${low}`,
  (x) => isWhole(x, low, Number.MAX_SAFE_INTEGER),
  true,
];

/** Beyond, a row has more parts than a dispatch has workgroups. */
const PARTS: Form = ["a whole number from 1 to 65535", (x) => isWhole(x, 1, 65535), false];

/** Beyond, a chunk is longer than what tiles hold. */
const CHUNK: Form = ["a whole number from 1 to 1024", (x) => isWhole(x, 1, 1024), false];

const FLAG: Form = ["true or false", (x) => typeof x === "boolean", true];

const optional = ([what, ok]: Form): Form => [what, ok, false];

const OPTIONS: Readonly<Record<string, Form>> = {
  file: TEXT,
  kernel: optional(TEXT),
  dims: RECORD,
  statics: RECORD,
  types: RECORD,
  target: ["one of TARGETS, or an object like them", isRecord, true],
  resolveImport: optional(FUNCTION),
  schedule: optional(FUNCTION),
  parts: PARTS,
  chunk: CHUNK,
  onPass: optional(FUNCTION),
  verify: optional(FLAG),
};

const isSubgroups = (x: unknown): boolean =>
  x === null || (isRecord(x) && isWhole(x["min"], 1) && isWhole(x["max"], x["min"]));

const TARGET: Readonly<Record<keyof Target, Form>> = {
  name: TEXT,
  workgroupBytes: whole(1),
  // No WebGPU device has fewer, in compatibility mode neither.
  invocations: whole(128),
  subgroups: ["null or { min, max }", isSubgroups, true],
  f16: FLAG,
  storageBuffers: whole(1),
  bindingBytes: whole(1),
  dialect: ['"tint" or "naga"', (x) => x === "tint" || x === "naga", true],
  tuning: ["GPU_TUNING or CPU_TUNING, or an object like them", isRecord, true],
};

const isFeatures = (x: unknown): boolean => x === null || (isRecord(x) && isWhole(x["from"], 0) && isWhole(x["to"], 0));

const TILE = ["lanes", "lanesPerRow", "rowsPerLane", "cells", "chunk", "slice"];

const isShapes = (x: unknown, names: readonly string[]): boolean =>
  Array.isArray(x) && x.every((s) => isRecord(s) && names.every((name) => isWhole(s[name], 1)));

const isTiles = (x: unknown): boolean =>
  x === null ||
  (isRecord(x) &&
    isWhole(x["registers"], 1) &&
    isShapes(x["shapes"], TILE) &&
    isShapes(x["few"], TILE) &&
    isShapes(x["products"], [...TILE, "columns"]));

const TUNING: Readonly<Record<keyof Tuning, Form>> = {
  parallelGroups: whole(1),
  // What every device has (`invocations`), and what may be written out (`SCHEDULES.written`).
  rowLanes: ["a whole number from 1 to 128", (x) => isWhole(x, 1, 128), true],
  twoRows: [
    "{ broadcast, direct }, each null or { from, to }",
    (x) => isRecord(x) && isFeatures(x["broadcast"]) && isFeatures(x["direct"]),
    true,
  ],
  fewRows: whole(0),
  coalesces: FLAG,
  staging: FLAG,
  edgeBlocks: FLAG,
  heldCells: [`a whole number from 1 to ${SCHEDULES.written}`, (x) => isWhole(x, 1, SCHEDULES.written), true],
  chunks: FLAG,
  tiles: ["null or { registers, shapes, products, few }", isTiles, true],
};

const formFaults = (
  values: Readonly<Record<string, unknown>>,
  forms: Readonly<Record<string, Form>>,
  prefix: string,
): readonly string[] => {
  const odd = Object.keys(values).filter((name) => !(name in forms));
  return [
    ...odd.map((name) =>
      [`there is no option \`${prefix}${name}\``, didYouMean(name, Object.keys(forms))]
        .filter((x) => x !== null)
        .join("; "),
    ),
    ...Object.entries(forms).flatMap(([name, [what, ok, needed]]) => {
      const value = values[name];
      if (value === undefined) return needed ? [`\`${prefix}${name}\` is missing: ${what}`] : [];
      return ok(value) ? [] : [`\`${prefix}${name}\` is ${show(value)}, not ${what}`];
    }),
  ];
};

/** What is wrong with the form of a call, whatever the file says. */
export const callFaults = (text: unknown, options: unknown): readonly Diagnostic[] => {
  if (!isRecord(options)) return [error("TFX6003", NO_SPAN, `the options are ${show(options)}, not { file, target }`)];
  const span = typeof options["file"] === "string" ? { file: options["file"], start: 0, end: 0 } : NO_SPAN;
  const target = options["target"];
  const faults = [
    ...(typeof text === "string" ? [] : [`the source is ${show(text)}, not a text`]),
    ...formFaults(options, OPTIONS, ""),
    ...(isRecord(target) ? formFaults(target, TARGET, "target.") : []),
    ...(isRecord(target) && isRecord(target["tuning"]) ? formFaults(target["tuning"], TUNING, "target.tuning.") : []),
  ];
  return faults.map((message) => error("TFX6003", span, message));
};
