/** The Jacobian-vector product of every kernel of the standard library against differences of the kernel along the direction. */
import { expect, test } from "vitest";
import { jvpOf } from "../../src/grad/index.ts";
import { jvp } from "../../src/grad/jvp.ts";
import { resolveImport } from "../numeric/harness.ts";
import { checked, tangentFaults } from "./differences.ts";
import { entries, floatResults, waysOf } from "./library.ts";

test.each(entries.map((e) => [e.kernel, e] as const))("%s", async (_, e) => {
  const made = await jvp(e.spec);
  if (!made.ok) throw new Error(made.diagnostics[0]?.message);
  const derived = checked(made.text);
  const of = floatResults(e.spec);
  expect(derived.results.map((r) => r.name)).toEqual(of.flatMap((o) => [o, `t_${o}`]));
  // It has the log of a sum over no cells, whose slope is no number.
  const nowhere = e.kernel === "laser_attention" ? NaN : 0;
  expect(tangentFaults(e.spec, derived, of, waysOf(e), 1, nowhere)).toEqual([]);
  const isMasked = ["N", "M"].every((s) => e.spec.sizes.includes(s));
  if (isMasked) expect(tangentFaults(e.spec, derived, of, waysOf(e, true), 2, nowhere)).toEqual([]);
});

const bodyOf = async (text: string, wrt?: readonly string[]): Promise<string> => {
  const made = await jvpOf(text, { file: "k.tfx", resolveImport, ...(wrt === undefined ? {} : { wrt }) });
  if (!made.ok) return made.diagnostics.map((d) => `${d.code} ${d.message}`).join("\n");
  return made.text.slice(made.text.indexOf("{\n") + 2, made.text.lastIndexOf("}")).replace(/^ {2}/gm, "");
};

test.each([
  ["softmax", "y = softmax[i](x)", "t_y = p * (t_x - sum[i](p * t_x))\n"],
  ["a scalar", "y = s * x", "y = s * x\nt_y = t_s * x\n"],
  ["a constant for derivatives", "y = s * stop_gradient(x) + x", "y = s * stop_gradient(x) + x\nt_y = t_x\n"],
])("%s", async (title, body, expected) => {
  const wrt = title === "a scalar" ? ["s"] : ["x"];
  expect(await bodyOf(`kernel k(x: f32[i: N], s: f32) -> y: f32[i] {\n  ${body}\n}\n`, wrt)).toContain(expected);
});

test("what does not move has no derivative", async () => {
  expect(await bodyOf("kernel k(x: f32[i: N]) -> y: f32[i] {\n  y = round(x)\n}\n")).toMatch(/^TFX7001/);
  expect(await bodyOf("kernel k(x: f32[i: N]) -> y: f32[i] {\n  y = x\n}\n", ["z"])).toMatch(/^TFX7002/);
  expect(await bodyOf("kernel k(x: f32[i: N], t_x: f32[i]) -> y: f32[i] {\n  y = x * t_x\n}\n")).toMatch(/^TFX7002/);
});
