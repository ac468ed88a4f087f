/** The installed package in bundlers, in a page without one, in Node and in Deno: each is built and run, in a Chromium where it is a page. */
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { openBrowser } from "../../bench/chromium.ts";
import { serveFolder } from "../../site/serve.ts";
import { softwareDriver } from "../../src/cli/adapters.ts";
import { denoBinary } from "../../test/gpu/deno.ts";
import { BUILD, expectedResult, MAIN, PLAIN_PAGE, PROGRAM } from "./texts.ts";

/** What is installed beside the package; nothing of it is a dependency of ours. */
export const PEERS: readonly string[] = [
  "vite@8.3.8",
  "rollup@4.68.8",
  "@rollup/plugin-node-resolve@16.0.3",
  "rolldown@1.2.19",
  "esbuild@0.28.2",
  "webpack@5.112.2",
  "@rspack/core@2.3.3",
  "bun@1.4.5",
  "publint@0.3.25",
  "@arethetypeswrong/cli@0.18.5",
];

const BUNDLERS = ["vite", "rollup", "rolldown", "esbuild", "webpack", "rspack", "bun"] as const;

export type Folder = {
  readonly path: string;
  /** The packed file, by its name in the folder. */
  readonly tarball: string;
  readonly env: NodeJS.ProcessEnv;
};

/** Says that something went well, or that it could not be tried; throws where it went wrong. */
export type Step = (what: string, action: () => unknown) => Promise<void>;

const run = ({ path, env }: Folder, command: string, args: readonly string[], more: NodeJS.ProcessEnv = {}): string =>
  execFileSync(command, args, {
    cwd: path,
    env: { ...env, ...more },
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
  });

/** Throws where a result is off: f32 against f64, values around 1. */
const compare = (found: unknown): void => {
  if (!Array.isArray(found)) throw new Error(`no result: ${String(found)}`);
  const expected = expectedResult();
  if (found.length !== expected.length) throw new Error(`${found.length} numbers, expected ${expected.length}`);
  const error = Math.max(...expected.map((y, n) => Math.abs(y - Number(found[n]))));
  if (!(error < 1e-6)) throw new Error(`off by ${error}`);
};

const writePages = (folder: Folder): void => {
  const write = (file: string, text: string): void => writeFileSync(join(folder.path, file), text);
  mkdirSync(join(folder.path, "src"), { recursive: true });
  write("src/main.js", MAIN);
  write("build.mjs", BUILD);
  write("plain.html", PLAIN_PAGE);
  write("program.mjs", PROGRAM);
};

const buildAll = async (folder: Folder, step: Step): Promise<void> => {
  // Its installation moves the binary, where scripts of packages may run.
  const bun = ["node_modules/bun/bin/bun.exe", "node_modules/@oven/bun-linux-x64/bin/bun"]
    .map((path) => join(folder.path, path))
    .find((path) => existsSync(path) && statSync(path).size > 1_000_000);
  for (const name of BUNDLERS) {
    if (name === "bun" && bun === undefined) {
      console.log("--  bun: its binary for this machine is not there");
      continue;
    }
    await step(`${name} builds`, () => {
      run(folder, name === "bun" ? (bun ?? "") : process.execPath, ["build.mjs", name]);
      writeFileSync(
        join(folder.path, "out", name, "index.html"),
        '<!doctype html><script type="module" src="main.js"></script>',
      );
    });
  }
};

const openAll = async (folder: Folder, cache: string, step: Step): Promise<void> => {
  const browser = await openBrowser({ path: null, hardware: false, cache });
  const { url, server } = await serveFolder(folder.path, 0);
  try {
    const pages = BUNDLERS.map((name) => [name, `out/${name}/`] as const);
    for (const [name, path] of [...pages, ["no bundler", "plain.html"] as const]) {
      if (path.startsWith("out/") && !existsSync(join(folder.path, path, "index.html"))) continue;
      await step(`${name}: the page computes`, async () => {
        const page = await browser.newPage();
        const failures: string[] = [];
        page.on("pageerror", (e) => failures.push(e.message));
        await page.goto(`${url}${path}`);
        await page.waitForFunction("globalThis.result !== undefined", undefined, { timeout: 20_000 }).catch(() => null);
        const result = await page.evaluate("globalThis.result");
        await page.close();
        if (failures.length > 0) throw new Error(failures.join("; "));
        compare(result);
      });
    }
  } finally {
    server.close();
    await browser.close();
  }
};

/** What `tfx init` writes: types that hold, one that must not, and a page that computes. */
const tryInit = async (folder: Folder, tsc: string, cache: string, step: Step): Promise<void> => {
  const app = { ...folder, path: join(folder.path, "app") };
  const main = join(app.path, "src/main.ts");
  await step("tfx init: its types", () => run(app, process.execPath, [tsc, "-p", "."]));
  await step("tfx init: a wrong tensor name is an error", () => {
    const text = readFileSync(main, "utf8");
    writeFileSync(main, text.replace("v: random()", "value: random()"));
    try {
      run(app, process.execPath, [tsc, "-p", "."]);
    } catch (error) {
      if (String((error as { readonly stdout?: unknown }).stdout).includes("'value' does not exist")) return;
      throw error;
    } finally {
      writeFileSync(main, text);
    }
    throw new Error("tsc took it");
  });
  await step("tfx init: vite build", () =>
    run(app, process.execPath, ["../node_modules/vite/bin/vite.js", "build", "--base", "./"]),
  );
  const browser = await openBrowser({ path: null, hardware: false, cache });
  const { url, server } = await serveFolder(join(app.path, "dist"), 0);
  try {
    await step("tfx init: the page computes", async () => {
      const page = await browser.newPage();
      await page.goto(url);
      await page.getByText(/8192 numbers in [\d.]+ ms/).waitFor({ timeout: 20_000 });
    });
  } finally {
    server.close();
    await browser.close();
  }
};

const runPrograms = async (folder: Folder, step: Step): Promise<void> => {
  const [swiftshader, lavapipe, deno] = [softwareDriver("swiftshader"), softwareDriver("lavapipe"), denoBinary()];
  if (swiftshader.available)
    await step("Node on Dawn", () =>
      compare(JSON.parse(run(folder, process.execPath, ["program.mjs"], swiftshader.env))),
    );
  else console.log(`--  Node on Dawn: ${swiftshader.reason}`);
  if (!deno.available) console.log(`--  Deno: ${deno.reason}`);
  else if (!lavapipe.available) console.log(`--  Deno: ${lavapipe.reason}`);
  else
    await step("Deno", () => {
      const options = [
        "run",
        "--quiet",
        "--no-lock",
        "--no-config",
        "--cached-only",
        "--node-modules-dir=manual",
        "--unstable-webgpu",
      ];
      const env = { ...lavapipe.env, DENO_DIR: join(deno.folder, "cache"), DENO_NO_UPDATE_CHECK: "1" };
      compare(JSON.parse(run(folder, deno.binary, [...options, "--allow-read", "--allow-env", "program.mjs"], env)));
    });
};

const lint = async (folder: Folder, step: Step): Promise<void> => {
  await step("publint", () => {
    const said = run(folder, process.execPath, [
      "node_modules/publint/src/cli.js",
      "node_modules/tfx-lang",
      "--strict",
    ]);
    if (!said.includes("All good!")) throw new Error(said);
  });
  await step("are the types wrong", () => {
    const attw = "node_modules/@arethetypeswrong/cli/dist/index.js";
    run(folder, process.execPath, [attw, folder.tarball, "--profile", "esm-only"]);
  });
};

/** All of it. `tsc`: the program; `cache`: where a packed Chromium is unpacked. */
export const tryApps = async (folder: Folder, tsc: string, cache: string, step: Step): Promise<void> => {
  writePages(folder);
  await lint(folder, step);
  await buildAll(folder, step);
  await openAll(folder, cache, step);
  await tryInit(folder, tsc, cache, step);
  await runPrograms(folder, step);
};
