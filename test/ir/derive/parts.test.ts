/** How bodies of sums and of extrema come apart: what stays in the loop, its gauge, what moves behind it; and what does not come apart, and why. */
import { expect, test } from "vitest";
import { separateExtremum, separateSum, liveOver, type Separated } from "../../../src/ir/derive/separate.ts";
import { graphBuilder } from "../../../src/ir/graph/build.ts";
import type { NodeId } from "../../../src/ir/graph/graph.ts";
import { printNode } from "../../../src/ir/graph/print.ts";
import { axes } from "../../graph/helpers.ts";

const b = graphBuilder(axes({ j: "N", d: 8 }));
const load = (name: string): NodeId => b.load(name, [b.index(0)], "f32");
const f = (x: number): NodeId => b.konst(x, "f32");
const bi =
  (op: Parameters<typeof b.binary>[0]) =>
  (p: NodeId, q: NodeId): NodeId =>
    b.binary(op, p, q);
const un =
  (op: Parameters<typeof b.unary>[0]) =>
  (p: NodeId): NodeId =>
    b.unary(op, p);
const [add, sub, mul, div, pow] = [bi("+"), bi("-"), bi("*"), bi("/"), bi("pow")];
const [neg, exp, log, abs] = [un("neg"), un("exp"), un("log"), un("abs")];
/** What streams, what does not, and conditions of both kinds. */
const [x, v, w] = [load("x"), load("v"), load("w")];
const a = b.scalar("a", "f32");
const on = b.load("on", [b.index(0)], "bool");
const flag = b.scalar("flag", "bool");
/** Statistics of the same pass: of any sign, above zero, at least zero; a maximum and a minimum. */
const mean = b.reduce("sum", [0], x);
const total = b.reduce("sum", [0], exp(v));
const size = b.reduce("sum", [0], abs(x));
const top = b.reduce("max", [0], x);
const low = b.reduce("min", [0], x);
const [peak, both] = [b.reduce("max", [0], abs(x)), b.reduce("max", [0], v)];
const stats = new Set([mean, total, size, top, low, peak, both]);
const names = new Map([
  [mean, "mean"],
  [total, "total"],
  [size, "size"],
  [top, "top"],
  [low, "low"],
  [peak, "peak"],
  [both, "both"],
]);
for (const [id, name] of [
  [x, "x"],
  [v, "v"],
  [w, "w"],
] as const)
  names.set(id, name);
const text = (id: NodeId | null): string | null =>
  id === null ? null : printNode({ nodes: b.nodes, axes: b.axes, names }, id, false);

/** Parts in words: body | gauge | hoist | what it drifts with. */
const words = (s: Separated): readonly string[] =>
  s.summands === null
    ? [`not: ${text(s.because)}${s.why === null ? "" : `, ${s.why}`}`]
    : s.summands.map((p) =>
        [
          text(p.body),
          text(p.gauge) ?? "-",
          text(p.hoist) ?? "-",
          ...(p.drift === undefined ? [] : [`drifts with ${text(p.drift.companion)}, ${text(p.drift.shifted)}`]),
        ].join(" | "),
      );
const live = liveOver(b, stats, [0]);

test.each<readonly [string, NodeId, readonly string[]]>([
  ["nothing live", mul(x, v), ["x * v | - | -"]],
  ["a factor", mul(x, mean), ["x[j] | - | sum[j](x)"]],
  ["two factors", mul(mul(mean, x), total), ["x[j] | - | mean * total"]],
  ["only statistics", mul(mean, total), ["1 | - | mean * total"]],
  ["a divisor", div(x, mean), ["x[j] | - | 1 / mean"]],
  ["a divisor that is a product", div(x, mul(mean, v)), ["x * (1 / v) | - | 1 / mean"]],
  ["a divisor that is a sum", div(x, add(mean, v)), ["not: 1 / (mean + v)"]],
  ["a divisor that is a sum of statistics", div(x, add(mean, total)), ["x[j] | - | 1 / (mean + total)"]],
  ["a numerator", div(mean, x), ["1 / x | - | sum[j](x)"]],
  ["a difference stays whole", mul(sub(x, mean), v), ["not: x - mean"]],
  ["a statistic plus a statistic", mul(add(mean, total), v), ["v[j] | - | mean + total"]],
  ["a sum of products", add(mul(x, mean), mul(v, total)), ["x[j] | - | sum[j](x)", "v[j] | - | sum[j](exp(v))"]],
  ["a difference of products", sub(mul(x, mean), mul(v, total)), ["x[j] | - | sum[j](x)", "-v | - | sum[j](exp(v))"]],
  ["the same body twice", add(mul(x, mean), mul(x, total)), ["x[j] | - | mean + total"]],
  ["the same body once as it is", add(mul(x, mean), x), ["x[j] | - | 1 + mean"]],
  ["minus a product", neg(mul(x, mean)), ["-x | - | sum[j](x)"]],
  ["minus a statistic", neg(mean), ["1 | - | -mean"]],
  ["minus an exponential", neg(exp(sub(x, top))), ["exp(x - top) * -1 | -top | -"]],
  ["an exponential of a difference", exp(sub(x, top)), ["exp(x - top) | -top | -"]],
  ["beside a factor", mul(exp(sub(x, top)), v), ["exp(x - top) * v | -top | -"]],
  ["with a factor of the row", mul(exp(sub(x, top)), a), ["exp(x - top) * a | -top | -"]],
  ["divided by a sum", mul(div(exp(sub(x, top)), total), v), ["exp(x - top) * v | -top | 1 / total"]],
  [
    "of another value than the maximum's",
    exp(sub(v, top)),
    ["not: -top, nothing proves that the exponent stays bounded while the statistic is not finished"],
  ],
  [
    "of twice the value",
    exp(sub(mul(x, f(2)), top)),
    ["not: -top, nothing proves that the exponent stays bounded while the statistic is not finished"],
  ],
  ["of twice the difference", exp(mul(f(2), sub(x, top))), ["exp(x * 2 + 2 * -top) | 2 * -top | -"]],
  ["of the mirror image", exp(sub(low, x)), ["exp(-x + low) | min[j](x) | -"]],
  [
    "of the wrong image",
    exp(sub(x, low)),
    ["not: -low, nothing proves that the exponent stays bounded while the statistic is not finished"],
  ],
  [
    "of a maximum that grows",
    exp(add(neg(x), top)),
    ["not: max[j](x), nothing proves that the exponent stays bounded while the statistic is not finished"],
  ],
  ["under two maxima", exp(sub(sub(add(x, v), top), both)), ["exp(x + v - top - both) | -top - both | -"]],
  ["under a sum", exp(sub(x, mean)), ["not: x - mean"]],
  [
    "under a maximum and a sum",
    exp(sub(sub(x, top), mean)),
    ["not: x - top - mean, the exponent mixes a maximum with a sum of the same pass"],
  ],
  [
    "under a logarithm",
    exp(sub(x, log(total))),
    ["not: -log(total), nothing proves that the exponent stays bounded while the statistic is not finished"],
  ],
  ["under a maximum and a logarithm", exp(sub(sub(x, top), log(total))), ["exp(x - top) | -top | exp(-log(total))"]],
  [
    "a maximum times a sum",
    exp(sub(x, mul(top, total))),
    ["not: -(top * total), the exponent mixes a maximum with a sum of the same pass"],
  ],
  [
    "a factor that drifts",
    mul(sub(x, top), exp(sub(x, top))),
    ["(x - top) * exp(x - top) | -top | - | drifts with exp(x - top), x - top"],
  ],
  ["a factor that drifts with another gauge", mul(sub(x, both), exp(sub(x, top))), ["not: x - both"]],
  ["a factor that drifts without a gauge", mul(sub(x, top), v), ["not: x - top"]],
  ["two factors that drift", mul(mul(sub(x, top), sub(x, top)), exp(sub(x, top))), ["not: x - top"]],
  ["a logarithm of a product", mul(v, log(mul(total, exp(x)))), ["v[j] | - | log(total)", "v * log(exp(x)) | - | -"]],
  [
    "a logarithm of unknown signs",
    mul(v, log(mul(mean, x))),
    ["not: log(x * mean), the logarithm of a product is not split: the signs of its factors are not known"],
  ],
  [
    "a logarithm of one unknown sign",
    mul(v, log(mul(mean, exp(x)))),
    ["v[j] | - | log(mean)", "v * log(exp(x)) | - | -"],
  ],
  ["a logarithm of a quotient", mul(v, log(div(exp(x), total))), ["v * log(exp(x)) | - | -", "v[j] | - | -log(total)"]],
  ["a logarithm of a sum", mul(v, log(add(total, exp(x)))), ["not: log(total + exp(x))"]],
  ["an absolute product", mul(v, abs(mul(x, mean))), ["v * abs(x) | - | abs(mean)"]],
  [
    "an absolute product with an exponential",
    mul(v, abs(mul(mean, exp(sub(x, top))))),
    ["exp(x - top) * v | -top | abs(mean)"],
  ],
  ["an absolute sum", mul(v, abs(add(x, mean))), ["not: abs(x + mean)"]],
  ["an absolute sum of statistics", mul(v, abs(add(mean, total))), ["v[j] | - | abs(mean + total)"]],
  ["an absolute sum of products", mul(v, abs(add(mul(x, mean), mul(v, total)))), ["not: abs(x * mean + v * total)"]],
  ["a power", mul(v, pow(mul(x, mean), f(3))), ["v * x ** 3 | - | mean ** 3"]],
  [
    "a power of a half, unknown signs",
    mul(v, pow(mul(x, mean), f(0.5))),
    ["not: (x * mean) ** 0.5, the power of a product is not split: the signs of its factors are not known"],
  ],
  ["a power of a half, known signs", mul(v, pow(mul(abs(x), size), f(0.5))), ["v * abs(x) ** 0.5 | - | size ** 0.5"]],
  [
    "an inverse root of what may be 0, twice",
    mul(v, pow(mul(abs(x), size), f(-0.5))),
    ["not: (abs(x) * size) ** (-0.5), the power of a product is not split: the signs of its factors are not known"],
  ],
  [
    "an inverse root, one of them above 0",
    mul(v, pow(mul(abs(x), total), f(-0.5))),
    ["v * abs(x) ** (-0.5) | - | total ** (-0.5)"],
  ],
  ["a power of an exponential", pow(exp(sub(x, top)), f(2)), ["exp(x * 2 + 2 * -top) | 2 * -top | -"]],
  ["a power that is no number", mul(v, pow(mul(x, mean), a)), ["not: (x * mean) ** a"]],
  ["a choice", b.select(on, mul(x, mean), f(0)), ["if on[j] then x else 0 | - | sum[j](x)"]],
  [
    "a choice with both branches",
    b.select(on, mul(x, mean), mul(v, total)),
    ["if on[j] then x else 0 | - | sum[j](x)", "if on[j] then 0 else v | - | sum[j](exp(v))"],
  ],
  [
    "a choice, the other branch plain",
    b.select(on, mul(x, mean), v),
    ["if on[j] then x else 0 | - | sum[j](x)", "if on[j] then 0 else v | - | -"],
  ],
  ["a choice the other way round", b.select(on, f(0), mul(x, mean)), ["if on[j] then 0 else x | - | sum[j](x)"]],
  [
    "a choice of what may be no number",
    b.select(on, div(x, mean), f(0)),
    [
      "not: if on[j] then x / mean else 0, nothing moves out of the choice: it may not be a number where the other branch is taken",
    ],
  ],
  ["a choice of what is one", b.select(on, div(x, total), f(0)), ["if on[j] then x else 0 | - | 1 / total"]],
  ["a choice of exponentials", b.select(on, exp(sub(x, top)), f(0)), ["if on[j] then exp(x - top) else 0 | -top | -"]],
  [
    "a choice of an exponential of a logarithm",
    b.select(on, exp(sub(x, log(total))), f(0)),
    ["not: -log(total), nothing proves that the exponent stays bounded while the statistic is not finished"],
  ],
  ["a choice by a statistic", b.select(b.binary(">", x, mean), x, f(0)), ["not: if x > mean then x else 0"]],
  [
    "a choice by a statistic of products",
    b.select(b.binary(">", mean, f(0)), mul(x, mean), f(0)),
    ["not: if mean > 0 then x * mean else 0"],
  ],
  [
    "a choice in a choice",
    b.select(on, b.select(on, mul(x, mean), f(0)), v),
    ["if on[j] then x else 0 | - | sum[j](x)", "if on[j] then 0 else v | - | -"],
  ],
  [
    "a choice beside a choice",
    mul(b.select(on, x, f(0)), b.select(on, mean, f(0))),
    ["if on[j] then if on[j] then x else 0 else 0 | - | sum[j](x)"],
  ],
  ["a choice of the row", b.select(flag, mul(x, mean), f(0)), ["if flag then x else 0 | - | sum[j](x)"]],
  ["a root", mul(x, b.unary("sqrt", total)), ["x[j] | - | sqrt(total)"]],
  ["a root of both", b.unary("sqrt", mul(x, total)), ["not: sqrt(x * total)"]],
  [
    "a product of sums",
    mul(add(mul(x, mean), v), add(mul(w, total), v)),
    ["x * w | - | mean * total", "x * v | - | sum[j](x)", "v * w | - | sum[j](exp(v))", "v * v | - | -"],
  ],
  ["a constant and a statistic", add(f(1), mean), ["1 | - | 1 + mean"]],
])("a sum of %s", (_, body, parts) => expect(words(separateSum(b, body, live))).toEqual(parts));

test.each<readonly [string, NodeId, readonly string[]]>([
  ["nothing live", x, ["x[j] | - | -"]],
  ["a difference", sub(x, mean), ["x[j] | - | -mean"]],
  ["a sum of three", add(sub(x, mean), add(v, total)), ["x + v | - | -mean + total"]],
  ["only statistics", sub(mean, total), ["0 | - | mean - total"]],
  ["a product", mul(x, mean), ["not: x * mean"]],
  ["minus", sub(mean, x), ["-x | - | sum[j](x)"]],
  ["a product beside", add(mul(x, mean), v), ["not: x * mean"]],
])("an extremum of %s", (_, body, parts) => expect(words(separateExtremum(b, body, live))).toEqual(parts));
