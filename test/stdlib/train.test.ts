/** What training needs: losses with their gradients, optimizers, clipping, embeddings, Muon's step, against their papers' formulas. */
import { describe, expect, test } from "vitest";
import { gradient } from "../../src/grad/gradient.ts";
import { interpret } from "../../src/meaning/interpret.ts";
import { allChecked, checked, drawn } from "../grad/differences.ts";
import * as o from "./oracles-norm/train.ts";
import { stdlibText, type StdCase } from "./oracles-norm/run.ts";
import { suite } from "./oracles-norm/suite.ts";

/** The kernel of a file of stdlib/train. */
const kernelOf = (file: string, kernel: string) => {
  const spec = allChecked(stdlibText(`train/${file}`)).find((s) => s.name === kernel);
  if (spec === undefined) throw new Error(kernel);
  return spec;
};

/** With the sizes that each kernel has. */
const own = (cases: readonly StdCase[]): readonly StdCase[] =>
  cases.map((c) => {
    const { sizes } = kernelOf(c.file.slice("train/".length), c.kernel);
    return { ...c, sizes: Object.fromEntries(Object.entries(c.sizes).filter(([name]) => sizes.includes(name))) };
  });

/** Classes below V, and now and then none. */
const targets =
  (V: number, name = "target") =>
  (tensor: string, count: number, random: () => number): number[] | null =>
    tensor === name
      ? Array.from({ length: count }, (_, n) => (n % 5 === 3 ? -100 : Math.floor(random() * (V + 1))))
      : null;

const tokens = (kernel: string, oracle: StdCase["oracle"], more: Partial<StdCase> = {}): StdCase[] =>
  [53, 1].map((V) => ({
    file: "train/cross_entropy",
    kernel,
    sizes: { N: 9, D: 15, V },
    known: ["D"],
    inputs: targets(V),
    oracle,
    ...more,
  }));

const LOSSES: readonly StdCase[] = [
  ...tokens("cross_entropy", o.crossEntropy(0), { known: [] }),
  ...tokens("cross_entropy_smoothed", o.crossEntropy(0.1), { known: [] }),
  ...tokens("cross_entropy_smoothed", o.crossEntropy(0.1), {
    known: [],
    scalars: { smooth: 0.3 },
    note: "smooth = 0.3",
  }),
  ...tokens("cross_entropy_head", o.crossEntropyHead),
  ...tokens("cross_entropy_head_weights", o.crossEntropyHeadWeights, {
    // Above every logit, as a log-sum-exp is: 15 features within 2.
    inputs: (name, count, random) =>
      name === "lse" ? Array.from({ length: count }, () => 30 + random()) : targets(53)(name, count, random),
  }),
];

const positive = (tensor: string, count: number, random: () => number): number[] | null =>
  ["v", "squares"].includes(tensor) ? Array.from({ length: count }, () => random()) : null;
const list = (
  file: string,
  kernel: string,
  oracle: StdCase["oracle"],
  scalars: Readonly<Record<string, number>> = {},
): StdCase[] =>
  [77, 1].map((N) => ({
    file: `train/${file}`,
    kernel,
    sizes: { N, K: 5 },
    known: [],
    inputs: positive,
    scalars,
    oracle,
    note: Object.entries(scalars)
      .map(([k, v]) => `${k} = ${v}`)
      .join(", "),
  }));

const OPTIMIZERS: readonly StdCase[] = [
  ...list("optimizer", "adamw", o.adamw, { step: 1 }),
  ...list("optimizer", "adamw", o.adamw, { step: 1000, lr: 0.1, decay: 0.1 }),
  ...list("optimizer", "lion", o.lion),
  ...list("optimizer", "lion", o.lion, { lr: 0.5, decay: 0.1 }),
  ...list("clip", "squared_norm", o.squaredNorm),
  ...list("clip", "clip_by_norm", o.clipByNorm),
  ...list("clip", "clip_by_norm", o.clipByNorm, { limit: 100 }),
];

const TABLE: readonly StdCase[] = [
  {
    file: "train/embedding",
    kernel: "embedding",
    sizes: { N: 9, V: 11, D: 15 },
    known: [],
    inputs: targets(11, "token"),
    oracle: o.embedding,
  },
  {
    file: "train/embedding",
    kernel: "embedding_grad",
    sizes: { N: 29, V: 11, D: 15 },
    known: [],
    inputs: targets(11, "token"),
    oracle: o.embeddingGrad,
  },
];

const matrix = (kernel: string, oracle: StdCase["oracle"]): StdCase => ({
  file: "train/muon",
  kernel,
  sizes: { N: 13, M: 22, K: 3 },
  known: [],
  inputs: positive,
  oracle,
});
const MUON: readonly StdCase[] = [
  matrix("muon_momentum", o.muonMomentum),
  matrix("muon_start", o.muonStart),
  matrix("muon_gram", o.muonGram),
  matrix("muon_polynomial", o.muonPolynomial),
  matrix("muon_step", o.muonStep),
];

describe("losses", () => suite(own(LOSSES), []));
describe("optimizers and clipping", () => suite(own(OPTIMIZERS), []));
describe("embeddings", () => suite(own(TABLE), []));
describe("Muon", () => suite(own(MUON), []));

describe("what is written by hand is what tfx grad derives", () => {
  const sizes = { N: 6, V: 5, D: 4 };
  const run = (spec: ReturnType<typeof kernelOf>, data: Readonly<Record<string, Float64Array>>) =>
    interpret(spec, { sizes, scalars: {}, tensors: data });
  const close = (x: Float64Array | undefined, y: Float64Array | undefined): void => {
    expect(x?.length).toBeGreaterThan(0);
    x?.forEach((v, n) => expect(Math.abs(v - (y?.[n] ?? NaN))).toBeLessThan(1e-13));
  };
  const derived = async (spec: ReturnType<typeof kernelOf>, of: string, wrt: string) => {
    const made = await gradient(spec, { of: [of], wrt: [wrt] });
    if (!made.ok) throw new Error(made.diagnostics[0]?.message);
    return checked(made.text);
  };

  test.each([
    ["cross_entropy", "z", "d_z"],
    ["cross_entropy_smoothed", "z", "d_z"],
    ["cross_entropy_head", "h", "d_h"],
  ])("%s", async (kernel, wrt, result) => {
    const spec = kernelOf("cross_entropy", kernel);
    const data = drawn(spec, { sizes }, 3);
    const target = Float64Array.from([0, 4, -100, 2, 5, 1]);
    const d_loss = new Float64Array(6).fill(1);
    const program = await derived(
      { ...spec, results: spec.results.filter((r) => !r.name.startsWith("d_")) },
      "loss",
      wrt,
    );
    close(run(spec, { ...data, target })[result], run(program, { ...data, target, d_loss })[`d_${wrt}`]);
  });

  test("cross_entropy_head_weights", async () => {
    const spec = kernelOf("cross_entropy", "cross_entropy_head");
    const data = { ...drawn(spec, { sizes }, 4), target: Float64Array.from([0, 4, -100, 2, 5, 1]) };
    const program = await derived({ ...spec, results: spec.results.filter((r) => r.name === "loss") }, "loss", "w");
    const { lse } = run(spec, data);
    const found = run(kernelOf("cross_entropy", "cross_entropy_head_weights"), { ...data, lse: lse as Float64Array });
    close(found["d_w"], run(program, { ...data, d_loss: new Float64Array(6).fill(1) })["d_w"]);
  });

  test("embedding_grad", async () => {
    const spec = kernelOf("embedding", "embedding");
    const program = await derived(spec, "y", "table");
    const data = { ...drawn(program, { sizes }, 5), token: Float64Array.from([0, 4, -1, 2, 4, 7]) };
    close(run(kernelOf("embedding", "embedding_grad"), data)["d_table"], run(program, data)["d_table"]);
  });
});

test("five Newton-Schulz steps bring the singular values near 1", () => {
  const [N, M] = [4, 7];
  const sizes = { N, M, K: 1 };
  const spec = (kernel: string) => kernelOf("muon", kernel);
  const run = (kernel: string, tensors: Readonly<Record<string, Float64Array>>) =>
    interpret(spec(kernel), { sizes, scalars: {}, tensors }) as Readonly<Record<string, Float64Array>>;
  const data = drawn(spec("muon_gram"), { sizes }, 6)["x"] as Float64Array;
  const squares = Float64Array.of(data.reduce((s, v) => s + v * v, 0));
  let x = run("muon_start", { x: data, squares })["y"] as Float64Array;
  for (let k = 0; k < 5; k++) {
    const { a } = run("muon_gram", { x });
    const { y } = run("muon_polynomial", { a: a as Float64Array });
    x = run("muon_step", { x, y: y as Float64Array })["x_next"] as Float64Array;
  }
  // The squares of the singular values: the trace of the Gram matrix is their sum, that of its square the sum of their squares.
  const { a } = run("muon_gram", { x });
  const gram = a as Float64Array;
  const trace = Array.from({ length: N }, (_, i) => gram[i * N + i] as number).reduce((s, v) => s + v, 0) / N;
  const spread = gram.reduce((s, v) => s + v * v, 0) / N - trace * trace;
  expect(trace).toBeGreaterThan(0.5);
  expect(trace).toBeLessThan(1.5);
  expect(Math.sqrt(spread)).toBeLessThan(0.4);
});
