/** The command line as people use it: what it asks for, what it makes, what it says of files that are none. */
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable, Writable } from "node:stream";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { withoutNoise } from "../../src/cli/driver-noise.ts";
import { here, inProcess, TFX, type Ended } from "./tfx.ts";
import { writeNpy } from "../../src/npy/npy.ts";

const GOOD = `/// Scales the rows.
kernel scale(x: f32[t: N, d: D], g: f32[d], by: f32 = 2) -> y: f32[t, d] {
  y = x * g * by
}
`;

let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "tfx-people-"));
  writeFileSync(join(folder, "good.tfx"), GOOD);
  writeFileSync(join(folder, "bad.tfx"), "kernel bad(x: f32[t: N]) -> y: f32[t] {\n  y = z + x\n}\n");
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** In this process; `alone` in one of its own, once a command. */
const tfx = (args: readonly string[]): Promise<Ended> => here(folder, args);
const alone = (args: readonly string[], input?: string, env?: NodeJS.ProcessEnv): Ended =>
  inProcess(folder, args, input, env);
const read = (name: string): string => readFileSync(join(folder, name), "utf8");

describe("compile --emit ts", () => {
  test("writes a module and its shader", async () => {
    expect(await tfx(["compile", "good.tfx", "--emit", "ts", "--out", "made"])).toEqual({
      code: 0,
      out: "made/scale.wgsl\nmade/scale.ts\n",
      err: "",
    });
    expect(read("made/scale.ts")).toContain("export const createScale = async (device: GPUDevice)");
    expect(read("made/scale.ts")).toContain("// Written by `tfx compile --emit ts` from good.tfx");
    expect(read("made/scale.wgsl")).toContain("@compute");
    expect((await tfx(["compile", "good.tfx", "--emit", "js"])).code).toBe(2);
  });
});

describe("check", () => {
  test("goes on behind a file that cannot be read, and tells what it is", async () => {
    writeFileSync(join(folder, "utf16.tfx"), Buffer.from("\uFEFFkernel k(", "utf16le"));
    writeFileSync(join(folder, "latin1.tfx"), Buffer.from("// caf\u00e9\n", "latin1"));
    writeFileSync(join(folder, "program.tfx"), Buffer.from([0x7f, 0x45, 0x4c, 0x46, 0, 1]));
    const files = ["none.tfx", "utf16.tfx", "latin1.tfx", "program.tfx", ".", "good.tfx"];
    const { code, out, err } = await tfx(["check", ...files]);
    expect({ code, out }).toEqual({ code: 2, out: "" });
    expect(err.trim().split("\n")).toEqual([
      "tfx: none.tfx: no such file",
      "tfx: utf16.tfx: text in UTF-16, not in UTF-8; save it as UTF-8",
      "tfx: latin1.tfx: text in another encoding than UTF-8; save it as UTF-8",
      "tfx: program.tfx: not a text file",
      "tfx: .: not a file",
    ]);
    const mixed = await tfx(["check", "none.tfx", "bad.tfx"]);
    expect(mixed.code).toBe(1);
    expect(mixed.err).toContain("tfx: none.tfx: no such file\nerror[TFX2001]");
  });

  test("reads what is piped in", async () => {
    expect(alone(["check", "-"], GOOD)).toEqual({ code: 0, out: "", err: "no errors\n" });
    const { code, err } = alone(["check", "-", "--notes"], read("bad.tfx"));
    expect(code).toBe(1);
    expect(err).toContain("--> <stdin>:2:7\n  2 |   y = z + x");
  });
});

describe("run", () => {
  test("makes up the sizes that nobody gave, and says them", async () => {
    const { code, out, err } = await tfx([
      "run",
      "good.tfx",
      "--random",
      "1",
      "--dim",
      "N=5",
      "--check",
      "--adapter",
      "cpu",
    ]);
    expect({ code, err }).toEqual({ code: 0, err: "made up: --dim D=32\n" });
    expect(out).toContain("scale N=5 D=32");
  });

  test("asks for everything at once", async () => {
    writeFileSync(
      join(folder, "grow.tfx"),
      "kernel grow(x: f32[i: N], a: f32, b: i32) -> y: f32[r: R, s: S, i] {\n  y = x * a + b\n}\n",
    );
    const asked = (...more: readonly string[]) => tfx(["run", "grow.tfx", "--input", "x=x.npy", ...more]);
    expect((await asked()).err).toBe("tfx: no value for `a`, `b`: give --set a=… --set b=…\n");
    expect((await tfx(["run", "grow.tfx"])).err).toBe(
      "tfx: no value for `a`, `b`: give --set a=… --set b=…; no data for x: give --input x=FILE.npy, or --random SEED\n",
    );
    writeFileSync(join(folder, "x.npy"), writeNpy({ dtype: "float32", shape: [2], data: Float32Array.of(1, 2) }));
    expect(await asked("--set", "a=1", "--set", "b=2")).toEqual({
      code: 2,
      out: "",
      err: "tfx: the sizes R, S are not known; give --dim R=… --dim S=…\n",
    });
  });
});

test("what drivers say though nothing is wrong is left out, the rest comes through", async () => {
  const said = [
    "Warning: maxDynamicUniformBuffersPerPipelineLayout artificially reduced from 1000000 to 16 to fit dynamic offset allocation limit.",
    "error: XDG_RUNTIME_DIR is invalid or not set in the environment.",
    "WARNING: lavapipe is not a conformant vulkan implementation, testing use only.",
    "tfx: a mistake",
    "Warning: something else",
  ];
  const from = Readable.from([Buffer.from(said.slice(0, 3).join("\n")), Buffer.from(`\n${said.slice(3).join("\n")}`)]);
  let text = "";
  await withoutNoise(from, new Writable({ write: (chunk, _, done) => ((text += String(chunk)), done()) }));
  expect(text).toBe("tfx: a mistake\nWarning: something else");
});

describe("list WORD", () => {
  test("searches names, titles and papers", async () => {
    const { code, out } = await tfx(["list", "Retention"]);
    expect(code).toBe(0);
    expect(out).toContain("std/attention/retention");
    expect(out).not.toContain("std/norm/layernorm");
    const rows = JSON.parse((await tfx(["list", "2307.08621", "--json"])).out) as readonly { readonly file: string }[];
    expect(rows.map((r) => r.file)).toContain("std/attention/retention");
  });
  test("says when there is nothing", async () => {
    expect(await tfx(["list", "perpetuum"])).toEqual({
      code: 1,
      out: "",
      err: "tfx: no file perpetuum, and nothing in the standard library has it in its name, title or papers\n",
    });
    expect((await tfx(["list", "gone.tfx"])).err).toBe("tfx: gone.tfx: no such file\n");
  });
});

describe("diff", () => {
  const SOFTMAX = "kernel a(x: f32[i: N, j: M]) -> y: f32[i, j] { y = softmax[j](x) }\n";
  test("the same, written in another way", async () => {
    writeFileSync(join(folder, "a.tfx"), SOFTMAX);
    writeFileSync(
      join(folder, "b.tfx"),
      "kernel b(x: f32[i: N, j: M]) -> y: f32[i, j] { y = exp(x - max[j](x)) / sum[j](exp(x - max[j](x))) }\n",
    );
    const { code, out } = alone(["diff", "a.tfx", "b.tfx", "--dim", "N=3"]);
    expect(code).toBe(0);
    expect(out).toMatch(
      /^sizes {3}N=3 M=21\ny {7}the same, as far as random data shows \(largest difference \S+\)\nplan {4}a\.tfx: a: /,
    );
  });
  test("another meaning, another signature", async () => {
    writeFileSync(
      join(folder, "c.tfx"),
      SOFTMAX.replace("softmax[j](x)", "softmax[j](x) + (if j == 2 then 0.001 else 0.0)"),
    );
    const { code, out } = await tfx(["diff", "a.tfx", "c.tfx", "--dim", "N=3"]);
    expect(code).toBe(1);
    expect(out).toMatch(/\ny {7}differs in 3 of 63 cells, most by 1\.00e-3 at \[[012], 2\]\n/);
    expect(await tfx(["diff", "a.tfx", "good.tfx"])).toMatchObject({
      code: 1,
      out: "takes   x: f32[N, M] | x: f32[N?, D], g: f32[D]\ngives   y: f32[N, M] | y: f32[N, D]\n".replace("N?", "N"),
    });
  });
});

describe("bench", () => {
  const kernelOf = (name: string, body: string): string =>
    `kernel ${name}(x: f32[i: N, j: M]) -> y: f32[i, j] { y = ${body} }\n`;
  test("two kernels in turns, on the data of the same seed", { timeout: 60_000 }, async () => {
    writeFileSync(join(folder, "one.tfx"), kernelOf("one", "softmax[j](x)"));
    writeFileSync(join(folder, "two.tfx"), kernelOf("two", "exp(x) / sum[j](exp(x))"));
    const { code, out, err } = alone([
      "bench",
      "one.tfx",
      "two.tfx",
      "--adapter",
      "cpu",
      "--rounds",
      "3",
      "--dim",
      "N=9",
    ]);
    expect([code, err]).toEqual([0, ""]);
    expect(out).toMatch(
      /^adapter {2}.*; 3 rounds in turns\nkernel {3}one\.tfx: one N=9 M=64\nplan {5}one: .*\ntime {5}/,
    );
    expect(out).toMatch(/\nkernel {3}two\.tfx: two N=9 M=64\n/);
    expect(out).toMatch(/\nratio {4}the second takes \S+ times as long as the first\n$/);
  });
  test("mistakes are told in one line", async () => {
    expect(await tfx(["bench", "one.tfx", "--dim", "K=3"])).toMatchObject({
      code: 2,
      err: "tfx: K: the kernel has no name like that\n",
    });
    expect((await tfx(["bench", "one.tfx", "--rounds", "0"])).code).toBe(2);
    expect((await tfx(["bench", "bad.tfx"])).code).toBe(1);
  });
});

test("init writes a page whose kernel compiles and whose types are those of the plugin, and overwrites nothing", async () => {
  const { code, out } = alone(["init", "new app"]);
  expect(code).toBe(0);
  expect(out.split("\n")).toContain("new app/src/attention.tfx");
  const types = read("new app/src/attention.d.tfx.ts");
  const made = await tfx(["compile", "new app/src/attention.tfx", "--dim", "D=32", "--emit", "dts"]);
  expect(made).toEqual({ code: 0, out: "new app/src/attention.d.tfx.ts\n", err: "" });
  expect(read("new app/src/attention.d.tfx.ts")).toBe(types);
  expect(JSON.parse(read("new app/package.json"))).toMatchObject({ name: "new-app", type: "module" });
  const again = await tfx(["init", "new app"]);
  expect(again.code).toBe(2);
  expect(again.err).toContain("nothing was written: new app/package.json");
});

test("doctor names what is there and runs a kernel", async () => {
  const { code, out } = alone(["doctor"]);
  expect(out).toMatch(/^tfx {10}\d+\.\d+\.\d+\nnode {9}\d+/);
  expect(out).toMatch(/\nadapter {6}\S.*\(.*f16 (yes|no)/);
  expect(out).toMatch(/\na kernel {5}right\n$/);
  expect(code).toBe(0);
});

test("check --watch checks again when the file changes", async () => {
  writeFileSync(join(folder, "watched.tfx"), GOOD);
  const child = spawn(process.execPath, [TFX, "check", "--watch", "watched.tfx"], {
    cwd: folder,
    env: { ...process.env, NO_COLOR: "1" },
    stdio: ["ignore", "ignore", "pipe"],
  });
  let said = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => (said += text));
  try {
    await expect.poll(() => said, { timeout: 60_000 }).toContain("no errors");
    writeFileSync(join(folder, "watched.tfx"), GOOD.replace("x * g", "x * gg"));
    await expect.poll(() => said, { timeout: 60_000 }).toContain("watched.tfx:3:11");
    writeFileSync(join(folder, "watched.tfx"), GOOD);
    await expect.poll(() => said.split("no errors").length, { timeout: 60_000 }).toBeGreaterThan(2);
  } finally {
    child.kill();
  }
});
