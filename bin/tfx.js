#!/usr/bin/env node
// Starts the command line. In a clone that is src/cli/main.ts, in an installed package dist/cli/main.js. Both need
// Node >= 22.18; an older one (which npm 10 and 11 still come with) hands over to the Node of the npm package `node`.
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import module, { createRequire } from "node:module";
import { fileURLToPath } from "node:url";

const main = ["../src/cli/main.ts", "../dist/cli/main.js"]
  .map((path) => new URL(path, import.meta.url))
  .find((url) => existsSync(url));
const [major, minor] = process.versions.node.split(".").map(Number);

/** The Node of the npm package `node`, or null. */
const newerNode = () => {
  try {
    return createRequire(import.meta.url).resolve("node/bin/node");
  } catch {
    return null;
  }
};

if (main === undefined) {
  console.error("tfx: neither src/ nor dist/ is here: the package is damaged");
  process.exitCode = 70;
} else if (major > 22 || (major === 22 && minor >= 18)) {
  module.enableCompileCache?.();
  process.argv[1] = fileURLToPath(import.meta.url);
  await import(main.href);
} else {
  const node = newerNode();
  if (node === null) {
    console.error(`tfx: needs Node 22.18 or later, this is ${process.versions.node}`);
    process.exitCode = 70;
  } else {
    const child = spawn(node, [fileURLToPath(import.meta.url), ...process.argv.slice(2)], { stdio: "inherit" });
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT"]) process.on(signal, () => child.kill(signal));
    child.on("exit", (code) => (process.exitCode = code ?? 70));
  }
}
