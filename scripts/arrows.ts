/**
 * Who may import whom: the one table. `npx node scripts/arrows.ts` writes it as rules of oxlint into .oxlintrc.json and as the last column
 * of the code map in ARCHITECTURE.md; a test holds both to it.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { posix } from "node:path";
import { fileURLToPath } from "node:url";

export type Arrow = {
  /** Folders whose values it may import; every folder may import its own. */
  readonly values: readonly string[];
  /** Folders of which it may import types only. */
  readonly types?: readonly string[];
  readonly packages?: readonly string[];
};

/** Every folder below the plan, from left to right. */
const IR = ["ir/graph", "ir/scalar", "ir/derive", "ir/schedule", "ir/tile", "ir/lower"];

/** A folder stands for all below it that have no row of their own; "ir" and "." are the files directly in there. */
export const ARROWS: Readonly<Record<string, Arrow>> = {
  base: { values: [], packages: ["fastest-levenshtein", "picocolors"] },
  parser: { values: ["base"], packages: ["chevrotain"] },
  check: { values: ["base", "parser"] },
  // The oracle: it must share nothing with the compiler.
  meaning: { values: [], types: ["check"] },
  "ir/graph": { values: ["base"] },
  "ir/scalar": { values: ["base", "ir/graph"] },
  "ir/derive": { values: ["base", "ir/graph", "ir/scalar"] },
  "ir/tile": { values: ["base"] },
  // Chooses from the plan and the target; the lowering reads what was chosen.
  "ir/schedule": { values: ["base", "ir/graph", "ir/scalar", "ir/derive"] },
  "ir/lower": { values: ["base", "ir/graph", "ir/scalar", "ir/derive", "ir/schedule", "ir/tile"] },
  ir: { values: ["base", "check", ...IR] },
  codegen: { values: ["base", "ir/tile"] },
  emit: { values: ["base"], types: ["codegen"] },
  format: { values: ["base", "parser"], packages: ["prettier/doc", "prettier/standalone"] },
  // A leaf: from checked kernels to texts; nothing of the compiler knows it.
  grad: { values: ["base", "parser", "check", "format"] },
  // A shell around the compiler: nothing of it knows it.
  onnx: { values: ["base", "std", "."], types: ["codegen"] },
  // A step of kernels: from checked kernels through their gradients to artifacts and a device.
  train: { values: ["base", "parser", "check", "grad", "runtime", "std", "."], types: ["codegen"] },
  npy: { values: ["base"] },
  // The standard library as texts.
  std: { values: [] },
  runtime: { values: ["base"], types: ["codegen"] },
  session: { values: ["base", "parser", "check", "."] },
  // Reads a compiled kernel level by level; of the pipeline itself it knows the type of the result only.
  explain: { values: ["base", "check", "ir", ...IR, "codegen"], types: ["."] },
  ".": { values: ["base", "parser", "check", "ir", ...IR, "codegen", "format", "std"] },
};

/** Shells do IO and may import what they like, but nothing imports them. */
export const SHELLS = ["cli", "lsp", "plugin", "bench"];

/** Packages of which any folder may import types. */
const TYPE_PACKAGES = ["prettier"];

/** As an import is written in a folder: the files of another one. */
const written = (from: string, to: string): string => {
  const way = posix.relative(from, to) || ".";
  const path = way.startsWith(".") ? way : `./${way}`;
  return to === "." || to === "ir" || from.startsWith(`${to}/`) ? `${path}/*.ts` : `${path}/**`;
};

/** The same as a regular expression: files right there, or anything below. */
const regexOf = (glob: string): string =>
  `^${glob.replace(/\*.*$/, "").replaceAll(".", "\\.")}${glob.endsWith("/**") ? "" : "[^/]+$"}`;

type Override = { readonly files: readonly string[]; readonly rules: Readonly<Record<string, unknown>> };

/** The rule for the files directly in `dir`, which belongs to `folder`. */
const overrideOf = (
  folder: string,
  dir: string,
  files: string,
  { values, types = [], packages = [] }: Arrow,
): Override => ({
  files: [`src/${files}`.replace("/./", "/")],
  rules: {
    "no-restricted-imports": [
      "error",
      {
        patterns: [
          ...types.map((t) => ({
            regex: regexOf(written(dir, t)),
            allowTypeImports: true,
            message: `Of ${t}, ${folder} may import types only (scripts/arrows.ts).`,
          })),
          {
            group: [
              "**",
              ...[folder, ...values, ...types].map((to) => `!${written(dir, to)}`),
              ...(dir === folder ? [] : ["!./*.ts"]),
              ...[...packages, ...TYPE_PACKAGES].map((p) => `!${p}`),
            ],
            message: `This arrow is not in the table (scripts/arrows.ts).`,
          },
        ],
      },
    ],
  },
});

/** All rules: for the files of each folder and for those one folder deeper, which write other paths. */
export const overrides = (): readonly Override[] =>
  Object.entries(ARROWS).flatMap(([folder, arrow]) =>
    folder === "." || folder === "ir"
      ? [overrideOf(folder, folder, `${folder}/*.ts`, arrow)]
      : [
          overrideOf(folder, folder, `${folder}/*.ts`, arrow),
          overrideOf(folder, `${folder}/below`, `${folder}/*/*.ts`, arrow),
        ],
  );

/** What ARCHITECTURE.md says that a folder may import. */
export const inWords = ({ values, types = [] }: Arrow): string => {
  const names = [
    ...(IR.every((f) => values.includes(f)) ? [...values.filter((v) => !IR.includes(v)), "ir/*"] : values).map((v) =>
      v === "." ? "src/*.ts" : v === "ir" ? "src/ir/*.ts" : v,
    ),
    ...types.map((t) => `${t === "." ? "src/*.ts" : t} (types)`),
  ];
  return names.length === 0 ? "–" : names.join(", ");
};

const ROOT = new URL("../", import.meta.url);
const CONFIG = new URL(".oxlintrc.json", ROOT);
const MAP = new URL("ARCHITECTURE.md", ROOT);

/** The rows of the code map: folder, and what it may import. */
const ROW = /^\| `src\/?([\w/*.]*)` +\|.*\|([^|]*)\|$/gm;

/** The folder of a row of the code map, as the table calls it. */
const folderOfRow = (name: string): string => (name === "*.ts" ? "." : name === "ir/*.ts" ? "ir" : name);

/** Both files as they should be. */
export const filesWith = (config: string, map: string): { readonly config: string; readonly map: string } => {
  const parsed = JSON.parse(config) as { overrides: Override[] };
  const others = parsed.overrides.filter((o) => !("no-restricted-imports" in o.rules));
  return {
    config: `${JSON.stringify({ ...parsed, overrides: [...others, ...overrides()] }, null, 2)}\n`,
    map: map.replace(ROW, (line: string, name: string, old: string) => {
      const arrow = ARROWS[folderOfRow(name)];
      return arrow === undefined
        ? line
        : line.slice(0, -old.length - 1) + ` ${inWords(arrow).padEnd(Math.max(0, old.length - 2))} |`;
    }),
  };
};

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const made = filesWith(readFileSync(CONFIG, "utf8"), readFileSync(MAP, "utf8"));
  writeFileSync(CONFIG, made.config);
  writeFileSync(MAP, made.map);
}
