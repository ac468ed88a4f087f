/** The documents keep their word: kernels in them compile, files and scripts they name exist. */
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { BASELINE } from "../src/base/target.ts";
import { compile } from "../src/compile.ts";
import { resolveImport } from "./numeric/harness.ts";

const ROOT = fileURLToPath(new URL("..", import.meta.url));

const DOCUMENTS = [
  "README.md",
  "ARCHITECTURE.md",
  "CONTRIBUTING.md",
  "CHANGELOG.md",
  "examples/ocr/data/README.md",
  ...readdirSync(join(ROOT, "docs"), { recursive: true, encoding: "utf8" })
    .filter((f) => f.endsWith(".md"))
    .map((f) => `docs/${f}`),
].filter((f) => existsSync(join(ROOT, f)));

const textOf = (file: string): string => readFileSync(join(ROOT, file), "utf8");

type Block = { readonly line: number; readonly language: string; readonly text: string };

/** Fenced blocks. */
const blocksOf = (text: string): readonly Block[] =>
  [...text.matchAll(/^```(\w*)[^\n]*\n([\s\S]*?)^```/gm)].map((m) => ({
    line: text.slice(0, m.index).split("\n").length,
    language: m[1] ?? "",
    text: m[2] ?? "",
  }));

/** Whole programs, wherever they are: pages about errors show wrong ones too. Tests of their own run those of the language and of the rules. */
const programs = DOCUMENTS.filter(
  (f) =>
    !f.startsWith("docs/errors/") &&
    !["language", "rules", "tutorial", "embedding", "derivation", "fast"].some((name) => f === `docs/${name}.md`),
).flatMap((file) =>
  blocksOf(textOf(file))
    .filter(
      (b) =>
        (b.language === "" || b.language === "tfx") &&
        /^\s*(\/\/.*\n|use .*\n|fn [\s\S]*?\n)*\s*kernel\s/.test(b.text) &&
        !b.text.includes("…"),
    )
    .map((b) => ({ name: `${file}:${b.line}`, text: b.text })),
);

describe("kernels in documents compile", () => {
  test("there are some", () => expect(programs.length).toBeGreaterThan(0));
  test.each(programs.map((p) => [p.name, p.text] as const))("%s", (name, text) => {
    const found = compile(text, {
      file: name,
      dims: Object.fromEntries(
        ["D", "E", "F"].filter((size) => new RegExp(`: ${size}\\b`).test(text)).map((size) => [size, 16]),
      ),
      target: BASELINE,
      resolveImport,
    });
    expect(found.diagnostics.map((d) => `${d.code} ${d.message}`)).toEqual([]);
    expect(found.artifacts.length).toBeGreaterThan(0);
  });
});

describe.each(DOCUMENTS)("%s", (file) => {
  const text = textOf(file);
  test("its links lead to files", () => {
    const prose = text.replace(/^```[\s\S]*?^```/gm, "").replace(/`[^`\n]*`/g, "");
    const links = [...prose.matchAll(/\]\(([^)#\s]+)(?:#[^)]*)?\)/g)]
      .map((m) => m[1] ?? "")
      .filter((l) => !/^[a-z]+:/.test(l));
    expect(links.filter((l) => !existsSync(join(ROOT, dirname(file), l)))).toEqual([]);
  });

  test("its scripts are in package.json", () => {
    const { scripts } = JSON.parse(textOf("package.json")) as { readonly scripts: Readonly<Record<string, string>> };
    const named = [...text.matchAll(/npm run ([\w:-]+)/g)].map((m) => m[1] ?? "");
    // What `tfx init` writes has a script of its own.
    expect(named.filter((n) => !(n in scripts) && !(n === "dev" && file === "docs/tutorial.md"))).toEqual([]);
  });

  test("the paths in backticks exist", () => {
    const paths = [
      ...text.matchAll(/`((?:src|test|stdlib|docs|scripts|examples|bench|grammar|bin)\/[\w./-]*\w\/?)`/g),
    ].map((m) => m[1] ?? "");
    expect(paths.filter((p) => !existsSync(join(ROOT, p)))).toEqual([]);
  });
});

test("the map of ARCHITECTURE.md names files that exist", () => {
  const text = textOf("ARCHITECTURE.md");
  const names = [...text.matchAll(/`((?:[\w-]+\/)*[\w-]+\.ts)`/g)].map((m) => m[1] ?? "");
  const all = readdirSync(join(ROOT, "src"), { recursive: true, encoding: "utf8" }).map((f) => f.replaceAll("\\", "/"));
  const missing = names.filter(
    (n) =>
      !n.startsWith("src/") &&
      !n.startsWith("test/") &&
      !n.startsWith("scripts/") &&
      !all.some((f) => f === n || f.endsWith(`/${n}`)),
  );
  expect(names.length).toBeGreaterThan(20);
  expect(missing).toEqual([]);
});

test("every name that package.json exports is a file after a build, or has its source", () => {
  const { exports } = JSON.parse(textOf("package.json")) as {
    readonly exports: Readonly<Record<string, string | { readonly default?: string; readonly types?: string }>>;
  };
  const targets = Object.values(exports)
    .map((e) => (typeof e === "string" ? e : (e.default ?? e.types ?? "nothing")))
    .filter((t) => !t.includes("*"));
  const source = (t: string): string => t.replace("./dist/", "./src/").replace(/\.js$/, ".ts");
  expect(targets.filter((t) => !existsSync(join(ROOT, source(t))))).toEqual([]);
});
