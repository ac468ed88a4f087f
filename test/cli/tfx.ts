/** `tfx` as scripts use it, in a process of its own; and in this process, where the process is not what is tested: a hundred times as fast. */
import { spawnSync } from "node:child_process";
import { resolve } from "node:path";
import { format } from "node:util";
import { vi } from "vitest";
import { main } from "../../src/cli/program.ts";

/**
 * Dawn crashes when what `create` gave is collected while its threads still work (`src/cli/gpu.ts`). A process of the command ends before;
 * this one keeps all of them.
 */
const alive: unknown[] = [];
vi.mock("webgpu", async (original) => {
  const dawn = await original<typeof import("webgpu")>();
  const create: typeof dawn.create = (options) => {
    const gpu = dawn.create(options);
    const requestAdapter: typeof gpu.requestAdapter = async (asked) => {
      const adapter = await gpu.requestAdapter(asked);
      alive.push(adapter);
      return adapter;
    };
    alive.push(gpu);
    return { requestAdapter } as GPU;
  };
  return { ...dawn, create };
});

/** How a command ended, with all that it wrote. */
export type Ended = { readonly code: number | null; readonly out: string; readonly err: string };

export const TFX = resolve("bin/tfx.js");

/** A child process in `folder`. */
export const inProcess = (
  folder: string,
  args: readonly string[],
  input = "",
  env: NodeJS.ProcessEnv = process.env,
): Ended => {
  const child = spawnSync(process.execPath, [TFX, ...args], {
    cwd: folder,
    encoding: "utf8",
    input,
    env: { ...env, NO_COLOR: "1" },
  });
  return { code: child.status, out: child.stdout, err: child.stderr };
};

/** What `f` gives, with all that is written meanwhile caught. */
const caught = async (f: () => Promise<number>): Promise<Ended> => {
  const [out, err]: [string[], string[]] = [[], []];
  const into = (to: string[]) => (chunk: unknown) => (to.push(String(chunk)), true);
  const line =
    (to: string[]) =>
    (...values: unknown[]) =>
      void to.push(`${format(...values)}\n`);
  const spies = [
    vi.spyOn(console, "log").mockImplementation(line(out)),
    vi.spyOn(console, "error").mockImplementation(line(err)),
    vi.spyOn(process.stdout, "write").mockImplementation(into(out)),
    vi.spyOn(process.stderr, "write").mockImplementation(into(err)),
  ];
  try {
    const code = await f();
    return { code, out: out.join(""), err: err.join("") };
  } finally {
    for (const spy of spies) spy.mockRestore();
  }
};

/** The same command in this process: nothing on its standard input. */
export const here = async (folder: string, args: readonly string[]): Promise<Ended> => {
  const before = process.cwd();
  // As in the process that was started again for its drivers (`restartFor`): that one is asked in `inProcess`.
  vi.stubEnv("TFX_ENVIRONMENT_SET", "1");
  vi.stubEnv("NO_COLOR", "1");
  process.chdir(folder);
  try {
    return await caught(() => main(args));
  } finally {
    process.chdir(before);
    vi.unstubAllEnvs();
  }
};
