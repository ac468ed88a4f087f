/** Rules about whole graphs, one at a time: what a result becomes, and programs next to it that stay as they are. */
import { expect, test } from "vitest";
import { BASELINE } from "../../../src/base/target.ts";
import type { Note } from "../../../src/ir/derive/plan.ts";
import { centre } from "../../../src/ir/derive/rules/centre.ts";
import { wholeConditions } from "../../../src/ir/derive/rules/condition.ts";
import { constantGauge } from "../../../src/ir/derive/rules/constant-gauge.ts";
import { restrictSums } from "../../../src/ir/derive/rules/restrict-sum.ts";
import type { Graph } from "../../../src/ir/graph/graph.ts";
import { printNode } from "../../../src/ir/graph/print.ts";
import { compileCase } from "../../numeric/harness.ts";

const HEAD =
  "x: f32[i: N, j: M], z: f32[j, d: 4], q: f32[i, d], k: f32[j, d], a: f32[i, b: M], c: bool[i], e: bool[j], f: bool[b], w: i32";

/** The results in words, without the names of values between. */
const words = (g: Graph): readonly string[] =>
  g.results.map((r) => printNode({ nodes: g.nodes, axes: g.axes, names: new Map() }, r.value, false));

const graphOf = (body: string): Graph =>
  compileCase(
    `kernel k(${HEAD}) -> ${body}`,
    { kernel: "k", sizes: { M: 6 }, known: body.includes("// M") ? ["M"] : [] },
    BASELINE,
  ).graph;

const gauges = (g: Graph): Graph => {
  const notes: Note[] = [];
  const made = constantGauge(g, notes);
  told.push(...notes.map((n) => n.text));
  return made;
};
const told: string[] = [];

/** What the rule makes of a program, and what it says; "same" where it leaves it as it is. */
const after = (rule: (g: Graph) => Graph, body: string): readonly string[] => {
  told.length = 0;
  const g = graphOf(body);
  const [before, made] = [words(g), words(rule(g))];
  return [...(made.join() === before.join() ? ["same"] : made), ...told];
};

test.each<readonly [string, string, readonly string[]]>([
  [
    "an inner sum of some cells",
    "y: f32[i] { let s = q * k where e\n let t = sum[d](s)\n y = sum[j](t * x) }",
    ["sum[j](sum[d](q[i, d] * k[j, d]) * x[i, j] where e[j])"],
  ],
  [
    "on the other side",
    "y: f32[i] { let s = q * k where e\n let t = sum[d](s)\n y = sum[j](x * t) }",
    ["sum[j](x[i, j] * sum[d](q[i, d] * k[j, d]) where e[j])"],
  ],
  [
    "minus it",
    "y: f32[i] { let s = q * k where e\n let t = sum[d](s)\n y = sum[j](-t * x) }",
    ["sum[j](-sum[d](q[i, d] * k[j, d]) * x[i, j] where e[j])"],
  ],
  [
    "divided by a number",
    "y: f32[i] { let s = q * k where e\n let t = sum[d](s)\n y = sum[j](t / 3.0) }",
    ["sum[j](sum[d](q[i, d] * k[j, d]) / 3 where e[j])"],
  ],
  ["divided by what may be 0", "y: f32[i] { let s = q * k where e\n let t = sum[d](s)\n y = sum[j](t / x) }", ["same"]],
  [
    "a number divided by it",
    "y: f32[i] { let s = q * k where e\n let t = sum[d](s)\n y = sum[j](x / (1 + t * t)) }",
    ["same"],
  ],
  [
    "beside what may be no number",
    "y: f32[i] { let s = q * k where e\n let t = sum[d](s)\n y = sum[j](t * log(x)) }",
    ["same"],
  ],
  [
    "beside a logarithm of what is above 0",
    "y: f32[i] { let s = q * k where e\n let t = sum[d](s)\n y = sum[j](t * log(1 + x * x)) }",
    ["sum[j](sum[d](q[i, d] * k[j, d]) * log(1 + x[i, j] * x[i, j]) where e[j])"],
  ],
  ["plus another", "y: f32[i] { let s = q * k where e\n let t = sum[d](s)\n y = sum[j](t + x) }", ["same"]],
  [
    "plus one of the same cells",
    "y: f32[i] { let s = q * k where e\n let t = sum[d](s)\n let u = sum[d](s * s)\n y = sum[j](t + u) }",
    ["sum[j](sum[d](q[i, d] * k[j, d]) + sum[d](q[i, d] * k[j, d] * (q[i, d] * k[j, d])) where e[j])"],
  ],
  [
    "minus one of the same cells",
    "y: f32[i] { let s = q * k where e\n let t = sum[d](s)\n let u = sum[d](s * s)\n y = sum[j](t - u) }",
    ["sum[j](sum[d](q[i, d] * k[j, d]) - sum[d](q[i, d] * k[j, d] * (q[i, d] * k[j, d])) where e[j])"],
  ],
  [
    "times one of other cells",
    "y: f32[i] { let s = q * k where e\n let r = q * k where j < w\n y = sum[j](sum[d](s) * sum[d](r)) }",
    ["sum[j](sum[d](q[i, d] * k[j, d]) * sum[d](q[i, d] * k[j, d]) where e[j] and j < w)"],
  ],
  ["the larger of it", "y: f32[i] { let s = q * k where e\n let t = sum[d](s)\n y = sum[j](max(t, 0)) }", ["same"]],
  ["an exponential of it", "y: f32[i] { let s = q * k where e\n let t = sum[d](s)\n y = sum[j](exp(t)) }", ["same"]],
  ["a maximum of it", "y: f32[i] { let s = q * k where e\n let t = sum[d](s)\n y = max[j](t) }", ["same"]],
  ["of a maximum", "y: f32[i] { let s = q * k where e\n let t = max[d](s)\n y = sum[j](t * x) }", ["same"]],
  ["a condition on the row", "y: f32[i] { let s = q * k where c\n let t = sum[d](s)\n y = sum[j](t * x) }", ["same"]],
  [
    "a condition on the inner axis",
    "y: f32[i] { let s = q * k where d < 2\n let t = sum[d](s)\n y = sum[j](t * x) }",
    ["same"],
  ],
  [
    "two conditions",
    "y: f32[i] { let s = q * k where e and d < 2\n let t = sum[d](s)\n y = sum[j](t * x) }",
    ["sum[j](sum[d](q[i, d] * k[j, d] where d < 2) * x[i, j] where e[j])"],
  ],
  [
    "a condition that is asked for",
    "y: f32[i] { let s = q * k where e\n let t = sum[d](s) * x where e\n y = sum[j](t) }",
    ["same"],
  ],
  [
    "beside a condition of its own",
    "y: f32[i] { let s = q * k where e\n let t = sum[d](s) * x where j < w\n y = sum[j](t) }",
    ["sum[j](sum[d](q[i, d] * k[j, d]) * x[i, j] where j < w and e[j])"],
  ],
  [
    "a sum in the sum",
    "y: f32[i] { let s = q * k where e\n let t = sum[d](s)\n let u = sum[j](t * x)\n y = u * u }",
    ["sum[j](sum[d](q[i, d] * k[j, d]) * x[i, j] where e[j]) * sum[j](sum[d](q[i, d] * k[j, d]) * x[i, j] where e[j])"],
  ],
])("cells that add nothing: %s", (_, body, made) => expect(after(restrictSums, body)).toEqual(made));

test.each<readonly [string, string, readonly string[]]>([
  [
    "a condition of the row",
    "y: f32[i] { let s = x where c\n y = sum[j](s) }",
    ["if c[i] then sum[j](x[i, j]) else 0"],
  ],
  ["of the cell", "y: f32[i] { let s = x where e\n y = sum[j](s) }", ["same"]],
  ["of both", "y: f32[i] { let s = x where c and e\n y = sum[j](s) }", ["same"]],
  ["of a size", "y: f32[i] { let s = x where w > 3\n y = sum[j](s) }", ["same"]],
  ["of a maximum", "y: f32[i] { let s = x where c\n y = max[j](s) }", ["same"]],
  ["of integers", "y: i32[i] { let s = j where c\n y = sum[j](s) }", ["same"]],
  ["none", "y: f32[i] { y = sum[j](x) }", ["same"]],
  [
    "one inside another",
    "y: f32 { let s = x where c\n let t = sum[j](s)\n let u = t where c\n y = sum[i](u) }",
    ["sum[i](if c[i] then sum[j](x[i, j]) else 0 where c[i])"],
  ],
  [
    "one in another's condition",
    "y: f32 { let s = q * k where e\n let t = sum[d](s)\n let u = x where t > 0\n y = sum[i](sum[j](u)) }",
    ["sum[i](sum[j](x[i, j] where (if e[j] then sum[d](q[i, d] * k[j, d]) else 0) > 0))"],
  ],
])("condition on a whole sum: %s", (_, body, made) => expect(after(wholeConditions, body)).toEqual(made));

test.each<readonly [string, string, readonly string[]]>([
  [
    "a difference to the mean",
    "y: f32[i, j] { y = x - mean[j](x) }",
    ["x[i, j] - x[i, 0] - sum[j](x[i, j] - x[i, 0]) / float(max(M, 1))"],
  ],
  [
    "its square",
    "y: f32[i] { let v = x - mean[j](x)\n y = sum[j](v * v) }",
    [
      "sum[j]((x[i, j] - x[i, 0] - sum[j](x[i, j] - x[i, 0]) / float(max(M, 1))) * (x[i, j] - x[i, 0] - sum[j](x[i, j] - x[i, 0]) / float(max(M, 1))))",
    ],
  ],
  [
    "a variance beside it",
    "(y: f32[i, j], v: f32[i]) { y = x - mean[j](x)\n v = var[j](x) }",
    ["x[i, j] - x[i, 0] - sum[j](x[i, j] - x[i, 0]) / float(max(M, 1))", "var[j](x[i, j] - x[i, 0])"],
  ],
  [
    "a variance of another",
    "(y: f32[i, j], v: f32[i]) { y = x - mean[j](x)\n v = var[j](x * x) }",
    ["x[i, j] - x[i, 0] - sum[j](x[i, j] - x[i, 0]) / float(max(M, 1))", "var[j](x[i, j] * x[i, j])"],
  ],
  ["a variance alone", "v: f32[i] { v = var[j](x) }", ["same"]],
  ["a mean alone", "y: f32[i] { y = mean[j](x) }", ["same"]],
  [
    "a mean and a difference",
    "(y: f32[i, j], m: f32[i]) { y = x - mean[j](x)\n m = mean[j](x) }",
    [
      "x[i, j] - x[i, 0] - sum[j](x[i, j] - x[i, 0]) / float(max(M, 1))",
      "if M > 0 then x[i, 0] + sum[j](x[i, j] - x[i, 0]) / float(max(M, 1)) else 0",
    ],
  ],
  [
    "a known number of cells",
    "y: f32[i, j] { y = x - mean[j](x) // M\n }",
    ["x[i, j] - x[i, 0] - sum[j](x[i, j] - x[i, 0]) / 6"],
  ],
  ["the sum by another number", "y: f32[i, j] { y = x - sum[j](x) / 3 }", ["same"]],
  ["the mean of another", "y: f32[i, j] { y = x - mean[j](x * x) }", ["same"]],
  ["the mean minus it", "y: f32[i, j] { y = mean[j](x) - x }", ["same"]],
  ["plus the mean", "y: f32[i, j] { y = x + mean[j](x) }", ["same"]],
  ["a mean of some", "y: f32[i, j] { let s = x where e\n y = x - mean[j](s) }", ["same"]],
  [
    "a mean over two",
    "y: f32[i, j] { y = x - mean[i, j](x) }",
    ["x[i, j] - x[0, 0] - sum[i, j](x[i, j] - x[0, 0]) / float(max(N * M, 1))"],
  ],
  ["a mean of features", "y: f32[i, d] { y = q - mean[d](q) }", ["q[i, d] - q[i, 0] - sum[d](q[i, d] - q[i, 0]) / 4"]],
  [
    "two differences",
    "y: f32[i, j] { let m = mean[j](x)\n y = (x - m) * exp(x - m) }",
    [
      "(x[i, j] - x[i, 0] - sum[j](x[i, j] - x[i, 0]) / float(max(M, 1))) * exp(x[i, j] - x[i, 0] - sum[j](x[i, j] - x[i, 0]) / float(max(M, 1)))",
    ],
  ],
])("statistics of shifted values: %s", (_, body, made) => expect(after(centre, body)).toEqual(made));

test.each<readonly [string, string, readonly string[]]>([
  [
    "a softmax of bounded scores",
    "y: f32[i] { let s = 5 * tanh(x)\n y = sum[j](softmax[j](s) * x) }",
    [
      "sum[j](exp(5 * tanh(x[i, j])) / sum[j](exp(5 * tanh(x[i, j]))) * x[i, j])",
      "no running maximum: |s| <= 5 is proved, so a constant gauge is safe",
    ],
  ],
  ["of what is not bounded", "y: f32[i] { y = sum[j](softmax[j](x) * x) }", ["same"]],
  [
    "of scores up to 60",
    "y: f32[i] { let s = 60 * tanh(x)\n y = sum[j](softmax[j](s) * x) }",
    [
      "sum[j](exp(60 * tanh(x[i, j])) / sum[j](exp(60 * tanh(x[i, j]))) * x[i, j])",
      "no running maximum: |s| <= 60 is proved, so a constant gauge is safe",
    ],
  ],
  ["of scores up to 61", "y: f32[i] { let s = 61 * tanh(x)\n y = sum[j](softmax[j](s) * x) }", ["same"]],
  [
    "twice the exponent",
    "y: f32[i] { let s = 31 * tanh(x)\n let m = max[j](s)\n let p = exp(2 * (s - m))\n y = sum[j](p * x) / sum[j](p) }",
    ["same", "the running maximum stays, although |s| <= 31: exponents would reach 62"],
  ],
  ["a maximum that is asked for", "y: f32[i] { let s = 5 * tanh(x)\n y = max[j](s) }", ["same"]],
  [
    "a maximum that is asked for beside",
    "(y: f32[i], t: f32[i]) { let s = 5 * tanh(x)\n y = sum[j](softmax[j](s) * x)\n t = max[j](s) }",
    ["same", "the running maximum stays, although |s| <= 5: a result depends on it beyond the differences to it"],
  ],
  [
    "a sum that scales",
    "y: f32[i] { let s = 5 * tanh(x)\n let m = max[j](s)\n y = sum[j](exp(s - m)) }",
    ["same", "the running maximum stays, although |s| <= 5: a result depends on it beyond the differences to it"],
  ],
  [
    "a logarithm of a sum",
    "y: f32[i] { let s = 5 * tanh(x)\n let m = max[j](s)\n y = m + log(sum[j](exp(s - m))) }",
    ["log(sum[j](exp(5 * tanh(x[i, j]))))", "no running maximum: |s| <= 5 is proved, so a constant gauge is safe"],
  ],
  ["a minimum", "y: f32[i] { let s = 5 * tanh(x)\n let m = min[j](s)\n y = m + log(sum[j](exp(s - m))) }", ["same"]],
])("constant gauge: %s", (_, body, made) => expect(after(gauges, body)).toEqual(made));
