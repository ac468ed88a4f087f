/** The model of `npm run bench:isa` on assembly written by hand, whose cycles can be counted. */
import { expect, test } from "vitest";
import { parseAssembly } from "../../bench/isa/assembly.ts";
import { hotLoop } from "../../bench/isa/model.ts";

const program = (trips: number, body: readonly string[]): string =>
  ["==== Assembly", "BB0:", "  s_mov_b32 s0, 0", "BB1:", "  s_mov_b32 s1, 0", "BB2:"]
    .concat(body.map((line) => `  ${line}`))
    .concat(["  s_add_u32 s1, s1, 1", `  s_cmp_lt_u32 s1, ${trips}`, "  s_cbranch_scc1 BB2"])
    .concat(["  s_add_u32 s0, s0, 1", "  s_cmp_lt_u32 s0, s9", "  s_cbranch_scc1 BB1", "  s_endpgm"])
    .join("\n");

const fma = (n: number): readonly string[] => Array.from({ length: n }, (_, k) => `v_fma_f32 v${k}, v100, v101, v${k}`);

test("independent multiply-adds run at the peak", () => {
  const hot = hotLoop(parseAssembly(program(4, fma(64))), 64, 16);
  expect(hot?.limit).toBe("vector unit");
  expect(hot?.share).toBeCloseTo(1, 6);
});

test("four multiply-adds for each 16 bytes of LDS run at a quarter of it, whatever the loop's length", () => {
  const body = Array.from({ length: 16 }, (_, k) => [
    "ds_load_b128 v[40:43], v99",
    ...fma(4).map((f) => f.replace(/v\d,/, `v${4 * k},`)),
  ]).flat();
  for (const trips of [1, 7]) {
    const hot = hotLoop(parseAssembly(program(trips, body)), 64, 16);
    expect(hot).toEqual({ limit: "LDS", share: 0.25, fmaPerLdsByte: 0.25 });
  }
});

test("one wave waits for its loads, many hide them", () => {
  const code = parseAssembly(program(2, ["buffer_load_b32 v50, v99, s[4:7], 0", "s_waitcnt vmcnt(0)", ...fma(32)]));
  expect(hotLoop(code, 64, 1)?.limit).toBe("latency");
  expect(hotLoop(code, 64, 1)?.share).toBeLessThan(0.15);
  expect(hotLoop(code, 64, 16)?.share).toBeGreaterThan(0.8);
});

test("a program without multiply-adds has no hot loop", () => {
  expect(hotLoop(parseAssembly(program(4, ["v_add_f32 v0, v1, v2"])), 64, 4)).toBeNull();
});
