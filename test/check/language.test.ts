/** Everything that the language reference shows is accepted, and means what it should. */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { printSpec } from "../../src/check/print-spec.ts";
import { check, checkOne, PRELUDE_TEXT } from "./helpers.ts";
import { ONE_LINERS } from "./one-liners.ts";

const LANGUAGE = readFileSync(new URL("language.tfx", import.meta.url), "utf8");
const { specs, text } = check(LANGUAGE);
const spec = (name: string) => specs.find((s) => s.name === name)!;
const printed = (body: string): string => printSpec(checkOne(body));

describe("the examples of the reference", () => {
  test("have no messages, not even warnings", () => {
    expect(text).toBe("");
    expect(specs).toHaveLength(10);
  });

  test.each(specs.map((s) => s.name))("%s", async (name) => {
    await expect(printSpec(spec(name))).toMatchFileSnapshot(`spec/${name}.txt`);
  });

  test.each(ONE_LINERS)("$name", async ({ name, source }) => {
    const {
      text: messages,
      specs: [one],
    } = check(source);
    expect(messages).toBe("");
    await expect(printSpec(one!)).toMatchFileSnapshot(`spec/${name}.txt`);
  });

  test("keep their doc comments and defaults", () => {
    expect(spec("layer_norm_affine").doc).toContain("LayerNorm");
    expect(spec("gemma2").scalars).toMatchObject([
      { name: "w", dtype: "i32", isStatic: false, init: null },
      { name: "cap", dtype: "f32", isStatic: true, init: { kind: "const", value: 50, type: "float" } },
    ]);
  });

  test("the prelude by itself has no messages", () => {
    expect(check(PRELUDE_TEXT).text).toBe("");
  });
});

describe("what expressions mean", () => {
  test("a bare tensor is read at its declared indices", () => {
    const bare = printed("kernel k(x: f32[i: N, d: D], y: f32[d]) -> o: f32[i, d] { o = x * y }");
    const full = printed("kernel k(x: f32[i: N, d: D], y: f32[d]) -> o: f32[i, d] { o = x[i, d] * y[d] }");
    expect(bare).toBe(full);
  });

  test("a named read keeps the other indices", () => {
    expect(
      printed("kernel k(q: f32[h: H, i: N], k: f32[g: G, i], r: i32) -> o: f32[h, i] { o = q * k[g = h / r] }"),
    ).toContain("k[(h / r), i]");
  });

  test("one expression for a product dimension is split, one for each index is taken as it is", () => {
    const signature = "kernel k(x: f32[(g: G, r: R, c: 3), i: N], h: i32[i]) -> o: f32[i]";
    expect(printed(`${signature} { o = x[h, i] }`)).toContain("x[(t / R), (t % R), (h % 3), i]");
    expect(printed(`${signature} { o = x[h, i] }`)).toContain("let t[i]: int = h / 3\n");
    expect(printed(`${signature} { o = x[h, 0, 1, i] }`)).toContain("x[h, 0, 1, i]");
  });

  test("a let with an order is read by position, one without by name", () => {
    const byPosition = printed(
      "kernel k(x: f32[i: N, j: M]) -> o: f32[i, j] { let s[j, i] = 2 * x\n o = s - s[j - 1, i] where j > 0 }",
    );
    expect(byPosition).toContain("at(s; j := (j - 1))");
    const byName = printed(
      "kernel k(x: f32[i: N, j: M]) -> o: f32[i, j] { let s = 2 * x\n o = s - s[j = j - 1] where j > 0 }",
    );
    expect(byName).toBe(byPosition);
  });

  test("replacements of an `at` are simultaneous", () => {
    expect(printed("kernel k(x: f32[i: N, j: N]) -> o: f32[i, j] { let s[i, j] = exp(x)\n o = s[j, i] }")).toContain(
      "at(s; i := j, j := i)",
    );
    expect(printed("kernel k(x: f32[i: N, j: N]) -> o: f32[i, j] { o = x[j, i] }")).toContain("x[j, i]");
  });

  test("size(j) is the size of the axis, also through a parameter", () => {
    const text = printed(
      "fn last(i) = i == size(i) - 1\nkernel k(x: f32[i: N, j: 2 * N]) -> o: f32[i] { o = sum[j](x where last(j)) / size(j) }".replace(
        "x where last(j)",
        "if last(j) then x else 0",
      ),
    );
    expect(text).toContain("j == ((2 * N) - 1)");
    expect(text).toContain("float((2 * N))");
  });

  test("a range has an axis of its own, starting at its lower bound", () => {
    const one = checkOne(
      "kernel k(x: f32[t: N], w: f32[u: W]) -> o: f32[t] { o = sum[v: 1..W](w[v] * x[t - v]) + sum[v: 0..W](w[v]) }",
    );
    expect(one.axes.map((a) => [a.name, a.size])).toEqual([
      ["t", "N"],
      ["u", "W"],
      ["v", ["-", "W", 1]],
      ["v", "W"],
    ]);
    expect(printSpec(one)).toContain("w[(1 + v)] * x[(t - (1 + v))]");
  });

  test("a part's index beside its union's is the position within the part", () => {
    const text = printed(
      `kernel k(a: f32[m: P], b: f32[s: M], c: f32[t: L], w: f32[t]) -> o: f32[] {
         axis j = m | s | t
         o = sum[j](concat[j](a, b, c) * (if j in t then w else 1))
       }`.replace("f32[] ", "f32 "),
    );
    expect(text).toContain("axis j: (P + M) + L = m | s | t");
    expect(text).toContain("w[(j - (P + M))]");
  });

  test("without the union's index a part's index is an index of its own", () => {
    const text = printed(
      "kernel k(a: f32[m: P], b: f32[s: M]) -> (o: f32, n: f32) { axis j = m | s\n o = sum[j](concat[j](a, b))\n n = sum[s](b * s) }",
    );
    expect(text).toContain("sum[s]((b * float(s)))");
  });

  test("a union of unions counts from the outermost", () => {
    const text = printed(
      `kernel k(a: f32[m: P], b: f32[s: M], c: f32[t: L]) -> o: f32 {
         axis j = m | s
         axis z = t | j
         let ab = concat[j](a, b)
         o = sum[z](concat[z](c, ab) * s)
       }`,
    );
    expect(text).toContain("z - (L + P)");
  });

  test("a result may have a union index, whose size is then checked", () => {
    const kernel = (size: string) =>
      `kernel k(a: f32[m: P], b: f32[s: M]) -> o: f32[j: ${size}] { axis j = m | s\n o = concat[j](a, b) }`;
    expect(check(kernel("M + P")).text).toBe("");
    expect(check(kernel("2 * M")).codes).toEqual(["TFX2102"]);
  });

  test("a let may introduce an index, which the whole kernel then knows", () => {
    const one = checkOne(
      "kernel k(p: f32[c: C, o: P], t: i32[n: L]) -> s: f32 { let x[j: L * P] = p[t[j / P], j % P]\n s = sum[j](x * (j + 1)) }",
    );
    expect(one.axes.find((a) => a.name === "j")?.size).toEqual(["*", "L", "P"]);
  });

  test("lets and arguments are shared, not copied", () => {
    const one = checkOne(
      "fn twice(x) = x + x\nkernel k(x: f32[i: N]) -> (o: f32[i], p: f32[i]) { let s = exp(x)\n o = twice(s)\n p = s }",
    );
    const [o, p] = one.results.map((r) => r.value);
    expect(o?.kind === "binary" && o.left === o.right && o.left === p).toBe(true);
  });

  test("expressions of an inlined function point to the call", () => {
    const source = "kernel k(x: f32[i: N]) -> o: f32[i] { o = 1 + relu(x) }";
    const value = checkOne(source).results[0]!.value;
    const call = value.kind === "binary" ? value.right.span : value.span;
    expect(source.slice(call.start, call.end)).toBe("relu(x)");
  });

  test("`where` is a domain: on a let, on a result, in a function", () => {
    const text = printed(
      "fn upto[i](x, n) { let y = x where i < n\n y }\nkernel k(x: f32[i: N], n: i32) -> (o: f32, p: f32[i]) { o = sum[i](upto[i](x, n))\n p = x where i > 0 }",
    );
    expect(text).toContain("let y[i]: float = x where (i < n)");
    expect(text).toContain("= x where (i > 0)");
  });

  test("an i32 scalar may be a size, and scalars may have defaults from sizes", () => {
    const one = checkOne(
      "kernel k(x: f32[i: N], w: f32[u: n], n: i32 = N / 2, eps: f32 = 1 / sqrt(N)) -> o: f32[i] { o = x + sum[u](w) + eps }",
    );
    expect(one.sizes).toEqual(["N"]);
    expect(one.axes.find((a) => a.name === "u")?.size).toBe("n");
    expect(one.scalars[0]?.init).toMatchObject({ kind: "size", size: ["/", "N", 2] });
  });

  test("`only` checks one kernel", () => {
    expect(check(LANGUAGE, {}, "gemma2").specs.map((s) => s.name)).toEqual(["gemma2"]);
  });
});
