/** Who may import whom: the table below is the drawing of ARCHITECTURE.md as a test. */
import { execFileSync } from "node:child_process";
import { readFileSync, readdirSync } from "node:fs";
import { dirname, join, posix, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";

const ROOT = fileURLToPath(new URL("..", import.meta.url));

type Rule = {
  /** Folders whose values it may import; every folder may import its own. */
  readonly values: readonly string[];
  /** Folders of which it may import types only. */
  readonly types?: readonly string[];
  readonly packages?: readonly string[];
};

const ALL_IR = ["ir/scalar", "ir/graph", "ir/derive", "ir/tile", "ir/schedule", "ir/lower"];

/** A folder stands for all below it that have no row of their own; "ir" and "." are the files directly in there. A row may be one file. */
const TABLE: Readonly<Record<string, Rule>> = {
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
  "ir/lower": { values: ["base", "ir/schedule", "ir/graph", "ir/scalar", "ir/derive", "ir/tile"] },
  ir: { values: [...ALL_IR, "base", "check"] },
  codegen: { values: ["base", "ir/tile"] },
  emit: { values: ["base"], types: ["codegen"] },
  format: { values: ["base", "parser"], packages: ["prettier/doc", "prettier/standalone"] },
  // A leaf: from checked kernels to texts; nothing of the compiler knows it.
  grad: { values: ["base", "parser", "check", "format"] },
  npy: { values: ["base"] },
  // The standard library as texts.
  std: { values: [] },
  runtime: { values: ["base"], types: ["codegen"] },
  session: { values: [".", "base", "check", "parser"] },
  // Reads a compiled kernel level by level; of the pipeline itself it knows the type of the result only.
  explain: { values: [...ALL_IR, "base", "ir", "codegen", "check"], types: ["."] },
  ".": { values: ["base", "parser", "check", ...ALL_IR, "ir", "codegen", "format", "std"] },
};

/** Shells do IO and may import what they like, but nothing imports them. */
const SHELLS = ["cli", "lsp", "plugin", "bench"];

type Import = { readonly from: string; readonly to: string; readonly isType: boolean };

const isSource = (file: string): boolean => file.endsWith(".ts") && !file.endsWith(".d.ts");

const files = readdirSync(join(ROOT, "src"), { recursive: true, encoding: "utf8" })
  .map((f) => f.replaceAll("\\", "/"))
  .filter(isSource);

const IMPORT = /(?:^|\n)(?:import|export)\s+(type\s+)?(?:[\w*{][^;"']*?\sfrom\s+)?["']([^"']+)["']/g;
const DYNAMIC = /\bimport\(\s*["']([^"']+)["']\s*\)/g;

const importsOf = (file: string): readonly Import[] => {
  const text = readFileSync(join(ROOT, "src", file), "utf8");
  const at = (path: string): string => (path.startsWith(".") ? posix.join(dirname(file), path) : `package ${path}`);
  return [
    ...[...text.matchAll(IMPORT)].map((m) => ({ from: file, to: at(m[2] ?? ""), isType: m[1] !== undefined })),
    ...[...text.matchAll(DYNAMIC)].map((m) => ({ from: file, to: at(m[1] ?? ""), isType: false })),
  ];
};

const IMPORTS = files.flatMap(importsOf);

/** The row of the table, or the shell, that a file belongs to. */
const folderOf = (file: string): string => {
  if (file in TABLE) return file;
  let folder = posix.dirname(file);
  while (folder !== "." && !(folder in TABLE) && !SHELLS.includes(folder)) folder = posix.dirname(folder);
  return folder;
};

const fault = ({ from, to, isType }: Import): string | null => {
  const folder = folderOf(from);
  const rule = TABLE[folder];
  if (rule === undefined) return null;
  const line = `src/${from} imports ${isType ? "a type of " : ""}${to}`;
  if (to.startsWith("package ")) {
    const name = to.slice("package ".length);
    if (name.startsWith("node:")) return line;
    return isType || (rule.packages ?? []).includes(name) ? null : line;
  }
  const target = folderOf(to);
  const allowed = target === folder || rule.values.includes(target) || (isType && (rule.types ?? []).includes(target));
  return allowed ? null : line;
};

describe("imports", () => {
  test("every folder of src has a row", () => {
    const unknown = files.filter((f) => folderOf(f) === "." && f.includes("/"));
    expect(unknown).toEqual([]);
    expect(files.length).toBeGreaterThan(100);
  });

  test("follow the table", () => {
    expect(IMPORTS.length).toBeGreaterThan(500);
    expect(IMPORTS.map(fault).filter((f) => f !== null)).toEqual([]);
  });

  test("nothing imports a shell", () => {
    const into = IMPORTS.filter((i) => SHELLS.includes(folderOf(i.to)) && !SHELLS.includes(folderOf(i.from)));
    expect(into.map((i) => `${i.from} -> ${i.to}`)).toEqual([]);
  });

  // Files of one folder may be one recursion (an expression holds calls, a call holds expressions).
  test("have no cycle of files across folders", () => {
    const next = new Map<string, string[]>();
    for (const i of IMPORTS)
      if (!i.isType && !i.to.startsWith("package ")) next.set(i.from, [...(next.get(i.from) ?? []), i.to]);
    const state = new Map<string, "open" | "done">();
    const cycles: string[] = [];
    const visit = (file: string, path: readonly string[]): void => {
      if (state.get(file) === "done") return;
      if (state.get(file) === "open") {
        const cycle = [...path.slice(path.indexOf(file)), file];
        if (new Set(cycle.map(folderOf)).size > 1) cycles.push(cycle.join(" -> "));
        return;
      }
      state.set(file, "open");
      for (const to of next.get(file) ?? []) visit(to, [...path, file]);
      state.set(file, "done");
    };
    files.forEach((f) => visit(f, []));
    expect(cycles).toEqual([]);
  });

  test("exist", () => {
    const missing = IMPORTS.filter(
      (i) => !i.to.startsWith("package ") && i.to.endsWith(".ts") && !files.includes(i.to),
    );
    expect(missing.filter((i) => !i.to.endsWith(".d.ts")).map((i) => `${i.from} -> ${i.to}`)).toEqual([]);
  });
});

/** Folders under which a machine keeps what belongs to one person or one job. */
const MACHINE_PATH = new RegExp(
  `(?<![\\w}])(?:${["/home/\\w", "/Users/\\w", "/root/", "/work/\\w", "/tmp/\\w", "[A-Z]:\\\\\\\\?Users"].join("|")})`,
);

test("no tracked text names a path of one machine", (context) => {
  let tracked: readonly string[];
  try {
    tracked = execFileSync("git", ["ls-files", "-z"], { cwd: ROOT, encoding: "utf8" })
      .split("\0")
      .filter((f) => f !== "");
  } catch (error) {
    return context.skip(`not a git checkout: ${String(error)}`);
  }
  const text = /\.(ts|js|json|md|tfx|sh|txt|wgsl|ebnf|html|yml|yaml)$|\/run$/;
  const own = relative(ROOT, fileURLToPath(import.meta.url));
  const found = tracked
    .filter((f) => text.test(f) && f !== own && f !== "package-lock.json")
    .flatMap((f) => {
      try {
        return readFileSync(join(ROOT, f), "utf8")
          .split("\n")
          .flatMap((line, n) => (MACHINE_PATH.test(line) ? [`${f}:${n + 1}: ${line.trim().slice(0, 100)}`] : []));
      } catch {
        return []; // Deleted in the working tree.
      }
    });
  expect(found).toEqual([]);
});
