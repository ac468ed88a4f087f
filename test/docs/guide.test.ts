/**
 * The guide as a reader follows it: blocks that name a file are written, commands run, programs run, TypeScript goes through `tsc`
 * and the configurations through their bundlers, page by page, in a folder where `tfx-lang` is installed.
 */
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build as vite } from "vite";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const TFX = join(ROOT, "bin/tfx.js");

type Block = { readonly line: number; readonly language: string; readonly file: string; readonly text: string };
const blocksOf = (page: string): readonly Block[] => {
  const text = readFileSync(join(ROOT, page), "utf8");
  return [...text.matchAll(/^```(\w*) *(\S*)\n([\s\S]*?)^```/gm)].map((m) => ({
    line: text.slice(0, m.index).split("\n").length,
    language: m[1] ?? "",
    file: m[2] ?? "",
    text: m[3] ?? "",
  }));
};

/** `tfx-lang` as it would be installed, made of the sources. */
const install = (folder: string): void => {
  const modules = join(folder, "node_modules");
  const own = join(modules, "tfx-lang");
  mkdirSync(own, { recursive: true });
  const manifest = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as {
    readonly exports: Readonly<Record<string, string | { readonly default?: string; readonly types?: string }>>;
  };
  const exports = Object.fromEntries(
    Object.entries(manifest.exports).map(([name, target]) => [
      name,
      typeof target === "string"
        ? target
        : (target.default ?? target.types ?? "").replace(/^\.\/dist\/(.*)\.js$/, "./src/$1.ts"),
    ]),
  );
  writeFileSync(join(own, "package.json"), JSON.stringify({ name: "tfx-lang", type: "module", exports }));
  symlinkSync(join(ROOT, "src"), join(own, "src"), "dir");
  symlinkSync(join(ROOT, "types"), join(own, "types"), "dir");
  for (const name of ["webgpu", "vite", "rollup", "rolldown", "esbuild", "@webgpu", "typescript"])
    symlinkSync(join(ROOT, "node_modules", name), join(modules, name), "dir");
  writeFileSync(join(folder, "package.json"), '{ "type": "module" }');
};

const write = (folder: string, { file, text }: Block): void => {
  mkdirSync(dirname(join(folder, file)), { recursive: true });
  writeFileSync(join(folder, file), text);
};

const TSCONFIG = {
  compilerOptions: {
    target: "es2024",
    lib: ["esnext", "dom"],
    module: "nodenext",
    moduleResolution: "nodenext",
    strict: true,
    noEmit: true,
    skipLibCheck: true,
    allowArbitraryExtensions: true,
    allowImportingTsExtensions: true,
    types: ["@webgpu/types"],
  },
};

/** Runs a line of a shell block; `# exit N` behind it says what it ends with. What only a network can do is left out. */
const runLine = (folder: string, line: string): void => {
  const [command = "", expected] = line.split(/\s*# exit /);
  const words = command.trim().split(/\s+/);
  if (words[0] === "npm") return;
  expect(words.slice(0, 2)).toEqual(["npx", "tfx"]);
  const child = spawnSync(process.execPath, [TFX, ...words.slice(2)], {
    cwd: folder,
    encoding: "utf8",
    env: { ...process.env, NO_COLOR: "1" },
  });
  expect(child.status, `${line}\n${child.stdout}${child.stderr}`).toBe(Number(expected ?? 0));
};

test("the program of the README runs", () => {
  const folder = mkdtempSync(join(tmpdir(), "tfx-readme-"));
  try {
    install(folder);
    const program = /^```js\n([\s\S]*?)^```/m.exec(readFileSync(join(ROOT, "README.md"), "utf8"))?.[1] ?? "";
    const head = `import { create, globals } from "webgpu";\nObject.assign(globalThis, globals);\nconst navigator = { gpu: create([]) };\n`;
    // The adapter and the device must not be collected before the end.
    writeFileSync(join(folder, "main.mjs"), `${head}${program}\ndevice.destroy();\nconsole.log(typeof adapter);\n`);
    const child = spawnSync(process.execPath, ["main.mjs"], { cwd: folder, encoding: "utf8" });
    expect(child.stderr).toBe("");
    const numbers = [...child.stdout.matchAll(/\d\.\d+/g)].map((m) => Number(m[0]));
    const [low, high] = [1 / (1 + Math.E), Math.E / (1 + Math.E)];
    expect(numbers.map((x, i) => Math.abs(x - (i % 2 === 0 ? low : high)) < 1e-7)).toEqual([true, true, true, true]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

describe.each(["docs/tutorial.md", "docs/embedding.md"])("%s", (page) => {
  const folder = mkdtempSync(join(tmpdir(), "tfx-guide-"));
  const blocks = blocksOf(page);
  beforeAll(() => install(folder));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test("every block is of a kind that is tried here", () => {
    expect(blocks.length).toBeGreaterThan(8);
    const odd = blocks.filter(
      (b) => !(b.language === "sh" || (["tfx", "ts", "js", "html"].includes(b.language) && b.file !== "")),
    );
    expect(odd).toEqual([]);
  });

  for (const block of blocks) {
    if (block.language === "sh") {
      for (const line of block.text.trim().split("\n")) test(`${block.line}: ${line}`, () => runLine(folder, line));
      continue;
    }
    test(`${block.line}: ${block.file}`, () => {
      write(folder, block);
      if (!block.file.endsWith(".mjs")) return;
      const child = spawnSync(process.execPath, [block.file], { cwd: folder, encoding: "utf8" });
      expect(child.status, child.stderr).toBe(0);
    });
  }

  test("pages without a bundler map what they import to files of the package", () => {
    const { exports } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as {
      readonly exports: Readonly<Record<string, { readonly default?: string }>>;
    };
    for (const { text } of blocks.filter((b) => b.language === "html")) {
      const { imports } = JSON.parse(/<script type="importmap">(.*?)<\/script>/.exec(text)?.[1] ?? "{}") as {
        readonly imports: Readonly<Record<string, string>>;
      };
      const used = [...text.matchAll(/from "([^"]+)"/g)].map((m) => m[1] ?? "");
      expect(used).toEqual(Object.keys(imports));
      for (const [name, path] of Object.entries(imports))
        expect(path).toBe(exports[name.replace("tfx-lang", ".")]?.default?.replace("./", "./node_modules/tfx-lang/"));
    }
  });

  test("the TypeScript of the page goes through tsc", () => {
    const files = blocks.filter((b) => b.language === "ts").map((b) => b.file);
    expect(files.length).toBeGreaterThan(0);
    const made = ["app/src/main.ts"].filter((f) => existsSync(join(folder, f)));
    writeFileSync(join(folder, "tsconfig.json"), JSON.stringify({ ...TSCONFIG, files: [...files, ...made] }));
    const tsc = join(ROOT, "node_modules/typescript/bin/tsc");
    const child = spawnSync(process.execPath, [tsc, "-p", "."], { cwd: folder, encoding: "utf8" });
    expect(child.stdout).toBe("");
    expect(child.status).toBe(0);
  });

  test("the configurations of the page go through their bundlers", async () => {
    const root = existsSync(join(folder, "app")) ? join(folder, "app") : folder;
    if (root !== folder) install(root);
    const entry = root === folder ? { lib: { entry: "src/main.js", formats: ["es" as const] } } : {};
    const output = await vite({ root, logLevel: "silent", build: { write: false, ...entry } });
    expect(JSON.stringify(output)).toContain("@compute");
    for (const b of blocks.filter((x) => /^(rollup|rolldown|webpack|rspack)\.config\.js$/.test(x.file))) {
      const loaded = (await import(/* @vite-ignore */ pathToFileURL(join(folder, b.file)).href)) as {
        readonly default: { readonly input?: string; readonly plugins: readonly unknown[] };
      };
      expect(loaded.default.plugins).toHaveLength(1);
      const name = b.file.split(".")[0] ?? "";
      // Not installed here: `npm run pack-check` builds with them.
      if (name === "webpack" || name === "rspack") continue;
      const { [name]: bundler } = (await import(name)) as Record<
        string,
        (config: object) => Promise<{ readonly generate: (o: object) => Promise<unknown> }>
      >;
      const bundle = await bundler?.({
        ...loaded.default,
        input: join(folder, "src/main.js"),
        external: ["tfx-lang/runtime"],
      });
      expect(JSON.stringify(await bundle?.generate({ format: "es" }))).toContain("@compute");
    }
    if (blocks.some((b) => b.file === "esbuild.js")) {
      execFileSync(process.execPath, ["esbuild.js"], { cwd: folder });
      expect(readFileSync(join(folder, "out/main.js"), "utf8")).toContain("@compute");
    }
  });
});
