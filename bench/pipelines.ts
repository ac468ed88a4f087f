/**
 * `npm run bench:pipelines`: how long a software adapter takes to make the pipelines of every kernel of the standard library, at the
 * catalogue's full sizes, one after the other; the worst ten, or all with --json FILE.
 * Options: --only NAME (several), --adapter swiftshader | lavapipe, --limit SECONDS for one kernel, --worst N, --json FILE.
 */
import { spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { compileEntry, readCatalogue, standardFiles } from "../src/cli/catalogue.ts";
import { openGpu, restartFor } from "../src/cli/gpu.ts";
import { columns } from "./table.ts";

const { values: flags } = parseArgs({
  options: {
    only: { type: "string", multiple: true, default: [] },
    adapter: { type: "string", default: "swiftshader" },
    limit: { type: "string", default: "120" },
    worst: { type: "string", default: "10" },
    json: { type: "string" },
    /** Of the process that makes the pipelines: the kernels it is to leave out. */
    child: { type: "string" },
  },
});

type Made = {
  readonly kernel: string;
  readonly bytes: number;
  /** Null: longer than the limit. */ readonly seconds: number | null;
  /** Of the processor, which other work does not lengthen. */ readonly cpu: number | null;
};

const entries = readCatalogue(standardFiles()).entries.filter(
  (e) => flags.only.length === 0 || flags.only.includes(e.kernel),
);
const keyOf = (e: { readonly file: string; readonly kernel: string }): string =>
  `${e.file.slice("std/".length)} ${e.kernel}`;

/** Makes the pipelines of all kernels that are not done yet and prints a line before and after each. */
const child = async (done: ReadonlySet<string>): Promise<void> => {
  const gpu = await openGpu(flags.adapter, { subgroups: true });
  const { device, target } = gpu;
  for (const entry of entries) {
    const kernel = keyOf(entry);
    if (done.has(kernel)) continue;
    const { wgsl, dispatches } = compileEntry(entry, entry.sizes.full, target).artifact;
    console.log(JSON.stringify({ kernel, bytes: wgsl.length, seconds: null, cpu: null } satisfies Made));
    const start = performance.now();
    const before = process.cpuUsage();
    const module = device.createShaderModule({ code: wgsl });
    for (const d of dispatches)
      await device.createComputePipelineAsync({ layout: "auto", compute: { module, entryPoint: d.entryPoint } });
    const { user, system } = process.cpuUsage(before);
    console.log(
      JSON.stringify({
        kernel,
        bytes: wgsl.length,
        seconds: (performance.now() - start) / 1000,
        cpu: (user + system) / 1e6,
      } satisfies Made),
    );
  }
  gpu.close();
};

/** One process after the other: one whose driver takes too long is ended, and the next goes on behind that kernel. */
const parent = async (): Promise<void> => {
  const made = new Map<string, Made>();
  for (let whole = false; !whole;) {
    const only = flags.only.flatMap((n) => ["--only", n]);
    const own = spawn(
      process.execPath,
      [
        fileURLToPath(import.meta.url),
        "--child",
        JSON.stringify([...made.keys()]),
        "--adapter",
        flags.adapter,
        ...only,
      ],
      { stdio: ["ignore", "pipe", "inherit"] },
    );
    let late: NodeJS.Timeout | null = null;
    const before = made.size;
    for await (const line of createInterface(own.stdout)) {
      const one = JSON.parse(line) as Made;
      made.set(one.kernel, one);
      if (late !== null) clearTimeout(late);
      late = one.seconds === null ? setTimeout(() => own.kill("SIGKILL"), Number(flags.limit) * 1000) : null;
    }
    whole = made.size === entries.length && late === null;
    if (!whole && made.size === before) throw new Error(`no pipeline could be made on ${flags.adapter}`);
    whole ||= made.size === entries.length;
  }
  const all = [...made.values()].sort((a, b) => (b.cpu ?? Infinity) - (a.cpu ?? Infinity));
  if (flags.json !== undefined) writeFileSync(flags.json, `${JSON.stringify(all, null, 1)}\n`);
  const text = (seconds: number | null): string => (seconds === null ? `> ${flags.limit}` : seconds.toFixed(2));
  const total = all.reduce((n, m) => n + (m.seconds ?? Number(flags.limit)), 0);
  console.log(`pipelines of ${all.length} kernels on ${flags.adapter}: ${total.toFixed(0)} s; the worst:`);
  console.log(
    columns([
      ["kernel", "KB of WGSL", "seconds", "CPU seconds"],
      ...all
        .slice(0, Number(flags.worst))
        .map((m) => [m.kernel, (m.bytes / 1000).toFixed(1), text(m.seconds), text(m.cpu)]),
    ]),
  );
};

if (flags.child === undefined) {
  const code = await restartFor(flags.adapter);
  if (code === null) await parent();
  else process.exitCode = code;
} else await child(new Set(JSON.parse(flags.child) as readonly string[]));
