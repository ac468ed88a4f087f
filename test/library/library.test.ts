/** The whole library, kernel by kernel: the tile program, evaluated in f64, against the interpreter of the checked program. */
import { describe, expect, test } from "vitest";
import { evaluateTile } from "../../src/ir/tile/eval.ts";
import { verifyTile } from "../../src/ir/tile/verify.ts";
import { evalSize } from "../../src/base/size.ts";
import { measure } from "../../src/meaning/interpret.ts";
import type { Compiled } from "../../src/compile.ts";
import type { Target } from "../../src/base/target.ts";
import type { TilesSchedule } from "../../src/ir/schedule/schedule.ts";
import { randomFrom } from "../numeric/harness.ts";
import { wherever } from "../property/schedules.ts";
import { compileKernel, libraryKernels, targetOf, tinySizes, toldOf, type LibraryKernel } from "./entries.ts";

const KERNELS = libraryKernels();
type Data = { readonly tensors: Record<string, number[]>; readonly scalars: Record<string, number> };

/** Floats about 0, small integers that are mostly in range, scalars about 1. */
const dataOf = (compiled: Compiled, sizes: Readonly<Record<string, number>>): Data => {
  const random = randomFrom(7);
  const one = (dtype: string): number => {
    const x = random();
    if (dtype === "bool") return Number(x < 0.5);
    if (dtype !== "f32" && dtype !== "f16") return Math.floor(x * 4);
    return dtype === "f16" ? Math.f16round(3 * x - 1.5) : Math.fround(3 * x - 1.5);
  };
  const tensors = Object.fromEntries(
    compiled.artifact.tensors
      .filter((t) => t.role === "input")
      .map((t) => {
        const count = t.dims.reduce((n, d) => n * evalSize(d.extent, (s) => sizes[s] ?? 0), 1);
        return [t.name, Array.from({ length: count }, () => one(t.dtype))];
      }),
  );
  const scalars = Object.fromEntries(
    compiled.graph.scalars.map((s) => [s.name, s.ty === "f32" ? 0.75 : s.ty === "i32" ? 3 : 1]),
  );
  return { tensors, scalars };
};

/** Small integers as the words that are bound, the first one in the low bits. */
const packed = (dtype: string, values: readonly number[]): readonly number[] => {
  const each = dtype === "i8" || dtype === "u8" ? 4 : dtype === "i4" || dtype === "u4" ? 8 : 1;
  if (each === 1) return values;
  const bits = 32 / each;
  return Array.from({ length: Math.ceil(values.length / each) }, (_, w) =>
    values.slice(w * each, (w + 1) * each).reduce((word, v, k) => word + (v & (2 ** bits - 1)) * 2 ** (bits * k), 0),
  );
};

type Meant = { readonly data: Data; readonly results: ReturnType<typeof measure> };
const meant = new Map<string, Meant>();

/** Data of a kernel at its tiny sizes and what they mean, whatever the schedule: interpreted once. */
const meantOf = (k: LibraryKernel, compiled: Compiled, sizes: Readonly<Record<string, number>>): Meant => {
  const known = meant.get(k.key);
  if (known !== undefined) return known;
  const data = dataOf(compiled, sizes);
  const made = { data, results: measure(k.spec, { sizes, statics: k.sizes.statics, ...data }) };
  meant.set(k.key, made);
  return made;
};

/** What is wrong with the numbers of a compiled kernel; empty when nothing is. */
const wrongNumbers = (
  k: LibraryKernel,
  compiled: Compiled,
  sizes: Readonly<Record<string, number>>,
  target: Target,
): readonly string[] => {
  const violations = verifyTile(compiled.tile, target);
  if (violations.length > 0) return violations;
  const {
    data: { tensors, scalars },
    results,
  } = meantOf(k, compiled, sizes);
  const buffers = Object.fromEntries(
    compiled.artifact.tensors.map((t) => {
      const count = t.dims.reduce((n, d) => n * evalSize(d.extent, (s) => sizes[s] ?? 0), 1);
      const given = tensors[t.name];
      return [t.name, given === undefined ? new Float64Array(count).fill(12345) : packed(t.dtype, given)];
    }),
  );
  const found = evaluateTile(compiled.tile, {
    sizes,
    uniforms: { ...sizes, ...scalars },
    buffers,
    precision: "f64",
    subgroupSize: target.subgroups?.min ?? 4,
  }).buffers;
  return Object.entries(results).flatMap(([name, { values, scales, margins }]) => {
    const got = found[name] ?? new Float64Array();
    const bad = values.findIndex((v, c) => {
      const [x, scale, margin] = [got[c] ?? NaN, scales[c] ?? 0, margins[c] ?? 0];
      // A value that a decision within rounding hangs on may be the other one.
      return !(
        x === v ||
        margin < 1e-6 ||
        Math.abs(x - v) <= 1e-9 * Math.max(scale, Math.abs(v)) ||
        (Number.isNaN(x) && Number.isNaN(v))
      );
    });
    return bad < 0 && got.length === values.length
      ? []
      : [`${name}[${bad}] is ${got[bad]}, not ${values[bad]} (scale ${scales[bad]})`];
  });
};

/** Of each kernel how it is compiled when nothing is asked for, until the test that runs it has done so. */
const plain = new Map<LibraryKernel, Compiled>();
const plainOf = (k: LibraryKernel, n: number): Compiled => {
  const made = plain.get(k) ?? compileKernel(k, toldOf(k), tinySizes(k, n), targetOf(n));
  plain.set(k, made);
  return made;
};

describe("the numbers, in f64", () => {
  test.each(KERNELS.map((k, n) => [k.key, k, n] as const))("%s", (_, k, n) => {
    const [sizes, target] = [tinySizes(k, n), targetOf(n)];
    const compiled = n % 5 === 4 ? compileKernel(k, toldOf(k), sizes, target, 2) : plainOf(k, n);
    plain.delete(k);
    expect(wrongNumbers(k, compiled, sizes, target)).toEqual([]);
  });
});

/** Small tiles of rows and cells, so that there are several of each: whole, masked and ragged ones. */
const TILES: readonly TilesSchedule[] = [
  { kind: "tiles", lanes: 4, lanesPerRow: 2, rowsPerLane: 2, cells: 4, chunk: 4, slice: 4, prefetch: true },
  { kind: "tiles", lanes: 6, lanesPerRow: 2, rowsPerLane: 1, cells: 4, chunk: 8, slice: 8, prefetch: false },
];

/** The same with columns, for products. */
const COLUMNS: readonly TilesSchedule[] = TILES.map((s) => ({ ...s, columns: 8 }));

describe("the numbers in tiles with columns, in f64", () => {
  const met = KERNELS.flatMap((k, n) => {
    const [sizes, target, tiles] = [tinySizes(k, n), targetOf(n), COLUMNS[n % COLUMNS.length]];
    if (tiles === undefined) return [];
    const { schedule, kernels } = wherever(plainOf(k, n), target, tiles);
    return kernels === 0 ? [] : [{ k, sizes, target, schedule }];
  });

  test("products have them", () => expect(met.length).toBeGreaterThan(10));

  test.each(met.map((m) => [m.k.key, m] as const))("%s", (_, { k, sizes, target, schedule }) => {
    const compiled = compileKernel(k, toldOf(k), sizes, target, undefined, schedule);
    expect(wrongNumbers(k, compiled, sizes, target)).toEqual([]);
  });
});

describe("the numbers in tiles of rows and cells, in f64", () => {
  const met = KERNELS.flatMap((k, n) => {
    const [sizes, target, tiles] = [tinySizes(k, n), targetOf(n), TILES[n % TILES.length]];
    if (tiles === undefined) return [];
    const { schedule, kernels } = wherever(plainOf(k, n), target, tiles);
    return kernels === 0 ? [] : [{ k, sizes, target, schedule }];
  });

  test("half of what attends has them", () => expect(met.length).toBeGreaterThan(60));

  test.each(met.map((m) => [m.k.key, m] as const))("%s", (_, { k, sizes, target, schedule }) => {
    const compiled = compileKernel(k, toldOf(k), sizes, target, undefined, schedule);
    expect(wrongNumbers(k, compiled, sizes, target)).toEqual([]);
  });
});
