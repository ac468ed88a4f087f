/** Mesa's driver for AMD GPUs on a null device, if it is here: what it makes of WGSL, through Dawn in a process of its own. */
import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { isRecord } from "../../src/base/unknown.ts";
import { parseAssembly } from "./assembly.ts";
import { hotLoop, type HotLoop } from "./model.ts";

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const CACHE = here("../../node_modules/.cache/tfx");
/** RDNA3. */
const FAMILY = "NAVI31";

export type Driver = { readonly icd: string; readonly shim: string; readonly libraries: string };

/** One entry point: the driver's own figures, and the bound of `model.ts`. */
export type Figures = {
  readonly entryPoint: string;
  readonly registers: number;
  readonly spilled: number;
  readonly scratchBytes: number;
  readonly ldsBytes: number;
  readonly codeBytes: number;
  /** Waves of 64 lanes that a SIMD holds. */
  readonly waves: number;
  readonly hot: HotLoop | null;
};

export type Program = { readonly wgsl: string; readonly entryPoints: readonly string[] };

/** The driver with its shim built, or why there is none. */
export const openDriver = (): Driver | { readonly reason: string } => {
  const root = join(CACHE, "lavapipe/root");
  const icd = existsSync(root)
    ? readdirSync(root, { recursive: true, encoding: "utf8" }).find((f) => f.endsWith("libvulkan_radeon.so"))
    : undefined;
  if (icd === undefined) return { reason: "no libvulkan_radeon.so of Mesa: npm run stacks brings it where apt does" };
  const shim = join(CACHE, "isa-shim");
  mkdirSync(shim, { recursive: true });
  const built = spawnSync("cc", [
    "-O1",
    "-shared",
    "-fPIC",
    "-o",
    join(shim, "libvulkan.so.1"),
    here("shim.c"),
    "-ldl",
  ]);
  if (built.error !== undefined || built.status !== 0)
    return { reason: `no C compiler for the shim: ${built.error?.message ?? built.stderr.toString().slice(0, 200)}` };
  const libraries = readFileSync(join(CACHE, "lavapipe/library-path.txt"), "utf8").trim();
  return { icd: join(root, icd), shim, libraries };
};

/** Compiles every entry point of each program; rejects with what Dawn or the driver says. */
export const figuresOf = async (
  driver: Driver,
  programs: readonly Program[],
): Promise<readonly (readonly Figures[])[]> => {
  const work = mkdtempSync(join(tmpdir(), "tfx-isa-"));
  try {
    const job = join(work, "job.json");
    writeFileSync(job, JSON.stringify(programs));
    const env = {
      ...process.env,
      ISA_ICD: driver.icd,
      RADV_FORCE_FAMILY: FAMILY,
      MESA_SHADER_CACHE_DISABLE: "1",
      LD_LIBRARY_PATH: [driver.shim, driver.libraries].join(":"),
      ISA_STATS: join(work, "stats"),
      ISA_TEXT: join(work, "text"),
    };
    const child = spawn(process.execPath, [here("child.ts"), job, work], { env, stdio: ["ignore", "ignore", "pipe"] });
    let errors = "";
    child.stderr.on("data", (d: Buffer) => (errors = (errors + d.toString()).slice(-4000)));
    const code = await new Promise((resolve) => child.on("close", resolve));
    if (code !== 0) throw new Error(`the compiling process ended with ${String(code)}: ${errors}`);
    return programs.map((p, n) => p.entryPoints.map((entryPoint) => read(work, `${n}-${entryPoint}`, entryPoint)));
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
};

const read = (work: string, name: string, entryPoint: string): Figures => {
  const lines = readFileSync(join(work, `${name}.stats`), "utf8")
    .trim()
    .split("\n");
  const stats: unknown = JSON.parse(lines.at(-1) ?? "null");
  const number = (key: string): number => {
    const x = isRecord(stats) ? stats[key] : undefined;
    if (typeof x !== "number") throw new Error(`the driver tells no \`${key}\``);
    return x;
  };
  const wave = number("wave");
  // Mesa counts in waves of 32 lanes.
  const waves = Math.floor(number("Subgroups per SIMD") / (wave / 32));
  return {
    entryPoint,
    registers: number("VGPRs"),
    spilled: number("Spilled VGPRs"),
    scratchBytes: number("Scratch size"),
    ldsBytes: number("LDS size"),
    codeBytes: number("Code size"),
    waves,
    hot: hotLoop(parseAssembly(readFileSync(join(work, `${name}.text`), "latin1")), wave, waves),
  };
};
