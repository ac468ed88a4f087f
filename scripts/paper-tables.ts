/**
 * `npm run paper-tables`: writes docs/paper-tables.md, figures of the papers beside ours. Runs attention on SwiftShader for the
 * measured bytes (`--adapter NAME` for another device); `--no-gpu` keeps those of the last run.
 */
import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { restartFor } from "../src/cli/gpu.ts";
import { countAll, documentText } from "./paper/document.ts";
import { measure, readMeasured, writeMeasured } from "./paper/measure.ts";

const { values } = parseArgs({
  options: { adapter: { type: "string", default: "swiftshader" }, "no-gpu": { type: "boolean" } },
});
const withGpu = values["no-gpu"] !== true;
const restarted = withGpu ? await restartFor(values.adapter) : null;
if (restarted !== null) process.exit(restarted);

if (withGpu) writeMeasured(await measure(values.adapter));
const text = await documentText(countAll(), readMeasured());
writeFileSync(new URL("../docs/paper-tables.md", import.meta.url), text);
console.log(`docs/paper-tables.md: ${text.split("\n").length} lines`);
// Dawn keeps Node alive.
process.exit(0);
