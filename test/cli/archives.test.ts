/** `tfx run` on archives of tensors. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { arraysFile, openArrays } from "../../src/cli/arrays.ts";
import { collectFiles, NO_FILES } from "../../src/cli/options.ts";
import { readInputs } from "../../src/cli/tensors.ts";
import type { NpyArray } from "../../src/npy/npy.ts";
import { here } from "./tfx.ts";

const folder = mkdtempSync(join(tmpdir(), "tfx-archives-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("archives", () => {
  test("go in whole or by name, and results come out together", async () => {
    writeFileSync(
      join(folder, "two.tfx"),
      "kernel two(x: f32[t: N, d: D], g: f32[d]) -> (y: f32[t, d], m: f32[t]) {\n  y = x * g\n  m = max[d](y)\n}\n",
    );
    const x = { dtype: "float32", shape: [2, 3], data: Float32Array.of(1, 2, 3, 4, 5, 6) } as const;
    const g = { dtype: "float32", shape: [3], data: Float32Array.of(1, 0, -1) } as const;
    const all = new Map<string, NpyArray>([
      ["x", x],
      ["layer.g", g],
      ["other", g],
    ]);
    writeFileSync(join(folder, "in.npz"), arraysFile("npz", all));
    writeFileSync(join(folder, "in.safetensors"), arraysFile("safetensors", all));
    const run = (...words: readonly string[]) => here(folder, ["run", "two.tfx", "--adapter", "cpu", ...words]);
    const one = await run("--input", "in.npz", "--input", "g=in.safetensors:layer.g", "--output", "out.npz");
    const both = ["--output", "m=o.safetensors", "--output", "y=o.safetensors"];
    const other = await run("--input", "x=in.npz", "--input", "g=in.npz:other", ...both);
    expect([one.err, other.err, one.code, other.code]).toEqual(["", "", 0, 0]);
    for (const name of ["out.npz", "o.safetensors"]) {
      const { names, read: tensor } = openArrays(join(folder, name), "");
      expect([...(names ?? [])].sort()).toEqual(["m", "y"]);
      expect(Array.from(tensor("y").data, Number).map((n) => n + 0)).toEqual([1, 0, -3, 4, 0, -6]);
      expect(Array.from(tensor("m").data, Number)).toEqual([1, 4]);
    }
  });

  test("what does not fit is told, and nothing is written", async () => {
    const wrong = (...words: readonly string[]): string => {
      let given = NO_FILES;
      try {
        for (const w of words)
          given = collectFiles(w.startsWith("in.") ? join(folder, w) : w.replace("=", `=${folder}/`), given);
        readInputs(given, ["x", "g"]);
        return "";
      } catch (error) {
        return (error as Error).message.replaceAll(`${folder}/`, "");
      }
    };
    expect(wrong("g=in.npz")).toBe(
      "--input g: in.npz has no tensor g; it has x, layer.g, other; give --input g=in.npz:NAME",
    );
    expect(wrong("g=in.npz:h")).toBe("--input g: in.npz has no tensor h; it has x, layer.g, other");
    expect(wrong("in.npz", "x=in.npz")).toBe("x is given twice");
    expect(wrong("in.npz", "in.npz")).toBe("in.npz is given twice");
    expect(wrong("in.npy")).toBe('expected NAME=VALUE, found "in.npy"');
    expect(wrong("in.none.npz")).toBe("--input in.none.npz: no such file");
    expect(
      await here(folder, ["run", "two.tfx", "--input", "in.npz", "--output", "in.npz", "--random", "1"]),
    ).toMatchObject({
      code: 2,
      err: "tfx: --output y=in.npz: this run reads it\n",
    });
  });
});
