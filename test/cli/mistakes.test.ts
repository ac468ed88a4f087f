/** What goes wrong in `tfx run` and is the user's to mend: one line that names it, exit code 2 (1 for the device), no file. */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { DeviceError, exhausted, onDevice } from "../../src/cli/errors.ts";
import { here, type Ended } from "./tfx.ts";
import { readNpy, writeNpy, type NpyData, type NpyType } from "../../src/npy/npy.ts";

const SCALE = `kernel scale<T: f32 | f16>(x: T[t: N, d: D], g: T[d], by: f32 = 2, w: i32 = 1, on: bool = true, static add: f32 = 0) -> y: T[t, d] {
  y = if on then x * g * by + add else w
}
`;
const TWO =
  "kernel a(x: f32[t: N]) -> y: f32[t] {\n  y = x\n}\nkernel b(x: f32[t: N]) -> (y: f32[t], z: f32[t]) {\n  y = x\n  z = 2 * x\n}\n";
const POWERS = "kernel powers(x: f32[t: N], static w: i32 = 4) -> y: f32[t, u: w] {\n  y = x ** u\n}\n";
const STEPS = "kernel steps(x: f32[t: N], w: i32 = 4) -> y: f32[t, u: 2 * w - 1] {\n  y = x + u\n}\n";
const ROWS = "kernel rows(x: f32[t: N, u: w], static w: i32 = 4) -> y: f32[t] {\n  y = sum[u](x)\n}\n";

let folder = "";
const put = (name: string, content: string | Uint8Array): void => writeFileSync(join(folder, name), content);
const save = (name: string, dtype: NpyType, shape: readonly number[], data: NpyData): void =>
  put(name, writeNpy({ dtype, shape, data }));
/** A file with another header: `"'<f4'" -> "'>f4'"`. */
const forge = (name: string, from: string, to: string): void =>
  put(name, Buffer.from(readFileSync(join(folder, "x.npy")).toString("latin1").replace(from, to), "latin1"));

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "tfx-mistakes-"));
  for (const [name, text] of Object.entries({ scale: SCALE, two: TWO, powers: POWERS, steps: STEPS, rows: ROWS }))
    put(`${name}.tfx`, text);
  const x = Float32Array.from({ length: 6 }, (_, i) => i + 1);
  save("x.npy", "float32", [2, 3], x);
  save("g.npy", "float32", [3], x.subarray(0, 3));
  save("g4.npy", "float32", [4], x.subarray(0, 4));
  save("flat.npy", "float32", [6], x);
  save("scalar.npy", "float32", [], x.subarray(0, 1));
  save("ints.npy", "int32", [2, 3], new Int32Array(6));
  put("short.npy", readFileSync(join(folder, "x.npy")).subarray(0, -4));
  put("empty.npy", "");
  forge("big-endian.npy", "<f4", ">f4");
  forge("complex.npy", "<f4", "<c8");
  forge("objects.npy", "<f4", "|O8");
  mkdirSync(join(folder, "folder"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const tfx = (...args: readonly string[]): Promise<Ended> => here(folder, args);

const files = (): readonly string[] => readdirSync(folder, { recursive: true, encoding: "utf8" }).sort();
const X = "-i x=x.npy -i g=g.npy";

describe("is told in one line", () => {
  test.each([
    // Sizes
    ["scale.tfx --random 1 -d N=200000000 -d D=3", "`x` [t: 200000000, d: 3] needs 2400000000 bytes, but a buffer of "],
    ["scale.tfx --random 1 -d N=99999999999 -d D=3", "N=99999999999: a size is at most 2147483647"],
    ["scale.tfx --random 1 -d N=-1 -d D=3", "N=-1: a size is a whole number"],
    ["scale.tfx --random 1 -d N=three -d D=3", "N=three: a size is a whole number"],
    ["scale.tfx --random 1 -d M=3", "--dim M: no such name; sizes: N, D"],
    [`scale.tfx ${X} -d N=5`, "dimension 1 of `x` (2, 3), axis `t`: found 2, expected 5 = N"],
    ["scale.tfx -i x=x.npy -i g=g4.npy", "dimension 1 of `g` (4), axis `d`: found 4, expected 3 = D"],
    ["scale.tfx -i x=flat.npy -i g=g.npy", "`x` has shape (6), expected 2 dimensions [t: N, d: D]"],
    ["scale.tfx -i x=scalar.npy -i g=g.npy", "`x` has shape (), expected 2 dimensions [t: N, d: D]"],
    ["powers.tfx -i x=flat.npy --static w=-1", "axis `u` of `y`: w = -1; a size is a whole number >= 0"],
    [
      "steps.tfx -i x=flat.npy --set w=0",
      "axis `u` of `y`: (2 * w) - 1 is -1 with w = 0; a size is a whole number >= 0",
    ],
    ["rows.tfx -i x=x.npy", "dimension 2 of `x` (2, 3), axis `u`: found 3, expected 4 = w"],
    [
      "scale.tfx --random 1 -d N=2 -d D=3 --type T=f16 --target f16 --adapter swiftshader",
      'the plan for f16 cannot run on SwiftShader driver 5.0.0: the feature "shader-f16" is missing',
    ],
    // Inputs
    ["gone.tfx", "gone.tfx: no such file"],
    ["scale.tfx -i x=gone.npy -i g=g.npy", "--input x: gone.npy: no such file"],
    ["scale.tfx -i x= -i g=g.npy", "--input x: no file name"],
    ["scale.tfx -i x=folder -i g=g.npy", "--input x: folder: a folder, not a file"],
    [
      "scale.tfx -i x=short.npy -i g=g.npy",
      "--input x: short.npy: shape (2, 3) of float32 needs 24 bytes, the file has 20",
    ],
    ["scale.tfx -i x=empty.npy -i g=g.npy", "--input x: empty.npy: not an .npy file"],
    [
      "scale.tfx -i x=big-endian.npy -i g=g.npy",
      "--input x: big-endian.npy: big-endian arrays (>f4) are not supported",
    ],
    [
      "scale.tfx -i x=complex.npy -i g=g.npy",
      "--input x: complex.npy: element type <c8 is not supported; use one of float16,",
    ],
    ["scale.tfx -i x=objects.npy -i g=g.npy", "--input x: objects.npy: element type |O8 is not supported"],
    ["scale.tfx -i x=ints.npy -i g=g.npy", "--input x: expected floats for f32, found int32"],
    ["scale.tfx -i z=x.npy", "--input z: no such name; inputs: x, g"],
    // Names and values
    ["two.tfx -i x=flat.npy", "two.tfx has several kernels; choose one with --kernel: a, b"],
    [`scale.tfx ${X} --type U=f16`, "--type U: no such name; type variables: T"],
    [`scale.tfx ${X} --type T=f64`, "--type T=f64: T may be f32 or f16"],
    [`scale.tfx ${X} --set add=1`, "--set add: a static parameter; give its value with --static"],
    [`scale.tfx ${X} --static by=1`, "--static by: not a static parameter; give its value with --set"],
    [`scale.tfx ${X} --set w=2.5`, "--set w=2.5: `w` is of type i32, a whole number from -2147483648 to 2147483647"],
    [`scale.tfx ${X} --set on=7`, "--set on=7: `on` is a bool, true or false"],
    [`scale.tfx ${X} --set by=1e39`, "--set by=1e+39: too large for f32"],
    // Outputs
    [`scale.tfx ${X} -o z=z.npy`, "--output z: no such name; results: y"],
    [`scale.tfx ${X} -o y=`, "--output y=: no file name"],
    [`scale.tfx ${X} -o y=folder`, "--output y=folder: folder is a folder"],
    [`scale.tfx ${X} -o y=x.npy/y.npy`, "x.npy is not a folder"],
    [`scale.tfx ${X} -o y=./x.npy`, "--output y=./x.npy: this run reads it"],
    [`scale.tfx ${X} -o y=scale.tfx`, "--output y=scale.tfx: this run reads it"],
    ["two.tfx -k b -i x=flat.npy -o y=o.npy -o z=./o.npy", "--output z=./o.npy: `y` goes there"],
  ])("run %s", async (args, message) => {
    const before = files();
    const { code, out, err } = await tfx("run", ...args.split(" "));
    expect(err).toContain(message);
    expect(err.trimEnd().split("\n")).toHaveLength(1);
    expect(out).toBe("");
    expect(code).toBe(/bytes, but|cannot run/.test(message) ? 1 : 2);
    expect(files()).toEqual(before);
  });

  test("compile into what is no folder", async () => {
    const before = files();
    const { code, err } = await tfx("compile", "powers.tfx", "--out", "x.npy");
    expect({ code, lines: err.trimEnd().split("\n").length }).toEqual({ code: 2, lines: 1 });
    expect(err).toMatch(/^tfx: cannot write x\.npy[/\\]powers\.wgsl: .*x\.npy is not a folder\n$/);
    expect(files()).toEqual(before);
  });
});

describe("is no mistake", () => {
  const result = async (
    args: string,
  ): Promise<{ readonly shape: readonly number[]; readonly data: readonly number[] }> => {
    const { code, err } = await tfx("run", ...args.split(" "), "-o", "y=new/y.npy", "--check");
    expect({ code, err }).toEqual({ code: 0, err: "" });
    const { shape, data } = readNpy(new Uint8Array(readFileSync(join(folder, "new/y.npy"))));
    return { shape, data: Array.from(data, Number) };
  };

  test("a static parameter as a size of a result, by its default and given", async () => {
    const { shape, data } = await result("powers.tfx -i x=flat.npy");
    expect(shape).toEqual([6, 4]);
    data.forEach((value, at) => expect(value).toBeCloseTo((Math.floor(at / 4) + 1) ** (at % 4), 2));
    expect(await result("powers.tfx -i x=flat.npy --static w=1")).toEqual({ shape: [6, 1], data: [1, 1, 1, 1, 1, 1] });
  });

  test("a parameter of the run as a size", async () => {
    const { shape, data } = await result("steps.tfx -i x=flat.npy --set w=2");
    expect(shape).toEqual([6, 3]);
    expect(data.slice(0, 6)).toEqual([1, 2, 3, 2, 3, 4]);
  });

  test("a static parameter as a size of an input", async () => {
    expect(await result("rows.tfx -i x=x.npy --static w=3")).toEqual({ shape: [2], data: [6, 15] });
  });

  test.each([
    ["N=0", "D=3"],
    ["N=2", "D=0"],
  ])("an axis without elements: %s %s", async (...sizes) => {
    const { code, err } = await tfx("run", "scale.tfx", "--random", "1", ...sizes.flatMap((s) => ["-d", s]), "--check");
    expect({ code, err }).toEqual({ code: 0, err: "" });
  });

  test("Fortran order", async () => {
    forge("fortran.npy", "'fortran_order': False, ", "'fortran_order': True,  ");
    expect((await result("scale.tfx -i x=fortran.npy -i g=g.npy")).data).toEqual([2, 12, 30, 4, 16, 36]);
  });
});

describe("what a device does", () => {
  test("becomes a line of its own", async () => {
    const lost = onDevice("`k` did not run", () =>
      Promise.reject(new Error("the GPU device was lost (unknown): hung\nmore")),
    );
    await expect(lost).rejects.toThrow(new DeviceError("`k` did not run: the GPU device was lost (unknown): hung"));
    await expect(lost).rejects.toBeInstanceOf(DeviceError);
  });

  test("is told apart from mistakes of TFX", async () => {
    await expect(onDevice("k", () => Promise.reject(new TypeError("x is undefined")))).rejects.toBeInstanceOf(
      TypeError,
    );
    const failed = (reason: string): Error =>
      Object.assign(new Error("out of registers"), { name: "GPUPipelineError", reason });
    expect([
      exhausted(failed("internal")),
      exhausted(failed("validation")),
      exhausted(new RangeError("Array buffer allocation failed")),
    ]).toEqual(["the driver gives up: out of registers", null, "this machine has no memory for data of these sizes"]);
    expect(exhausted(undefined)).toBe(null);
  });
});
