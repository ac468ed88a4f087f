/** What the texts of gradients say, and what must hold whatever the data are. */
import { expect, test } from "vitest";
import { gradient } from "../../src/grad/gradient.ts";
import { gradientOf } from "../../src/grad/index.ts";
import { interpret } from "../../src/meaning/interpret.ts";
import { resolveImport } from "../numeric/harness.ts";
import { checked, compareWithDifferences, drawn } from "./differences.ts";
import { entries, waysOf } from "./library.ts";

const bodyOf = async (text: string): Promise<string> => {
  const made = await gradient(checked(text));
  if (!made.ok) throw new Error(made.diagnostics[0]?.message);
  return made.text.slice(made.text.indexOf("{\n") + 2, made.text.lastIndexOf("}")).replace(/^ {2}/gm, "");
};

test.each([
  ["a constant for the gradient", "y = x + stop_gradient(round(x) - x)", "d_x = d_y\n"],
  ["ties of a maximum to the first", "y = max(x, 0)", "d_x = d_y where x >= 0\n"],
  ["a maximum that a result shows", "y = x - stop_gradient(x) * x", "d_x = d_y - d_y * stop_gradient(x)\n"],
  ["a shift", "y = x[i = i + 1]", "d_x = d_y[i - 1]\n"],
  ["a smooth function with a kink in its formula", "y = softplus(x)", "d_x = d_y * sigmoid(x)\n"],
])("%s", async (_, body, expected) => {
  const found = await bodyOf(`kernel k(x: f32[i: N]) -> y: f32[i] {\n  ${body}\n}\n`);
  expect(found).toBe(expected);
});

test("a gradient of a gradient is a second derivative", async () => {
  for (const kernel of ["cross_attention", "rmsnorm", "retention"]) {
    const entry = entries.find((e) => e.kernel === kernel);
    if (entry === undefined) throw new Error(kernel);
    const first = await gradient(entry.spec, { of: [entry.spec.results[0]?.name ?? ""] });
    if (!first.ok) throw new Error(first.diagnostics[0]?.message);
    const spec = checked(first.text);
    const second = await gradient(spec);
    if (!second.ok) throw new Error(second.diagnostics[0]?.message);
    const of = spec.results.map((r) => r.name);
    expect(compareWithDifferences(spec, checked(second.text), of, waysOf(entry), 3)).toEqual([]);
  }
});

test("cotangents of scores sum to zero along a softmax, and q d_q is k d_k", async () => {
  const spec = checked(`
kernel k(s: f32[i: N, j: M], v: f32[j, e: E]) -> o: f32[i, e] {
  let seen = s where j <= i
  o = sum[j](softmax[j](seen) * v)
}`);
  const made = await gradient(spec);
  if (!made.ok) throw new Error("refused");
  const derived = checked(made.text);
  const sizes = { N: 5, M: 6, E: 3 };
  const found = interpret(derived, { sizes, scalars: {}, tensors: drawn(derived, { sizes }, 1) })["d_s"];
  for (let i = 0; i < 5; i++) {
    const row = [...(found ?? [])].slice(6 * i, 6 * i + 6);
    expect(Math.abs(row.reduce((a, b) => a + b, 0))).toBeLessThan(1e-14);
    expect(row.slice(i + 1).every((x) => x === 0)).toBe(true);
  }
  const causal = entries.find((e) => e.kernel === "causal_attention");
  if (causal === undefined) throw new Error("no kernel");
  const whole = await gradient(causal.spec);
  const program = checked(whole.ok ? whole.text : "");
  const ways = waysOf(causal);
  const data = drawn(program, ways, 2);
  const out = interpret(program, { sizes: ways.sizes, scalars: {}, tensors: data });
  const dot = (a: ArrayLike<number>, b: ArrayLike<number>): number =>
    Array.from(a).reduce((sum, x, n) => sum + x * (b[n] ?? 0), 0);
  expect(dot(data["q"] ?? [], out["d_q"] ?? [])).toBeCloseTo(dot(data["k"] ?? [], out["d_k"] ?? []), 12);
});

test("a text with a mistake has its diagnostics and no gradient", async () => {
  const made = await gradientOf("kernel k(x: f32[i: N]) -> y: f32[i] { y = z }", { file: "k.tfx", resolveImport });
  expect(made).toMatchObject({ ok: false, diagnostics: [{ code: "TFX2001" }] });
  const none = await gradientOf("fn f(x) = x", { file: "k.tfx", resolveImport });
  expect(none.ok).toBe(false);
  expect(none.diagnostics.map((d) => d.code)).toEqual(["TFX7002"]);
});
