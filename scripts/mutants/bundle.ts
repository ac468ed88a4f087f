/** The tests of the compiler and the compiler in one module, with mutants asleep in it. */
import { globSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build, type Plugin } from "esbuild";
import tier from "../../vitest.compiler.config.ts";
import { withMutants, type Mutant } from "./operators.ts";

export const ROOT: string = fileURLToPath(new URL("../..", import.meta.url));
const HERE = fileURLToPath(new URL(".", import.meta.url));

/** Test files of the tier of the compiler. */
export const testFiles = (): readonly string[] => {
  const { include = [], exclude = [] } = tier.test ?? {};
  return globSync(include as string[], { cwd: ROOT, exclude: exclude as string[] })
    .map(String)
    .toSorted();
};

const sleeping = (mutants: readonly Mutant[]): Plugin => ({
  name: "mutants",
  setup(b) {
    const shim = join(HERE, "vitest.ts");
    b.onResolve({ filter: /^vitest$/ }, ({ importer }) =>
      importer === shim ? { path: "vitest", external: true } : { path: shim },
    );
    b.onLoad({ filter: /\.ts$/ }, ({ path }) => {
      const text = readFileSync(path, "utf8");
      const here = mutants.flatMap((m, n) => (join(ROOT, m.file) === path ? [[n, m] as const] : []));
      const changed =
        here.length === 0
          ? text
          : `import { __mutant, __value } from ${JSON.stringify(join(HERE, "switch.ts"))};${withMutants(text, here)}`;
      return {
        contents: changed.replaceAll("import.meta.url", JSON.stringify(pathToFileURL(path).href)),
        loader: "ts",
        resolveDir: dirname(path),
      };
    });
  },
});

/** Writes the bundle to `outfile`. Its exports: `tests`, `loadCompiler()`, `load(files)` (collects), and what `switch.ts` exports. */
export const bundle = async (mutants: readonly Mutant[], files: readonly string[], outfile: string): Promise<void> => {
  const setup = [tier.test?.setupFiles ?? []].flat();
  const sources = [...new Set(mutants.map((m) => m.file))];
  const entry = [
    `Object.assign(process.env, ${JSON.stringify(tier.test?.env ?? {})});`,
    `export * from ${JSON.stringify(join(HERE, "switch.ts"))};`,
    `import { noted } from ${JSON.stringify(join(HERE, "switch.ts"))};`,
    `import { enter, tests, Skipped } from ${JSON.stringify(join(HERE, "vitest.ts"))};`,
    "export { tests, Skipped };",
    `export const loadCompiler = async () => { ${sources.map((f) => `await import(${JSON.stringify(join(ROOT, f))});`).join(" ")} };`,
    // Tests make things while they are collected, too: what each file reaches then.
    "export const load = async (only) => {",
    ...setup.map((f) => `  await import(${JSON.stringify(join(ROOT, f))});`),
    "  const out = [];",
    "  const one = async (file, url, load) => {",
    "    if (only !== null && !only.includes(file)) return;",
    "    noted();",
    "    const start = process.cpuUsage().user;",
    "    let failed = null;",
    "    try { enter(url); await load(); } catch (e) { failed = String(e); }",
    "    out.push({ file, failed, ms: (process.cpuUsage().user - start) / 1000, reaches: noted() });",
    "  };",
    ...files.map(
      (f) =>
        `  await one(${JSON.stringify(f)}, ${JSON.stringify(pathToFileURL(join(ROOT, f)).href)}, () => import(${JSON.stringify(join(ROOT, f))}));`,
    ),
    "  return out;",
    "};",
  ].join("\n");
  await build({
    stdin: { contents: entry, resolveDir: ROOT, loader: "ts" },
    bundle: true,
    format: "esm",
    platform: "node",
    target: "es2024",
    packages: "external",
    outfile,
    plugins: [sleeping(mutants)],
    logLevel: "error",
  });
};
