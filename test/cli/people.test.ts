/** The command line as people use it: what it asks for, what it makes, what it says of files that are none. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

const TFX = resolve("bin/tfx.js");
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

const tfx = (args: readonly string[], input = ""): { code: number | null; out: string; err: string } => {
  const child = spawnSync(process.execPath, [TFX, ...args], {
    cwd: folder,
    encoding: "utf8",
    input,
    env: { ...process.env, NO_COLOR: "1" },
  });
  return { code: child.status, out: child.stdout, err: child.stderr };
};
const read = (name: string): string => readFileSync(join(folder, name), "utf8");

describe("compile --emit ts", () => {
  test("writes a module and its shader", () => {
    expect(tfx(["compile", "good.tfx", "--emit", "ts", "--out", "made"])).toEqual({
      code: 0,
      out: "made/scale.wgsl\nmade/scale.ts\n",
      err: "",
    });
    expect(read("made/scale.ts")).toContain("export const createScale = async (device: GPUDevice)");
    expect(read("made/scale.ts")).toContain("// Written by `tfx compile --emit ts` from good.tfx");
    expect(read("made/scale.wgsl")).toContain("@compute");
    expect(tfx(["compile", "good.tfx", "--emit", "js"]).code).toBe(2);
  });
});
