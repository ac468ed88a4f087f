/** Who may import whom: the table of scripts/arrows.ts, which the linter and ARCHITECTURE.md have too. */
import { execFileSync, spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, posix, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { ARROWS, filesWith, SHELLS } from "../scripts/arrows.ts";

const ROOT = fileURLToPath(new URL("..", import.meta.url));

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
  if (file in ARROWS) return file;
  let folder = posix.dirname(file);
  while (folder !== "." && !(folder in ARROWS) && !SHELLS.includes(folder)) folder = posix.dirname(folder);
  return folder;
};

const fault = ({ from, to, isType }: Import): string | null => {
  const folder = folderOf(from);
  const rule = ARROWS[folder];
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

describe("the linter", () => {
  const read = (name: string): string => readFileSync(join(ROOT, name), "utf8");

  test("has the table, and so has the map (npx node scripts/arrows.ts)", () => {
    const made = filesWith(read(".oxlintrc.json"), read("ARCHITECTURE.md"));
    expect(JSON.parse(read(".oxlintrc.json"))).toEqual(JSON.parse(made.config));
    expect(read("ARCHITECTURE.md")).toBe(made.map);
  });

  test("no file lies deeper than its rules reach", () => {
    const folders = Object.keys(ARROWS);
    const deep = files.filter((f) => {
      const folder = folders.find((x) => f.startsWith(`${x}/`) && !(x === "ir" && f.split("/").length > 2));
      return folder !== undefined && f.slice(folder.length + 1).split("/").length > 2;
    });
    expect(deep).toEqual([]);
  });

  // A file of each kind with what it may import and what it may not, in a folder of its own.
  test("refuses what the table does not have, and nothing else", { timeout: 60_000 }, () => {
    const dir = mkdtempSync(join(tmpdir(), "tfx-arrows-"));
    const files: Readonly<Record<string, readonly [good: readonly string[], bad: readonly string[]]>> = {
      "ir/graph/x.ts": [
        ["./y.ts", "../../base/size.ts"],
        ["../scalar/y.ts", "../../check/spec.ts", "node:fs", "chevrotain"],
      ],
      "ir/derive/rules/x.ts": [
        ["./y.ts", "../plan.ts", "../../graph/y.ts", "../../../base/size.ts"],
        ["../../lower/y.ts", "../../lower-to-graph.ts", "../../../compile.ts"],
      ],
      "ir/x.ts": [
        ["./y.ts", "./lower/y.ts", "../check/spec.ts"],
        ["../codegen/y.ts", "../compile.ts"],
      ],
      "meaning/x.ts": [["./y.ts"], ["../check/spec.ts", "../base/size.ts"]],
      "parser/x.ts": [
        ["chevrotain", "../base/span.ts"],
        ["../check/spec.ts", "picocolors"],
      ],
      "explain/x.ts": [
        ["../ir/y.ts", "../ir/tile/y.ts"],
        ["../compile.ts", "../cli/y.ts"],
      ],
      "x.ts": [
        ["./y.ts", "./ir/lower/y.ts"],
        ["./explain/y.ts", "./cli/y.ts"],
      ],
      "cli/x.ts": [["../explain/y.ts", "node:fs"], []],
    };
    try {
      copyFileSync(join(ROOT, ".oxlintrc.json"), join(dir, ".oxlintrc.json"));
      for (const [file, [good, bad]] of Object.entries(files)) {
        mkdirSync(join(dir, "src", dirname(file)), { recursive: true });
        const lines = [...good, ...bad].map((path, n) => `export { v${n} } from "${path}";`);
        writeFileSync(join(dir, "src", file), `${lines.join("\n")}\n`);
      }
      writeFileSync(
        join(dir, "src", "meaning", "z.ts"),
        'import type { Spec } from "../check/spec.ts";\nexport type S = Spec;\n',
      );
      const { stdout } = spawnSync(join(ROOT, "node_modules/.bin/oxlint"), ["--format", "unix", "src"], {
        cwd: dir,
        encoding: "utf8",
      });
      const found = [...stdout.matchAll(/src\/(\S+?):\d+:\d+: '([^']+)' import is restricted/g)].map(
        (m) => `${m[1]} ${m[2]}`,
      );
      const expected = Object.entries(files).flatMap(([file, [, bad]]) => bad.map((path) => `${file} ${path}`));
      expect(found.toSorted()).toEqual(expected.toSorted());
    } finally {
      rmSync(dir, { recursive: true });
    }
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
