/** The verifier of specs finds what is broken on purpose. */
import { describe, expect, test } from "vitest";
import type { SExpr, Spec } from "../../src/check/spec.ts";
import { verifySpec } from "../../src/check/verify-spec.ts";
import { checkOne } from "./helpers.ts";

const spec = checkOne(
  `kernel k(x: f32[i: N, j: M], n: i32[i], a: f32[m: P], b: f32[s: L]) -> (o: f32[i], p: f32) {
     axis z = m | s
     o = sum[j](x) + n
     p = sum[z](if z in m then 1 else concat[z](a, b))
   }`,
);
const value = spec.results[0]!.value;
const withValue = (v: SExpr): Spec => ({ ...spec, results: [{ ...spec.results[0]!, value: v }, spec.results[1]!] });

describe("verifySpec", () => {
  test("accepts a checked spec", () => {
    expect(verifySpec(spec)).toEqual([]);
  });

  const broken: readonly (readonly [string, Spec])[] = [
    ["wrong free axes", withValue({ ...value, axes: [] })],
    ["unsorted free axes", withValue({ ...value, axes: [1, 0] })],
    ["a type that is not its operands'", withValue({ ...value, type: "int" })],
    [
      "an undeclared index in a result",
      withValue({ kind: "index", axis: 1, type: "int", axes: [1], span: value.span, name: null }),
    ],
    ["an unknown axis", withValue({ kind: "index", axis: 9, type: "int", axes: [9], span: value.span, name: null })],
    ["an unknown tensor", { ...spec, tensors: spec.tensors.slice(1) }],
    [
      "a tensor of another rank",
      { ...spec, tensors: [{ ...spec.tensors[0]!, dims: [{ axes: [0] }] }, ...spec.tensors.slice(1)] },
    ],
    ["an unknown size", { ...spec, sizes: spec.sizes.filter((s) => s !== "P") }],
    ["ids out of order", { ...spec, axes: spec.axes.toReversed() }],
    ["a union without its parts", { ...spec, axes: spec.axes.map((a) => ({ ...a, parts: null })) }],
    ["a union of another size", { ...spec, axes: spec.axes.map((a) => (a.parts === null ? a : { ...a, size: 3 })) }],
    [
      "a fraction as an int",
      withValue({ kind: "const", value: 0.5, type: "int", axes: [], span: value.span, name: null }),
    ],
    ["an unknown type", { ...spec, tensors: spec.tensors.map((t) => ({ ...t, dtype: "U" })) }],
  ];
  test.each(broken)("finds %s", (_, wrong) => {
    expect(verifySpec(wrong).length).toBeGreaterThan(0);
  });
});
