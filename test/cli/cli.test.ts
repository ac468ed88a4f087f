/** The command line as scripts use it: a child process, its exit code, its two outputs and the files it leaves. */
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { here, inProcess, type Ended } from "./tfx.ts";
import { readNpy, writeNpy, type NpyData, type NpyType } from "../../src/npy/npy.ts";

const GOOD = `/// Scales the rows.
kernel scale<T: f32 | f16>(x: T[t: N, d: D], g: T[d], by: f32 = 2, static add: f32 = 0) -> y: T[t, d] {
  y = x * g * by + add
}
`;
const BAD = "kernel bad(x: f32[t: N]) -> y: f32[t] {\n  y = z + x\n}\n";

let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "tfx-cli-"));
  writeFileSync(join(folder, "good.tfx"), GOOD);
  writeFileSync(join(folder, "bad.tfx"), BAD);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** In this process; `alone` in one of its own, once a command. */
const tfx = (args: readonly string[]): Promise<Ended> => here(folder, args);
const alone = (args: readonly string[], input?: string, env?: NodeJS.ProcessEnv): Ended =>
  inProcess(folder, args, input, env);

const save = (name: string, dtype: NpyType, shape: readonly number[], data: NpyData): void =>
  writeFileSync(join(folder, name), writeNpy({ dtype, shape, data }));

describe("check", () => {
  test("is silent on stdout and ends with 0 for a good file", async () => {
    expect(alone(["check", "good.tfx"])).toEqual({ code: 0, out: "", err: "no errors\n" });
  });

  test("names file, line and column", async () => {
    const { code, out, err } = await tfx(["check", "good.tfx", "bad.tfx"]);
    expect({ code, out }).toEqual({ code: 1, out: "" });
    expect(err).toContain("error[TFX2001]: unknown name `z`\n  --> bad.tfx:2:7\n");
    expect((await tfx(["check", join(folder, "bad.tfx")])).err).toContain(`--> ${join(folder, "bad.tfx")}:2:7`);
  });

  test("--format json and github are for machines", async () => {
    const json = await tfx(["check", "--format", "json", "bad.tfx"]);
    expect(json.code).toBe(1);
    expect(JSON.parse(json.out)).toMatchObject({
      code: "TFX2001",
      severity: "error",
      file: "bad.tfx",
      line: 2,
      column: 7,
    });
    expect((await tfx(["check", "--format", "github", "bad.tfx"])).out).toMatch(/^::error file=bad\.tfx,line=2,col=7,/);
  });

  test("reports nonsense without crashing", async () => {
    writeFileSync(join(folder, "nonsense.tfx"), 'kernel ((([[[ \uFFFF let ! λ 12x "...');
    expect((await tfx(["check", "nonsense.tfx"])).code).toBe(1);
    // With a zero byte it is no text at all.
    writeFileSync(join(folder, "binary.tfx"), Buffer.from("kernel ((( \u0000", "utf8"));
    const binary = await tfx(["check", "binary.tfx"]);
    expect([binary.code, binary.err.trim().split("\n").length]).toEqual([2, 1]);
  });
});

describe("usage", () => {
  test.each([
    [["chek"], "Did you mean check?"],
    [["check"], "missing required argument"],
    [["check", "missing.tfx"], "missing.tfx: no such file"],
    [["check", "."], ".: not a file"],
    [["check", "good.tfx", "--format", "xml"], "Allowed choices are pretty, json, github"],
    [["run", "good.tfx", "--set", "by"], 'expected NAME=VALUE, found "by"'],
    [["run", "good.tfx", "--set", "byy=1"], "--set byy: no such name; did you mean `by`?"],
    [["run", "good.tfx", "--set", "by=x"], "by=x: not a number"],
    [["run", "good.tfx", "--set", "add=1"], "--set add: a static parameter; give its value with --static"],
    [["run", "good.tfx", "--dim", "N=1.5"], "N=1.5: a size is a whole number"],
    [["run", "good.tfx", "--type", "T=i8"], "--type T=i8: T may be f32 or f16"],
    [["run", "good.tfx"], "no data for x, g: give --input x=FILE.npy, or --random SEED"],
    [["run", "good.tfx", "--kernel", "scal", "--random", "1"], ""],
    [["explain", "TFX9876"], "no such name"],
  ])("%j", async (args, message) => {
    const { code, err } = await tfx(args);
    expect(err).toContain(message);
    expect(code).toBe(args.includes("scal") ? 1 : 2);
  });

  test("--help and --version are no mistakes", async () => {
    expect(alone(["--help"])).toMatchObject({ code: 0, err: "" });
    expect((await tfx(["run", "--help"])).out).toContain("--adapter <name>");
    expect(alone(["--version"]).out).toMatch(/^\d+\.\d+\.\d+\n$/);
  });
});

test("list gives kernels and their signatures", async () => {
  const signature =
    "kernel scale<T: f32 | f16>(x: T[t: N, d: D], g: T[d], by: f32 = 2, static add: f32 = 0) -> y: T[t, d]";
  expect(alone(["list", "good.tfx"])).toEqual({ code: 0, out: `/// Scales the rows.\n${signature}\n\n`, err: "" });
  expect(JSON.parse((await tfx(["list", "good.tfx", "--json"])).out)).toEqual([
    { name: "scale", doc: "Scales the rows.", signature },
  ]);
});

test("explain tells what a code means", async () => {
  expect(alone(["explain", "tfx2001"])).toMatchObject({ code: 0, err: "" });
  expect((await tfx(["explain", "tfx2001"])).out).toMatch(/^TFX2001: .+\n\n.+/);
});

describe("explain --print-after", () => {
  test("prints a pass as it ends: of a kernel that a later one refuses too", async () => {
    writeFileSync(
      join(folder, "refused.tfx"),
      "kernel inside(q: f32[i: N, d: D], k: f32[j: M, d: D]) -> o: f32[i] {\n  o = sum[j](kth_largest[d](q * k, 2))\n}\n",
    );
    const after = (pass: string): Promise<Ended> =>
      tfx(["explain", "refused.tfx", "--dim", "D=4", "--print-after", pass]);
    const prepared = await after("prepare");
    expect([prepared.code, prepared.out.split("\n")[0]]).toEqual([1, "graph inside"]);
    expect(prepared.err).toContain("error[TFX3001]");
    expect(await after("tile")).toEqual({ ...prepared, out: "" });
    expect((await after("all")).out.match(/^\/\/ ---- .* ----$/gm)).toEqual(
      ["parse", "check", "graph", "prepare", "chunks", "kernels", "parts", "schedules", "base2"].map(
        (p) => `// ---- ${p} ----`,
      ),
    );
  });

  test("prints nothing twice where a size was not given, and what was parsed where a name is unknown", async () => {
    writeFileSync(
      join(folder, "asks.tfx"),
      "kernel asks(x: f32[i: N, d: D], w: f32[j: M, d: D]) -> y: f32[i, j] {\n  y = softmax[j](sum[d](x * w))\n}\n",
    );
    expect((await tfx(["explain", "asks.tfx", "--print-after", "graph"])).out.match(/^graph/gm)).toHaveLength(1);
    expect(await tfx(["explain", "bad.tfx", "--print-after", "ast"])).toMatchObject({ code: 1, out: BAD });
  });
});

test("fmt lays out in place, checks, and filters stdin", async () => {
  const file = join(folder, "loose.tfx");
  const loose = "kernel f(x:f32[t:N])->y:f32[t]{y=x*2}";
  writeFileSync(file, loose);
  expect(await tfx(["fmt", "--check", "loose.tfx"])).toEqual({ code: 1, out: "loose.tfx\n", err: "" });
  expect(readFileSync(file, "utf8")).toBe(loose);
  expect(await tfx(["fmt", "loose.tfx"])).toEqual({ code: 0, out: "loose.tfx\n", err: "" });
  expect(await tfx(["fmt", "--check", "loose.tfx"])).toEqual({ code: 0, out: "", err: "" });
  expect(alone(["fmt", "-"], loose).out).toBe(readFileSync(file, "utf8"));
  expect(alone(["fmt", "-"], "kernel").code).toBe(1);
});

describe("compile", () => {
  const outputs = (out: string): readonly string[] =>
    existsSync(join(folder, out)) ? readdirSync(join(folder, out)).sort() : [];

  test("writes the kernel and its description", async () => {
    expect(alone(["compile", "good.tfx", "--kernel", "scale", "--dim", "D=64", "--out", "made"])).toMatchObject({
      code: 0,
      err: "",
    });
    expect(outputs("made")).toEqual(["scale.json", "scale.wgsl"]);
    expect(readFileSync(join(folder, "made/scale.wgsl"), "utf8")).toContain("@compute");
    const rest: unknown = JSON.parse(readFileSync(join(folder, "made/scale.json"), "utf8"));
    expect(rest).toMatchObject({ version: 1, kernel: "scale", constants: { D: 64 }, requires: { features: [] } });
    expect(rest).not.toHaveProperty("wgsl");
  });

  test("writes nothing when there is an error", async () => {
    writeFileSync(join(folder, "mixed.tfx"), GOOD + BAD);
    expect((await tfx(["compile", "mixed.tfx", "--dim", "D=64", "--out", "none"])).code).toBe(1);
    expect(outputs("none")).toEqual([]);
  });
});

describe("run", () => {
  const x = Float32Array.from({ length: 37 * 15 }, (_, i) => Math.sin(i));
  const g = Float32Array.from({ length: 15 }, (_, i) => i / 4 - 1);
  beforeAll(() => {
    save("x.npy", "float32", [37, 15], x);
    save("x64.npy", "float64", [37, 15], Float64Array.from(x));
    save("g.npy", "float32", [15], g);
    save("g16.npy", "float32", [16], new Float32Array(16));
    save("ints.npy", "int32", [37, 15], new Int32Array(37 * 15));
  });
  const inputs = ["--input", "x=x.npy", "--input", "g=g.npy"];

  test("reads .npy, writes .npy, checks", async () => {
    const { code, out } = alone([
      "run",
      "good.tfx",
      ...inputs,
      "--set",
      "by=3",
      "--static",
      "add=1",
      "--output",
      "y=y.npy",
      "--check",
    ]);
    expect(code).toBe(0);
    expect(out).toMatch(
      /^adapter {2}.+\nkernel {3}scale N=37 D=15\nplan {5}.+\nerror {4}y: .+: ok\nmemory {3}.+\ntime {5}.+\n$/,
    );
    const y = readNpy(new Uint8Array(readFileSync(join(folder, "y.npy"))));
    expect(y).toMatchObject({ dtype: "float32", shape: [37, 15] });
    const worst = x.reduce((max, v, i) => Math.max(max, Math.abs(v * (g[i % 15] ?? 0) * 3 + 1 - Number(y.data[i]))), 0);
    expect(worst).toBeLessThan(2e-6);
  });

  test("--json prints one object", async () => {
    const { code, out } = await tfx([
      "run",
      "good.tfx",
      "--input",
      "x=x64.npy",
      "--input",
      "g=g.npy",
      "--check",
      "--json",
    ]);
    expect(code).toBe(0);
    const result = JSON.parse(out) as Record<string, unknown>;
    expect(result).toMatchObject({
      kernel: "scale",
      sizes: { N: 37, D: 15 },
      adapter: expect.any(String),
      plan: expect.any(String),
    });
    expect(result["maxError"]).toBeLessThan(1e-5);
    expect(result["peakBytes"]).toBeGreaterThanOrEqual(result["ioBytes"] as number);
    expect(result["timeMs"]).toBeGreaterThan(0);
  });

  test("finds its adapter by itself, and takes subgroups away", async () => {
    const { VK_ICD_FILENAMES: _icd, LD_LIBRARY_PATH: _library, ...bare } = process.env;
    const ended = alone(
      ["run", "good.tfx", ...inputs, "--adapter", "cpu", "--subgroups", "off", "--check", "--json"],
      "",
      bare,
    );
    expect(ended.code).toBe(0);
    expect(ended.out).toContain("SwiftShader");
  });

  test("--random is the same for the same seed", async () => {
    const random = async (seed: string, out: string): Promise<Uint8Array> => {
      const sizes = ["--dim", "N=5", "--dim", "D=7"];
      expect((await tfx(["run", "good.tfx", "--random", seed, ...sizes, "--output", `y=${out}`, "--check"])).code).toBe(
        0,
      );
      return readFileSync(join(folder, out));
    };
    expect(await random("1", "r1.npy")).toEqual(await random("1", "r2.npy"));
    expect(await random("2", "r3.npy")).not.toEqual(await random("1", "r4.npy"));
  });

  test.each([
    [["--input", "x=x.npy", "--input", "g=g16.npy"], "dimension 1 of `g` (16), axis `d`: found 16, expected 15 = D"],
    [["--input", "x=g.npy", "--input", "g=g.npy"], "`x` has shape (15), expected 2 dimensions [t: N, d: D]"],
    [["--input", "x=ints.npy", "--input", "g=g.npy"], "expected floats for f32, found int32"],
    [["--input", "x=gone.npy", "--input", "g=g.npy"], "gone.npy: no such file"],
    [["--input", "x=good.tfx", "--input", "g=g.npy"], "not an .npy file"],
    [["--input", "x=x.npy", "--input", "g=g.npy", "--adapter", "no such GPU"], 'no adapter "no such GPU"'],
  ])("ends with 2 and writes nothing: %j", async (args, message) => {
    const { code, err } = await tfx(["run", "good.tfx", ...args, "--output", "y=never.npy"]);
    expect(err).toContain(message);
    expect(code).toBe(2);
    expect(existsSync(join(folder, "never.npy"))).toBe(false);
  });

  test("ends with 1 for a file with errors", async () => {
    expect(await tfx(["run", "bad.tfx", "--random", "1", "--dim", "N=3"])).toMatchObject({ code: 1, out: "" });
  });
});

test("jvp prints a kernel with its derivative, which compiles", async () => {
  const printed = alone(["jvp", "good.tfx", "--wrt", "x", "--out", "jvp.tfx"]);
  expect(printed).toEqual({ code: 0, out: "", err: "" });
  expect((await tfx(["check", "jvp.tfx"])).code).toBe(0);
  expect(await tfx(["jvp", "good.tfx", "--wrt", "z"])).toMatchObject({ code: 1, out: "" });
});

describe("grad", () => {
  test("prints a program, or writes it", async () => {
    const printed = alone(["grad", "good.tfx", "--wrt", "x,by"]);
    expect(printed).toMatchObject({ code: 0, err: "" });
    expect(printed.out).toContain("kernel scale_grad<T: f32 | f16>(");
    expect(printed.out).toContain("d_x = ");
    expect(printed.out).toContain("d_by = ");
    expect(await tfx(["grad", "good.tfx", "--wrt", "x,by", "--out", "grad.tfx"])).toEqual({
      code: 0,
      out: "",
      err: "",
    });
    expect(readFileSync(join(folder, "grad.tfx"), "utf8")).toBe(printed.out);
    expect(await tfx(["fmt", "--check", "grad.tfx"])).toMatchObject({ code: 0 });
    rmSync(join(folder, "grad.tfx"));
  });

  test("says what is wrong and writes nothing", async () => {
    const none = await tfx(["grad", "good.tfx", "--wrt", "z", "--out", "grad.tfx"]);
    expect(none).toMatchObject({ code: 1, out: "" });
    expect(none.err).toContain("TFX7002");
    expect(await tfx(["grad", "bad.tfx", "--out", "grad.tfx"])).toMatchObject({ code: 1, out: "" });
    expect(existsSync(join(folder, "grad.tfx"))).toBe(false);
  });
});
