/** `.npz` and `.safetensors` against files that NumPy 2.4 and Python's struct and json wrote, and NumPy reads what is written here. */
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inflateRawSync } from "node:zlib";
import fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import { openArrays } from "../../src/cli/arrays.ts";
import { readNpy, writeNpy, type NpyArray } from "../../src/npy/npy.ts";
import { safetensorsEntries, safetensorsHeader, writeSafetensors } from "../../src/npy/safetensors.ts";
import { readZip, writeZip } from "../../src/npy/zip.ts";

const FILES = "test/npy/files";
const folder = mkdtempSync(join(tmpdir(), "tfx-archives-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const inflate = (bytes: Uint8Array): Uint8Array => inflateRawSync(bytes);
const q = Float32Array.from([0, 1, 2, 3, 4, 5], (x) => x / 7);
const Q: NpyArray = { dtype: "float32", shape: [2, 3], data: q };
const K: NpyArray = { dtype: "int64", shape: [4], data: BigInt64Array.of(-2n, -1n, 0n, 1n) };

describe("reading", () => {
  test.each(["stored", "deflated"])("%s.npz", (name) => {
    const { names, read } = openArrays(`${FILES}/${name}.npz`, "");
    expect(names).toEqual(name === "stored" ? ["q", "k"] : ["q", "k", "big"]);
    expect([read("q"), read("k")]).toEqual([Q, K]);
    if (name === "deflated")
      expect(read("big")).toEqual({ dtype: "float16", shape: [50, 50], data: new Float16Array(2500) });
  });

  test("mixed.safetensors", () => {
    const { names, read } = openArrays(`${FILES}/mixed.safetensors`, "");
    expect(names).toEqual(["q", "layer.0.k", "half", "brain", "eight", "flag", "none"]);
    expect([read("q"), read("layer.0.k")]).toEqual([Q, K]);
    expect(read("half")).toEqual({ dtype: "float16", shape: [2, 3], data: Float16Array.from(q) });
    const upper = new Uint32Array(q.slice().buffer).map((n) => n & 0xffff0000);
    expect(read("brain")).toEqual({ dtype: "float32", shape: [2, 3], data: new Float32Array(upper.buffer) });
    expect(read("flag")).toEqual({ dtype: "bool", shape: [3], data: Uint8Array.of(1, 0, 1) });
    expect(read("none")).toEqual({ dtype: "float32", shape: [0, 4], data: new Float32Array() });
    expect(() => read("eight")).toThrow("eight: element type F8_E4M3 is not supported; use one of F64, F32, F16, BF16");
  });
});

describe("broken files are told, whatever bytes they have", () => {
  const zip = new Uint8Array(readFileSync(`${FILES}/deflated.npz`));
  const safe = new Uint8Array(readFileSync(`${FILES}/mixed.safetensors`));

  test.each([
    ["cut.npz", zip.slice(0, -30), "not a whole ZIP archive (its directory is not there)"],
    ["text.npz", new TextEncoder().encode("hello"), "not a whole ZIP archive (its directory is not there)"],
    ["cut.safetensors", safe.slice(0, 5), "not a safetensors file (shorter than 8 bytes)"],
    [
      "text.safetensors",
      new TextEncoder().encode("hello world"),
      "not a safetensors file (the length of its header does not fit)",
    ],
    ["short.safetensors", safe.slice(0, -1), "flag: its bytes lie outside of the file"],
  ])("%s", (name, bytes, message) => {
    writeFileSync(join(folder, name), bytes);
    expect(() => openArrays(join(folder, name), "--input ")).toThrow(`--input ${join(folder, name)}: `);
    expect(() => openArrays(join(folder, name), "")).toThrow(message);
  });

  test("a bit that has changed does not go through", () => {
    fc.assert(
      fc.property(fc.nat(zip.length - 1), fc.integer({ min: 1, max: 255 }), (at, change) => {
        const bytes = zip.slice();
        bytes[at] = (bytes[at] ?? 0) ^ change;
        try {
          const { names, read } = readZip(bytes, inflate);
          for (const name of names) expect([6, 4, 2500]).toContain(readNpy(read(name)).data.length);
        } catch (error) {
          expect((error as Error).name).toBe("NpyError");
        }
      }),
      { numRuns: 300 },
    );
  });

  test("headers of safetensors", () => {
    const entries = (text: string) => safetensorsEntries(new TextEncoder().encode(text), 1000);
    expect(() => entries("[]")).toThrow("its header is no object");
    expect(() => entries("{")).toThrow("its header is not JSON");
    expect(() => entries('{"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}}')).toThrow(
      "a: dtype, shape or data_offsets",
    );
    expect(() => entries('{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,0]}}')).toThrow("a: its bytes lie outside");
    expect(() => entries('{"a":null}')).toThrow("a: dtype, shape or data_offsets");
    expect(safetensorsHeader(Uint8Array.of(2, 0, 0, 0, 0, 0, 0, 0), 10)).toBe(2);
  });
});

describe("writing", () => {
  const arrays = new Map<string, NpyArray>([
    ["flag", { dtype: "bool", shape: [3], data: Uint8Array.of(1, 0, 1) }],
    ["q", Q],
    ["k", K],
    ["ö", { dtype: "float16", shape: [], data: Float16Array.of(2.5) }],
  ]);
  const npz = (): Uint8Array => writeZip([...arrays].map(([n, a]) => ({ name: `${n}.npy`, bytes: writeNpy(a) })));

  test("what is written is read again", () => {
    writeFileSync(join(folder, "a.npz"), npz());
    writeFileSync(join(folder, "a.safetensors"), writeSafetensors(arrays));
    for (const name of ["a.npz", "a.safetensors"]) {
      const { read } = openArrays(join(folder, name), "");
      expect([...arrays.keys()].map((n) => read(n))).toEqual([...arrays.values()]);
    }
  });

  test("tensors lie at multiples of their elements", () => {
    const bytes = writeSafetensors(arrays);
    const entries = safetensorsEntries(bytes.slice(8, 8 + safetensorsHeader(bytes, bytes.length)), bytes.length);
    const odd = [...arrays].filter(([name, a]) => (entries.get(name)?.begin ?? 1) % a.data.BYTES_PER_ELEMENT !== 0);
    expect(odd).toEqual([]);
  });

  test("NumPy and Python read it", (context) => {
    if (spawnSync("python3", ["-c", "import numpy"]).status !== 0) return context.skip("no Python with NumPy");
    writeFileSync(join(folder, "b.npz"), npz());
    writeFileSync(join(folder, "b.safetensors"), writeSafetensors(arrays));
    const program = `
import numpy as np, struct, json
z = np.load("b.npz")
print(sorted(z.files), z["q"].tolist() == (np.arange(6, dtype=np.float32).reshape(2, 3) / np.float32(7)).tolist(), z["k"].tolist(), z["flag"].tolist(), z["ö"].item())
b = open("b.safetensors", "rb").read(); n, = struct.unpack("<Q", b[:8]); h = json.loads(b[8:8+n]); s, e = h["k"]["data_offsets"]
print(sorted(h), h["q"]["shape"], np.frombuffer(b[8+n+s:8+n+e], np.int64).tolist())
`;
    expect(
      execFileSync("python3", ["-c", program], {
        cwd: folder,
        encoding: "utf8",
        env: { ...process.env, PYTHONIOENCODING: "utf8" },
      }),
    ).toBe(
      "['flag', 'k', 'q', 'ö'] True [-2, -1, 0, 1] [True, False, True] 2.5\n['flag', 'k', 'q', 'ö'] [2, 3] [-2, -1, 0, 1]\n",
    );
  });
});
