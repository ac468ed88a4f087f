/** Against files that NumPy 2.4 wrote (`files/`). */
import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { fromStorage, pack, toStorage, unpack } from "../../src/npy/convert.ts";
import { readNpy, writeNpy, type NpyArray } from "../../src/npy/npy.ts";

const bytes = (name: string): Uint8Array =>
  new Uint8Array(readFileSync(new URL(`./files/${name}.npy`, import.meta.url)));
const load = (name: string): NpyArray => readNpy(bytes(name));
const sevenths = [0, 1, 2, 3, 4, 5].map((x) => x / 7);

describe("reading", () => {
  test.each([
    ["float64", new Float64Array(sevenths), [2, 3]],
    ["float32", new Float32Array(sevenths), [2, 3]],
    ["float16", new Float16Array(sevenths), [2, 3]],
    ["int64", new BigInt64Array([-3n, 2147483647n]), [2]],
    ["int8", new Int8Array([-128, 127]), [2]],
    ["uint8", new Uint8Array([0, 255]), [2]],
    ["uint32", new Uint32Array([4294967295]), [1]],
    ["bool", new Uint8Array([1, 0, 1]), [3]],
  ])("%s", (name, data, shape) => {
    expect(load(name)).toEqual({ dtype: name, shape, data });
  });

  test("a scalar, an empty array, version 2, Fortran order", () => {
    expect(load("scalar")).toEqual({ dtype: "float32", shape: [], data: new Float32Array([2.5]) });
    expect(load("empty")).toEqual({ dtype: "float32", shape: [0, 4], data: new Float32Array(0) });
    expect(load("version2").data).toEqual(new Int32Array([1, 2]));
    expect(load("fortran")).toEqual({
      dtype: "int32",
      shape: [2, 3, 4],
      data: Int32Array.from({ length: 24 }, (_, i) => i),
    });
  });

  test.each([
    ["big-endian", 'big-endian arrays (>f4) are not supported; convert with .astype("<f4")'],
    ["structured", "structured arrays are not supported"],
    ["complex", "element type <c8 is not supported"],
  ])("refuses %s", (name, message) => {
    expect(() => load(name)).toThrow(message);
  });

  test("refuses what is cut short or no .npy file at all", () => {
    const whole = bytes("float32");
    expect(() => readNpy(whole.subarray(0, whole.length - 1))).toThrow(
      "shape (2, 3) of float32 needs 24 bytes, the file has 23",
    );
    expect(() => readNpy(whole.subarray(0, 40))).toThrow("the file ends inside its header");
    expect(() => readNpy(new TextEncoder().encode("1,2,3\n4,5,6\n"))).toThrow("not an .npy file");
    expect(() => readNpy(whole.with(6, 9))).toThrow("version 9");
  });
});

describe("writing", () => {
  test.each(["float64", "float32", "float16", "int64", "int8", "uint8", "uint32", "bool", "scalar", "empty"])(
    "gives the bytes that NumPy gives: %s",
    (name) => {
      expect(writeNpy(load(name))).toEqual(bytes(name));
    },
  );

  test("reads back what it wrote", () => {
    const shapes = fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 5 });
    fc.assert(
      fc.property(shapes, (shape) => {
        const length = shape.reduce((a, b) => a * b, 1);
        const array: NpyArray = { dtype: "float32", shape, data: Float32Array.from({ length }, Math.sin) };
        const file = writeNpy(array);
        expect((file.length - array.data.byteLength) % 64).toBe(0);
        expect(readNpy(file)).toEqual(array);
      }),
    );
  });

  test("refuses a shape that does not fit", () => {
    expect(() => writeNpy({ dtype: "float32", shape: [2, 2], data: new Float32Array(3) })).toThrow(
      "does not fit 3 elements",
    );
  });
});

describe("conversion", () => {
  test("rounds floats", () => {
    expect(toStorage(load("float64"), "f32")).toEqual(new Float32Array(sevenths));
    expect(toStorage(load("float16"), "f32")).toEqual(new Float32Array(new Float16Array(sevenths)));
    expect(toStorage(load("float32"), "f16")).toEqual(new Float16Array(sevenths));
  });

  test("takes integers that fit", () => {
    expect(toStorage(load("int64"), "i32")).toEqual(new Int32Array([-3, 2147483647]));
    expect(() => toStorage(load("int64-large"), "i32")).toThrow("1099511627776 at [1, 0] does not fit i32");
    expect(() => toStorage(load("uint8"), "u4")).toThrow("255 at [1] does not fit u4 (0 to 15)");
  });

  test("does not mix kinds", () => {
    expect(() => toStorage(load("float32"), "i32")).toThrow("expected integers for i32, found float32");
    expect(() => toStorage(load("uint8"), "f32")).toThrow("expected floats for f32, found uint8");
    expect(() => toStorage(load("bool"), "i32")).toThrow("expected integers for i32, found bool");
  });

  test("bool is u32 inside, bytes outside", () => {
    const stored = toStorage(load("bool"), "bool");
    expect(stored).toEqual(new Uint32Array([1, 0, 1]));
    expect(writeNpy(fromStorage(stored, [3], "bool"))).toEqual(bytes("bool"));
  });

  test("packs nibbles low first", () => {
    expect(pack(new Int8Array([1, -1, -8]), "i4")).toEqual(new Uint8Array([0xf1, 0x08]));
    expect(unpack(new Uint8Array([0xf1, 0x08]), "i4", 3)).toEqual(new Int8Array([1, -1, -8]));
    expect(unpack(new Uint8Array([0xf1]), "u4", 2)).toEqual(new Uint8Array([1, 15]));
  });
});
