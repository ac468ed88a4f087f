/** The schema of artifacts: what it takes, what it refuses, and that its operators are those of the runtime and of the modules. */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { scalarFormula, sizeFormula } from "../../src/emit/formula.ts";
import type { Artifact, ScalarExpr } from "../../src/codegen/artifact.ts";
import type { SizeExpr } from "../../src/base/size.ts";
import { evalSize, resolve } from "../../src/runtime/sizes.ts";
import { artifactOf, EXAMPLES } from "./kernels.ts";
import { SCHEMA, schemaFaults } from "./schema.ts";

const artifacts = Object.values(EXAMPLES).map(artifactOf);
const [first] = artifacts as [Artifact];

test.each(artifacts.map((a) => [a.kernel, a] as const))("%s, as an object and as a file", (_, artifact) => {
  expect(schemaFaults(artifact)).toEqual([]);
  const { wgsl: _wgsl, ...file } = artifact;
  expect(schemaFaults(JSON.parse(JSON.stringify(file)))).toEqual([]);
});

test.each<[string, object]>([
  ["another version", { version: 2 }],
  ["a field nobody knows", { speed: 1 }],
  ["a feature of another kind", { requires: { features: ["timestamp-query"], limits: {} } }],
  ["an operator nobody knows", { scalars: [{ name: "x", type: "f32", init: ["gamma", "N"] }] }],
  ["half a formula", { scalars: [{ name: "x", type: "f32", init: ["pow", "N"] }] }],
  ["no dispatch", { dispatches: [] }],
  ["a size that is none", { constants: { D: -1 } }],
  ["a role of another kind", { tensors: [{ ...first.tensors[0], role: "inout" }] }],
])("%s is refused", (_, more) => expect(schemaFaults({ ...first, ...more })).not.toEqual([]));

type Defs = Readonly<
  Record<
    string,
    { readonly anyOf: readonly { readonly prefixItems?: readonly { readonly enum?: readonly string[] }[] }[] }
  >
>;
const operators = (name: string, operands: number): readonly string[] =>
  (SCHEMA["$defs"] as Defs)[name]?.anyOf.find((x) => x.prefixItems?.length === operands + 1)?.prefixItems?.[0]?.enum ??
  [];
const run = (text: string, v: object): unknown => new Function("v", `return ${text}`)(v);
const known = { a: 7.25, b: 2.5, n: 23, m: 4 };

describe("operators", () => {
  test.each(operators("sizeFormula", 2))("size %s", (op) => {
    const e = [op, "n", "m"] as SizeExpr;
    expect(run(sizeFormula(e), known)).toBe(evalSize(e, new Map(Object.entries(known))));
  });
  test.each([
    ...operators("scalarFormula", 1).map((op) => [op, [op, "a"]] as const),
    ...operators("scalarFormula", 2).map((op) => [op, [op, "a", "b"]] as const),
  ])("scalar %s", (_, e) => {
    const scalars = ["a", "b"].map((name) => ({ name, type: "f32" as const, init: null }));
    const artifact = {
      ...first,
      tensors: [],
      sizes: [],
      scalars: [...scalars, { name: "x", type: "f32" as const, init: e as ScalarExpr }],
    };
    const values = resolve(artifact, { scalars: { a: known.a, b: known.b } }, new Map());
    expect(values.get("x")).not.toBeNaN();
    expect(run(scalarFormula(e as ScalarExpr), known)).toBe(values.get("x"));
  });
  test("the page has all of them", () => {
    const page = readFileSync(new URL("../../docs/artifact.md", import.meta.url), "utf8");
    const all = [...operators("sizeFormula", 2), ...operators("scalarFormula", 1), ...operators("scalarFormula", 2)];
    expect(all.length).toBeGreaterThan(40);
    expect(all.filter((op) => !page.includes(`\`${op}\``))).toEqual([]);
    const fields = Object.keys(SCHEMA["properties"] as object);
    expect(fields.filter((f) => !page.includes(`\`${f}\``))).toEqual([]);
    expect(Object.keys(first).filter((f) => !fields.includes(f))).toEqual([]);
  });
});
