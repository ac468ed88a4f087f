/**
 * `npm run docs` writes the site with the playground inside into `site/dist`, which any host can serve from any folder;
 * `-- --out FOLDER` elsewhere, `-- --serve [PORT]` serves it then. Exit code 1 when a link leads nowhere.
 */
import { spawnSync } from "node:child_process";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { buildSite } from "./build.ts";
import { ROOT } from "./pages.ts";
import { serveFolder } from "./serve.ts";

const fail = (message: string, code: number): never => {
  console.error(message);
  process.exit(code);
};

const given = () => {
  try {
    return parseArgs({
      allowPositionals: true,
      options: { out: { type: "string" }, serve: { type: "boolean" } },
    });
  } catch (error) {
    return fail(
      `${error instanceof Error ? error.message : String(error)}\nThere are --out FOLDER and --serve [PORT].`,
      2,
    );
  }
};

const { values, positionals } = given();
const port = Number(positionals[0] ?? 8080);
if (
  positionals.length > 1 ||
  (positionals.length === 1 && !values.serve) ||
  !Number.isInteger(port) ||
  port < 0 ||
  port > 65535
)
  fail(`${positionals.join(" ")}: not a port`, 2);
const folder = resolve(values.out ?? join(ROOT, "site/dist"));

const { pages, dead } = await buildSite(folder);
for (const link of dead) console.error(`leads nowhere: ${link}`);
const playground = spawnSync(
  process.execPath,
  [join(ROOT, "playground/tasks.ts"), "build", join(folder, "playground")],
  {
    stdio: ["ignore", "ignore", "inherit"],
  },
);
console.log(`${pages} pages and the playground in ${folder}`);
if (playground.status !== 0 || dead.length > 0) process.exitCode = 1;
if (values.serve) console.log((await serveFolder(folder, port)).url);
