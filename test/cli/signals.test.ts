/** A process that was started again for its environment ends as its child does, and its child as it was told. */
import { spawn } from "node:child_process";
import { expect, test } from "vitest";

const GPU = new URL("../../src/cli/gpu.ts", import.meta.url).href;

/** A parent that runs `child` in its place; `signal` is sent to the parent once the child is up. */
const run = async (
  child: string,
  signal: NodeJS.Signals | null,
): Promise<readonly [number | null, NodeJS.Signals | null, string]> => {
  const script = `import { inPlace } from ${JSON.stringify(GPU)}; process.exitCode = await inPlace(process.execPath, ["-e", ${JSON.stringify(child)}], process.env);`;
  const parent = spawn(process.execPath, ["--input-type=module", "-e", script], { stdio: ["ignore", "pipe", "pipe"] });
  let out = "";
  for (const stream of [parent.stdout, parent.stderr])
    stream.on("data", (chunk) => {
      out += String(chunk);
      if (signal === null || !out.includes("up\n")) return;
      parent.kill(signal);
      signal = null;
    });
  return new Promise((done) => parent.on("close", (code, by) => done([code, by, out])));
};

const WAIT = "setInterval(() => {}, 1000); console.log('up');";

test.each<[string, string, NodeJS.Signals | null, readonly [number | null, string | null, string | RegExp]]>([
  ["its exit code", "process.exit(3)", null, [3, null, ""]],
  [
    "a signal that the child handles",
    `process.on('SIGTERM', () => { console.log('bye'); process.exit(4); }); ${WAIT}`,
    "SIGTERM",
    [4, null, "up\nbye\n"],
  ],
  ["a signal that ends the child", WAIT, "SIGTERM", [null, "SIGTERM", "up\n"]],
  ["Ctrl-C", WAIT, "SIGINT", [null, "SIGINT", "up\n"]],
  [
    "a crash of the driver",
    "process.kill(process.pid, 'SIGKILL'); setInterval(() => {}, 1000);",
    null,
    [1, null, "tfx: the GPU driver ended the process (SIGKILL)\n"],
  ],
])("%s", async (_name, child, signal, expected) => {
  expect(await run(child, signal)).toEqual(expected);
});
