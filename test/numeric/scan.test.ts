/** Ordered scans on SwiftShader beyond the shared cases: other schedules, long states, no token, token by token, and edges of the language. */
import { describe, expect, test } from "vitest";
import type { RowsSchedule, Schedule } from "../../src/ir/schedule/schedule.ts";
import { verifyTile } from "../../src/ir/tile/verify.ts";
import { stacks } from "../gpu/stacks.ts";
import { check, compileCase, faults, type Case } from "./harness.ts";
import { SOURCE } from "./suite.ts";

const [stack] = await stacks(["swiftshader"]);
const skip = !stack!.available;
if (skip) console.log(`swiftshader is left out: ${stack!.reason}`);
const delta = (sizes: Readonly<Record<string, number>>, known: readonly string[] = ["D"]): Case => ({
  kernel: "gated_delta_rule",
  sizes: { B: 1, H: 2, N: 13, D: 6, E: 5, ...sizes },
  known,
});

describe.skipIf(skip)("schedules", () => {
  test.each<readonly [string, Partial<RowsSchedule>]>([
    ["4 cells a step", { cells: 4 }],
    ["4 cells a step, masked edges in blocks", { cells: 4, edgeCells: 4 }],
    ["2 rows a lane", { rowsPerLane: 2, lanes: 8 }],
    ["32 lanes", { lanes: 32 }],
  ])("%s", async (_, change) => {
    for (const c of [delta({}), { ...delta({}), kernel: "stabilised_memory" }]) {
      const results = await check(SOURCE, c, stack!, (chosen) => ({ ...chosen, ...change }) as Schedule);
      expect(faults(results)).toEqual([]);
    }
  });
  test("lanes that share a row are refused", () => {
    const split = (chosen: Schedule): Schedule => ({ ...chosen, kind: "split", lanesPerRow: 64 }) as Schedule;
    expect(() => compileCase(SOURCE, delta({}), stack!.target, split)).toThrow("TFX4007");
  });
});

describe.skipIf(skip)("sizes", () => {
  test.each([
    [delta({ N: 1 })],
    [delta({ N: 1, D: 1, E: 1, H: 1 }, ["N", "D", "E"])],
    [delta({ N: 37, D: 15, E: 21 }, ["N", "D", "E"])],
    [delta({ N: 65, D: 4, E: 70 })],
    [delta({ N: 3, D: 128, E: 9 })],
  ])("%o", async (c) => {
    expect(faults(await check(SOURCE, c, stack!))).toEqual([]);
  });
  test("256 numbers of a state are the most a lane carries", () => {
    const compiled = compileCase(SOURCE, delta({ D: 256 }), stack!.target);
    expect(verifyTile(compiled.tile, stack!.target)).toEqual([]);
    expect(() => compileCase(SOURCE, delta({ D: 260 }), stack!.target)).toThrow("at most 256 fit into registers");
  });
  test("without a token the state is the one to start from", async () => {
    const { artifact } = compileCase(SOURCE, delta({}), stack!.target);
    const none = new Float32Array(0);
    const s0 = Float32Array.from({ length: 60 }, (_, n) => n / 7);
    const sizes = { B: 1, H: 2, N: 0, D: 6, E: 5 };
    const { o, state } = await stack!.run(artifact, { q: none, k: none, v: none, beta: none, g: none, s0 }, sizes, {});
    expect(Array.from(o as Float32Array)).toEqual([]);
    expect(Array.from(state as Float32Array)).toEqual([...s0]);
  });
});

test.skipIf(skip)("token by token the states and outputs are the same, bit by bit", async () => {
  const { artifact } = compileCase(SOURCE, delta({}), stack!.target);
  const [H, N, D, E] = [2, 5, 6, 5];
  const make = (n: number, phase: number): Float32Array =>
    Float32Array.from({ length: n }, (_, x) => Math.sin(x * 1.7 + phase));
  const all = {
    q: make(H * N * D, 1),
    k: make(H * N * D, 2),
    v: make(H * N * E, 3),
    beta: make(H * N, 4),
    g: make(H * N, 5),
  };
  const s0 = make(H * D * E, 6);
  const whole = await stack!.run(artifact, { ...all, s0 }, { B: 1, H, N, D, E }, {});
  let state: Float32Array = s0;
  for (let t = 0; t < N; t++) {
    const one = (x: Float32Array, width: number): Float32Array =>
      Float32Array.from({ length: H * width }, (_, n) => x[(Math.floor(n / width) * N + t) * width + (n % width)]!);
    const inputs = {
      q: one(all.q, D),
      k: one(all.k, D),
      v: one(all.v, E),
      beta: one(all.beta, 1),
      g: one(all.g, 1),
      s0: state,
    };
    const step = await stack!.run(artifact, inputs, { B: 1, H, N: 1, D, E }, {});
    expect([...(step["o"] as Float32Array)]).toEqual([...one(whole["o"] as Float32Array, E)]);
    state = step["state"] as Float32Array;
  }
  expect([...state]).toEqual([...(whole["state"] as Float32Array)]);
});

describe.skipIf(skip)("the language", () => {
  const run = async (source: string, c: Omit<Case, "kernel">): Promise<readonly string[]> =>
    faults(await check(source, { kernel: "k", ...c }, stack!));
  test("two starts of one state", async () => {
    const source = `kernel k(x: f32[t: N, d: D], p: f32[d]) -> y: f32[t, d] {
      let s[t, d] = 0.5 * prev[t](s, p) + 0.25 * prev[t](s, 1 - p) + x
      y = s
    }`;
    expect(await run(source, { sizes: { N: 9, D: 5 }, known: [] })).toEqual([]);
  });
  test("an integer start, and integers in the step", async () => {
    const source = `kernel k(n: i32[t: N]) -> y: f32[t] {
      let s[t] = max(prev[t](s, 2) - 1, n % 3)
      y = s
    }`;
    expect(await run(source, { sizes: { N: 19 }, known: [] })).toEqual([]);
  });
  test("the state before as an argument of a function", async () => {
    const source = `fn mix(a, b) { let c = a * b
      c + sqrt(abs(a)) }
    kernel k(x: f32[t: N, d: D]) -> y: f32[t, d] {
      let s[t, d] = 0.3 * mix(prev[t](s, 0), x)
      y = s
    }`;
    expect(await run(source, { sizes: { N: 9, D: 5 }, known: [] })).toEqual([]);
  });
  test("a cell outside of the domain passes the state on, whatever is read there", async () => {
    const source = `kernel k(x: f32[t: N, d: D], keep: bool[t]) -> (y: f32[t, d], last: f32[d]) {
      let s[t, d] = 0.5 * prev[t](s, 0) + x[t = t - 3] where keep
      y = s
      last = s[t = N - 1]
    }`;
    expect(await run(source, { sizes: { N: 9, D: 5 }, known: [] })).toEqual([]);
  });
  test("two scans along different axes", async () => {
    const source = `kernel k(x: f32[i: N, j: M]) -> y: f32[i, j] {
      let a[i, j] = 0.5 * prev[i](a, 0) + x
      let b[i, j] = 0.5 * prev[j](b, 0) + a
      y = b
    }`;
    expect(await run(source, { sizes: { N: 9, M: 7 }, known: [] })).toEqual([]);
  });
  test("a state at another cell than its own", async () => {
    const source = `kernel k(x: f32[t: N, d: D], at: i32[t]) -> y: f32[t, d] {
      let s[t, d] = 0.5 * prev[t](s, 0) + x
      y = s[t = N - 1 - t] + s[t = abs(at) % N]
    }`;
    expect(await run(source, { sizes: { N: 9, D: 5 }, known: [] })).toEqual([]);
  });
});
