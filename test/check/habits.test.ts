/** What people bring from other languages is answered once, with what to write here; and nothing behind it is complained about. */
import { describe, expect, test } from "vitest";
import { check } from "./helpers.ts";

const HEAD = "kernel a(q: f32[i: N, d: D], k: f32[j: M, d], v: f32[j, d]) -> o: f32[i, d] {";
const LEAVE_OUT = "to leave cells out write `where` and a condition behind the value: let s = … where causal(i, j)";
const TOP =
  "the k largest of a row: let t = kth_largest[j](s, k), and then … where s >= t behind the value that uses them";

/** Scores as they are written, and the one answer. A later use of the scores brings no further message. */
const scores: readonly (readonly [written: string, code: string, help: string])[] = [
  ["q @ k", "TFX1003", "a product of matrices names the index that it sums over: sum[d](q * k)"],
  ["matmul(q, k)", "TFX2002", "a product of matrices names the index that it sums over: sum[d](q * k)"],
  ["einsum(q, k)", "TFX2002", "a product of matrices names the index that it sums over: sum[d](q * k)"],
  ['einsum("id,jd->ij", q, k)', "TFX1023", "write the sum out, over its indices: sum[d](q * k)"],
  ['einsum("i,j->ij", q, k)', "TFX1023", "indices by their names make the product: write q * k"],
  ["sum[d](q[:, 0] * k)", "TFX1017", "`q` alone has all its indices; name those that change: q[d = 0]"],
  ["sum[d](q[i, :] * k)", "TFX1017", "`q` alone has all its indices; name those that change: q[d = 0]"],
  ["sum[d](k * q[0:4, d])", "TFX1017", "`q` alone has all its indices; name those that change: q[d = 0]"],
  ["sum[d](k * q[0..4, d])", "TFX1017", "`q` alone has all its indices; name those that change: q[d = 0]"],
  ["sum[d](q[..., d] * k)", "TFX1003", "a bare name has all its indices; name those that change: q[d = 0]"],
  ["sum[d](q[i, None] * k)", "TFX2001", "indices are matched by name: nothing is broadcast by hand"],
  ["sum[d](q * k) # scores", "TFX1005", "write `//` instead"],
  ["if i >= j then sum[d](q * k) else -inf", "TFX2001", LEAVE_OUT],
  ["if i >= j then sum[d](q * k) else -infinity", "TFX2001", LEAVE_OUT],
  ['if i >= j then sum[d](q * k) else -float("inf")', "TFX1023", LEAVE_OUT],
  ["sum[d](q * k) if i >= j else 0", "TFX1018", "write if i >= j then sum[d](q * k) else 0"],
  [
    "sum[d](q * k) if i >= j else -inf",
    "TFX1018",
    "cells are left out behind the value: let x = sum[d](q * k) where i >= j",
  ],
  ["2 * (sum[d](q * k) if i >= j else 0)", "TFX1018", "write if i >= j then sum[d](q * k) else 0"],
  ["i >= j ? sum[d](q * k) : 0", "TFX1003", "write if c then a else b"],
  ["where(i >= j, sum[d](q * k), 0)", "TFX1018", "write if i >= j then sum[d](q * k) else 0"],
  [
    "where(i >= j, sum[d](q * k), -1e9)",
    "TFX1018",
    "cells are left out behind the value: let x = sum[d](q * k) where i >= j",
  ],
  [
    "where(i < j, -inf, sum[d](q * k))",
    "TFX1018",
    "cells are left out behind the value: let x = sum[d](q * k) where not (i < j)",
  ],
  ["topk(q, 8)", "TFX2002", TOP],
  ["kth(q, 8)", "TFX2002", TOP],
  ["kth_largest(k, 8)", "TFX2106", "write kth_largest[d](k, 8) or kth_largest[j](k, 8)"],
  ["kth_largest(k, 8, j)", "TFX2301", "write kth_largest[j](k, 8)"],
  ["kth_largest[8](k)", "TFX2301", "write kth_largest[j](k, 8)"],
  ["kth_largest[d, 8](k)", "TFX2301", "write kth_largest[d](k, 8)"],
  ["kth_largest[j](8, k)", "TFX2209", "write kth_largest[j](k, 8)"],
  ["maximum(sum[d](q * k), 0)", "TFX2002", "of two numbers: max(a, b)"],
  ["clip(sum[d](q * k), 0, 1)", "TFX2002", "write clamp(x, lo, hi)"],
  ["max(q * k, dim=-1)", "TFX1019", "the index stands in brackets: max[j](q * k)"],
  ["sum(q * k, axis=-1)", "TFX1019", "the index stands in brackets: sum[j](q * k)"],
  ["sum(q * k, keepdims=true)", "TFX1019", "the index stands in brackets: sum[j](q * k)"],
  ["sum(q * k, d)", "TFX2301", "write sum[d](q * k)"],
  ["sum_d(q * k)", "TFX2002", "the index stands in brackets: sum[d](x)"],
  ["softmax(q * k, j)", "TFX2301", "write softmax[j](q * k)"],
  ["softmax(q * k, -1)", "TFX2301", "write softmax[j](q * k)"],
  ["softmax(q * k)", "TFX2302", "write softmax[j](q * k)"],
  [
    "sum[d](q * k.T)",
    "TFX1006",
    "an index stands where it is used, so nothing is transposed: k[j, d] has both orders, by name",
  ],
  ["sum[d](q * k) / sqrt(q.shape[1])", "TFX1006", "the size of an index is size(d)"],
  ["sum[d](q * k).exp()", "TFX1006", "functions stand before their argument, without a module: exp(x)"],
  ["np.exp(sum[d](q * k))", "TFX1006", "functions stand before their argument, without a module: exp(x)"],
  ["if i = j then 0 else sum[d](q * k)", "TFX1022", "write i == j"],
  ["if size(i) = size(j) then 0 else sum[d](q * k)", "TFX1022", "write size(i) == size(j)"],
  ["sum[d](q * k) where i = j", "TFX1022", "write i == j"],
  ["sum[d](q * k) where i >= j and i = 2 * j", "TFX1022", "write i == 2 * j"],
  ["sum[d](q * k) where size(i) = 4", "TFX1022", "write size(i) == 4"],
  ["sum[d](q * k) where True", "TFX2001", "write `true`"],
];

describe("scores", () => {
  test.each(scores)("%s", (written, code, help) => {
    const { diagnostics } = check(`${HEAD}\n  let s = ${written}\n  o = sum[j](softmax[j](s) * v)\n}\n`);
    expect(diagnostics.map((d) => [d.code, d.help])).toEqual([[code, help]]);
    expect(diagnostics[0]?.primary.span.start).toBeGreaterThan(HEAD.length);
  });
});

const LOOPS = "there are no loops: an index runs over its axis; a sum is sum[d](…), a recurrence uses prev[t](…)";
const bodies: readonly (readonly [body: string, code: string, help: string])[] = [
  ["return sum[j](v)", "TFX1015", "a result gets its value by its name: o = …"],
  ["o[i, d] = q", "TFX1015", "a result has its indices in the head of the kernel: write o = …"],
  ["o += q", "TFX1015", "a name has one value: let o2 = o + …"],
  ["const s = sum[d](q)\n  o = q * s", "TFX1015", "a value is named with `let x = …`"],
  ["s = sum[d](q)\n  o = q * s", "TFX2403", "write `let s = …`"],
  ["while true\n  o = q", "TFX1015", LOOPS],
  ["# all of it\n  o = q", "TFX1005", "write `//` instead"],
];

test.each(bodies)("statement %s", (body, code, help) => {
  const { diagnostics } = check(`${HEAD}\n  ${body}\n}\n`);
  const errors = diagnostics.filter((d) => d.severity === "error");
  expect(errors.map((d) => [d.code, d.help])).toEqual([[code, help]]);
});

const heads: readonly (readonly [text: string, code: string, help: string])[] = [
  ["kernel a(q: f32(i: N)) -> o: f32[i] { o = q }", "TFX1010", "write f32[i: N, d: D]"],
  ["kernel a(q: f32[i: N]) -> f32[i] { o = q }", "TFX1010", "write -> o: f32"],
  ["kernel a(q: float32[i: N]) -> o: f32[i] { o = q }", "TFX2005", "write `f32`"],
  ["kernel a(q: half[i: N]) -> o: f32[i] { o = q }", "TFX2005", "write `f16`"],
  ["def f(x): return x", "TFX1014", "what runs is a `kernel`, what is put into one is a function: fn f(x) = …"],
  ['import { f } from "x"', "TFX1014", 'write use { band } from "std/onnx/band"'],
];

test.each(heads)("%s", (text, code, help) => {
  const { diagnostics } = check(text);
  expect(diagnostics.map((d) => [d.code, d.help])).toEqual([[code, help]]);
});

test("the size of an axis of 64 is asked for by `size`, not by the index", () => {
  const text = (size: string): string =>
    `kernel a(q: f32[i: N, d: 64], k: f32[j: M, d]) -> o: f32[i] {\n  o = max[j](sum[d](q * k) / sqrt(${size}))\n}`;
  const unknown = check(text("D")).diagnostics;
  expect(unknown.map((d) => [d.code, d.help])).toEqual([["TFX2001", "the size of `d` is size(d)"]]);
  expect(unknown[0]?.fix).toMatchObject({ text: "size(d)" });
  expect(check(text("size(d)")).diagnostics).toEqual([]);
  const position = check(text("d").replace("-> o: f32[i]", "-> o: f32[i, d]")).diagnostics;
  expect(position.map((d) => [d.code, d.severity, d.help])).toEqual([
    ["TFX2122", "warning", "for the size write sqrt(size(d))"],
  ]);
});

test("a mistake in one statement leaves the others checked", () => {
  const { diagnostics } = check(
    `${HEAD}\n  let s = q @ k\n  let t = nothing\n  o = sum[j](softmax[j](s) * v) * t\n}\n`,
  );
  expect(diagnostics.map((d) => d.code)).toEqual(["TFX1003", "TFX2001"]);
});
