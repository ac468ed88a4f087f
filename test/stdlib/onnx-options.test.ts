/**
 * All kernels of std/onnx at options that the ONNX cases do not have, against the operators' definitions: every combination of
 * layout, cache and mask for Attention, with and without scores (all modes of these with TFX_ALL_STACKS=1), every rule, decay
 * and gate for LinearAttention, both layouts of RotaryEmbedding, gains that broadcast and older versions for the norms.
 */
import { describe, expect, test } from "vitest";
import { compare } from "../../src/cli/accuracy.ts";
import { stacks, type Stack } from "../gpu/stacks.ts";
import { randomFrom } from "../numeric/harness.ts";
import type { OnnxCase, OnnxTensor } from "./onnx-cases.ts";
import { compileCase, runNode } from "./onnx-run.ts";
import { attention, joinHeads, linearAttention, splitHeads, type Array4 } from "./oracles-norm/onnx.ts";
import type { Round, Row } from "./oracles-norm/arith.ts";

const [swiftshader] = (await stacks(["swiftshader"])) as [Stack];
if (!swiftshader.available) console.log(`all are left out: ${swiftshader.reason}`);

type Maker = (shape: readonly number[], make?: () => number) => Array4;
const makerFrom = (seed: number): { readonly random: () => number; readonly tensor: Maker } => {
  const random = randomFrom(seed);
  const tensor: Maker = (shape, make = () => random() * 2 - 1) => ({
    shape,
    values: Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => Math.fround(make())),
  });
  return { random, tensor };
};

const named = (name: string, t: Array4, dtype = "float32"): [string, OnnxTensor] => [name, { name, dtype, ...t }];
const empty = (name: string): [string, OnnxTensor] => [name, { name, shape: [], dtype: "float32", values: [] }];

/** Runs the kernels of a node, and compares what it gives with an oracle over a rounding function. */
const verify = async (c: OnnxCase, oracle: (r: Round) => Readonly<Record<string, Row>>): Promise<void> => {
  const found = await runNode(c, compileCase(c, swiftshader.target), swiftshader);
  const [exact, naive] = [oracle((x) => x), oracle(Math.fround)];
  for (const name of Object.keys(c.outputs)) {
    const reference = Float64Array.from(exact[name] ?? []);
    const a = compare(name, found[name] ?? [], reference, naive[name] ?? [], { isF16: false, isExact: false });
    expect(a, `${name}: error ${a.error}, naive f32 ${a.naive}, allowed ${a.allowed}`).toMatchObject({ ok: true });
  }
};

const LAYOUTS = ["4d", "3d"];
/** present: `present_key` and `present_value` are asked for with nothing before the new keys. */
const CACHES = ["none", "past", "nonpad", "present"];
const MASKS = ["none", "float", "bool"];
const isFull = process.env["TFX_ALL_STACKS"] === "1";
const attentionCases = LAYOUTS.flatMap((layout) =>
  CACHES.flatMap((cache) => MASKS.map((mask) => ({ layout, cache, mask }))),
)
  .flatMap((c, n) => (isFull ? [-1, 0, 1, 2, 3] : [-1, n % 4]).map((mode) => ({ ...c, mode })))
  .map((c, n) => {
    const scores = c.mode < 0 ? "no scores" : `mode ${c.mode}`;
    return { ...c, seed: n + 1, name: `${c.layout}, cache ${c.cache}, mask ${c.mask}, ${scores}` };
  });

/** Shapes that broadcast to [B, H, N, keys], some with fewer keys. */
const maskShape = (n: number, [B, H, N, keys]: readonly [number, number, number, number]): readonly number[] =>
  [[N, keys], [keys], [B, 1, N, keys], [H, N, keys], [B, H, 1, keys], [N, keys - 2]][n % 6] ?? [];

const attentionCase = (o: (typeof attentionCases)[number]): Promise<void> => {
  const { random, tensor } = makerFrom(o.seed);
  const [B, G, R, N, M, D, E] = [2, 2, 1 + (o.seed % 3), 1 + (o.seed % 5), 7, 6, 5];
  const P = o.cache === "past" ? (o.seed % 3) * 4 : 0;
  const [Q, K, V] = [tensor([B, G * R, N, D]), tensor([B, G, M, D]), tensor([B, G, M, E])];
  const [pastKey, pastValue] = [tensor([B, G, P, D]), tensor([B, G, P, E])];
  const isBool = o.mask === "bool";
  const masked = (): number => (isBool ? Number(random() < 0.6) : random() < 0.3 ? -Infinity : random() * 2 - 1);
  const mask = { ...tensor(maskShape(o.seed, [B, G * R, N, P + M]), masked), isBool };
  const nonpad = [M, 2];
  const pick = (a: number, b: number): number => (random() < 0.5 ? a : b);
  const options = {
    scale: pick(0.3, 0),
    isCausal: random() < 0.5,
    left: pick(-1, 2),
    right: pick(-1, 1),
    softcap: pick(0, 1.5),
  };
  const flat = o.layout === "3d";
  const lay = (t: Array4): Array4 => (flat ? joinHeads(t) : t);
  const isPast = o.cache === "past";
  const node: OnnxCase = {
    name: o.name,
    op: "Attention",
    opset: [["", 25]],
    attributes: {
      ...(flat ? { q_num_heads: G * R, kv_num_heads: G } : {}),
      ...(options.scale === 0 ? {} : { scale: options.scale }),
      is_causal: Number(options.isCausal),
      left_window_size: options.left,
      right_window_size: options.right,
      softcap: options.softcap,
      ...(o.mode < 0 ? {} : { qk_matmul_output_mode: o.mode }),
    },
    inputs: Object.fromEntries([
      named("Q", lay(Q)),
      named("K", lay(K)),
      named("V", lay(V)),
      ...(o.mask === "none" ? [] : [named("attn_mask", mask, isBool ? "bool" : "float32")]),
      ...(isPast ? [named("past_key", pastKey), named("past_value", pastValue)] : []),
      ...(o.cache === "nonpad" ? [named("nonpad_kv_seqlen", { shape: [B], values: nonpad }, "int64")] : []),
    ]),
    outputs: Object.fromEntries([
      empty("Y"),
      ...(isPast || o.cache === "present" ? [empty("present_key"), empty("present_value")] : []),
      ...(o.mode < 0 ? [] : [empty("qk_matmul_output")]),
    ]),
  };
  return verify(node, (r) => {
    const { scale, ...rest } = options;
    const { Y, qk } = attention(r, {
      ...rest,
      Q,
      K,
      V,
      mode: Math.max(o.mode, 0),
      ...(scale === 0 ? {} : { scale: Math.fround(scale) }),
      ...(isPast ? { pastKey, pastValue } : {}),
      ...(o.mask === "none" ? {} : { mask }),
      ...(o.cache === "nonpad" ? { nonpad } : {}),
    });
    const joined = (old: Array4, fresh: Array4): Row =>
      Array.from({ length: B * G }, (_, n) =>
        [old, fresh].flatMap((t) =>
          t.values.slice((n * t.values.length) / (B * G), ((n + 1) * t.values.length) / (B * G)),
        ),
      ).flat();
    return {
      Y: lay(Y).values,
      qk_matmul_output: qk,
      present_key: joined(pastKey, K),
      present_value: joined(pastValue, V),
    };
  });
};

const linearCases = ["linear", "gated", "gated per head", "delta", "gated_delta", "gated_delta per head"]
  .flatMap((rule) =>
    [false, true].flatMap((past) =>
      (rule.includes("delta") ? [false, true] : [false]).map((erase) => ({ rule, past, erase })),
    ),
  )
  .map((c, n) => ({
    ...c,
    seed: n + 1,
    name: `${c.rule}${c.past ? ", past state" : ""}${c.erase ? ", erase gate" : ""}`,
  }));

const linearCase = (o: (typeof linearCases)[number]): Promise<void> => {
  const { random, tensor } = makerFrom(o.seed);
  const [B, G, R, N, D, E] = [2, 2, 1 + (o.seed % 3), o.rule.includes("delta") ? 3 : 5, 6, 4];
  const [query, key, value] = [
    tensor([B, N, G * R * D]),
    tensor([B, N, G * D], () => random() * 0.8 - 0.4),
    tensor([B, N, G * E]),
  ];
  const decay = tensor([B, N, o.rule.includes("head") ? G : G * D], () => -random());
  const beta = tensor([B, N, o.seed % 2 === 0 ? G : 1], random);
  const erase = tensor([B, N, G * D], random);
  const past = tensor([B, G, D, E]);
  const [rule = ""] = o.rule.split(" ");
  const [isGated, isDelta] = [rule.includes("gated"), rule.includes("delta")];
  const node: OnnxCase = {
    name: o.name,
    op: "LinearAttention",
    opset: [["", 27]],
    attributes: { update_rule: rule, q_num_heads: G * R, kv_num_heads: G },
    inputs: Object.fromEntries([
      named("query", query),
      named("key", key),
      named("value", value),
      ...(isGated ? [named("decay", decay)] : []),
      ...(isDelta ? [named("beta", beta)] : []),
      ...(o.erase ? [named("erase_gate", erase)] : []),
      ...(o.past ? [named("past_state", past)] : []),
    ]),
    outputs: Object.fromEntries([empty("output"), empty("present_state")]),
  };
  return verify(node, (r) => {
    const { output, state } = linearAttention(r, {
      q: splitHeads(query, G * R),
      k: splitHeads(key, G),
      v: splitHeads(value, G),
      scale: r(1 / Math.sqrt(D)),
      ...(isGated ? { decay: splitHeads(decay, G) } : {}),
      ...(isDelta ? { beta: splitHeads(beta, beta.shape[2] ?? 1) } : {}),
      ...(o.erase ? { erase: splitHeads(erase, G) } : {}),
      ...(o.past ? { past } : {}),
    });
    return { output: joinHeads(output).values, present_state: state };
  });
};

const rotaryCases = LAYOUTS.flatMap((layout) =>
  [0, 1].flatMap((interleaved) =>
    [0, 4].flatMap((part) => [false, true].map((positions) => ({ layout, interleaved, part, positions }))),
  ),
).map((c, n) => ({
  ...c,
  seed: n + 1,
  name: `${c.layout}, ${c.interleaved === 1 ? "interleaved" : "halves"}, ${c.part === 0 ? "all" : c.part} features${c.positions ? ", positions" : ""}`,
}));

const rotaryCase = (o: (typeof rotaryCases)[number]): Promise<void> => {
  const { random, tensor } = makerFrom(o.seed);
  const [B, H, N, D, P] = [2, 3, 5, 6, 11];
  const C = (o.part === 0 ? D : o.part) / 2;
  const x = tensor([B, H, N, D]);
  const cache = o.positions ? [P, C] : [B, N, C];
  const [cos, sin] = [tensor(cache), tensor(cache)];
  const ids = { shape: [B, N], values: Array.from({ length: B * N }, () => Math.floor(random() * P)) };
  const flat = o.layout === "3d";
  const node: OnnxCase = {
    name: o.name,
    op: "RotaryEmbedding",
    opset: [["", 23]],
    attributes: { interleaved: o.interleaved, rotary_embedding_dim: o.part, ...(flat ? { num_heads: H } : {}) },
    inputs: Object.fromEntries([
      named("input", flat ? joinHeads(x) : x),
      named("cos_cache", cos),
      named("sin_cache", sin),
      ...(o.positions ? [named("position_ids", ids, "int64")] : []),
    ]),
    outputs: Object.fromEntries([empty("output")]),
  };
  return verify(node, (r) => {
    const values = [...x.values];
    for (let n = 0; n < B * H * N; n++) {
      const [b, t] = [Math.floor(n / (H * N)), n % N];
      const at = (o.positions ? (ids.values[b * N + t] ?? 0) : b * N + t) * C;
      for (let k = 0; k < C; k++) {
        const [one, two] = (o.interleaved === 1 ? [2 * k, 2 * k + 1] : [k, k + C]).map((d) => n * D + d) as [
          number,
          number,
        ];
        const [a, c] = [x.values[one] ?? NaN, x.values[two] ?? NaN];
        const [co, si] = [cos.values[at + k] ?? NaN, sin.values[at + k] ?? NaN];
        values[one] = r(r(a * co) - r(c * si));
        values[two] = r(r(a * si) + r(c * co));
      }
    }
    return { output: (flat ? joinHeads({ shape: x.shape, values }) : { values }).values };
  });
};

/** Indices of every cell of a shape, in order. */
const cells = (shape: readonly number[]): readonly (readonly number[])[] =>
  shape.reduce<readonly (readonly number[])[]>(
    (all, n) => all.flatMap((at) => Array.from({ length: n }, (_, k) => [...at, k])),
    [[]],
  );
/** The number of a tensor that broadcasts beside a cell. */
const beside = (t: Array4, at: readonly number[]): number =>
  t.values[
    t.shape.reduce((n, size, d) => n * size + (size === 1 ? 0 : (at[d - t.shape.length + at.length] ?? 0)), 0)
  ] ?? NaN;

/** Mean and 1 / sqrt(variance + eps) of numbers, or 0 and 1 / sqrt(mean square + eps). */
const moments = (r: Round, xs: readonly number[], eps: number, isRms: boolean): readonly [number, number] => {
  const mean = (values: readonly number[]): number => r(values.reduce((sum, v) => r(sum + v), 0) / values.length);
  const centre = isRms ? 0 : mean(xs);
  const spread = mean(xs.map((x) => r(r(x - centre) * r(x - centre))));
  return [centre, r(1 / r(Math.sqrt(r(spread + r(eps)))))];
};

const gainCases = [
  { axis: -1, gain: [5], bias: [5] },
  { axis: -2, gain: [5], bias: null },
  { axis: -2, gain: [4, 1], bias: [4, 5] },
  { axis: 1, gain: [1, 4, 1], bias: [1] },
  { axis: 2, gain: [2, 1, 1, 5], bias: [3, 1, 1] },
  { axis: 0, gain: [], bias: [5] },
  { axis: -1, gain: [4, 1], bias: null },
].flatMap((c, n) =>
  ["LayerNormalization", "RMSNormalization"].map((op) => ({
    ...c,
    op,
    seed: n + 1,
    name: `${op}, axis ${c.axis}, gain [${c.gain.join()}], bias ${c.bias === null ? "none" : `[${c.bias.join()}]`}`,
  })),
);

const gainCase = (o: (typeof gainCases)[number]): Promise<void> => {
  const { tensor } = makerFrom(o.seed);
  const shape = [2, 3, 4, 5];
  const isRms = o.op === "RMSNormalization";
  const [x, gain] = [tensor(shape), tensor(o.gain)];
  const bias = o.bias === null || isRms ? null : tensor(o.bias);
  const first = o.axis < 0 ? o.axis + 4 : o.axis;
  const width = shape.slice(first).reduce((a, b) => a * b, 1);
  const node: OnnxCase = {
    name: o.name,
    op: o.op,
    opset: [["", 23]],
    attributes: { axis: o.axis, epsilon: 0.01 },
    inputs: Object.fromEntries([named("X", x), named("W", gain), ...(bias === null ? [] : [named("B", bias)])]),
    outputs: Object.fromEntries([
      empty("Y"),
      ...(isRms || o.seed % 2 === 0 ? [] : [empty("Mean"), empty("InvStdDev")]),
    ]),
  };
  return verify(node, (r) => {
    const rows = Array.from({ length: x.values.length / width }, (_, n) =>
      moments(r, x.values.slice(n * width, (n + 1) * width), 0.01, isRms),
    );
    const Y = cells(shape).map((at, n) => {
      const [centre, scale] = rows[Math.floor(n / width)] as readonly [number, number];
      const scaled = r(r(r((x.values[n] ?? NaN) - centre) * scale) * beside(gain, at));
      return bias === null ? scaled : r(scaled + beside(bias, at));
    });
    return { Y, Mean: rows.map(([m]) => m), InvStdDev: rows.map(([, s]) => s) };
  });
};

const groupCases = [18, 21].map((opset) => ({ opset, name: `opset ${opset}` }));
const groupCase = ({ opset, name }: (typeof groupCases)[number]): Promise<void> => {
  const { tensor } = makerFrom(opset);
  const [N, G, C, P] = [2, 3, 2, 7];
  const [x, gain, bias] = [tensor([N, G * C, P]), tensor([opset < 21 ? G : G * C]), tensor([opset < 21 ? G : G * C])];
  const node: OnnxCase = {
    name,
    op: "GroupNormalization",
    opset: [["", opset]],
    attributes: { num_groups: G },
    inputs: Object.fromEntries([named("x", x), named("scale", gain), named("bias", bias)]),
    outputs: Object.fromEntries([empty("y")]),
  };
  return verify(node, (r) => ({
    y: x.values.map((v, n) => {
      const group = Math.floor(n / (C * P));
      const [centre, scale] = moments(r, x.values.slice(group * C * P, (group + 1) * C * P), 1e-5, false);
      const at = opset < 21 ? group % G : Math.floor(n / P) % (G * C);
      return r(r(r(r(v - centre) * scale) * (gain.values[at] ?? NaN)) + (bias.values[at] ?? NaN));
    }),
  }));
};

/** Groups of one channel each. */
const instanceCase = ({ opset, name }: (typeof groupCases)[number]): Promise<void> => {
  const { tensor } = makerFrom(opset);
  const [N, C, P] = [2, 3, 7];
  const [x, gain, bias] = [tensor([N, C, P]), tensor([C]), tensor([C])];
  const node: OnnxCase = {
    name,
    op: "InstanceNormalization",
    opset: [["", opset]],
    attributes: { epsilon: 0.01 },
    inputs: Object.fromEntries([named("x", x), named("s", gain), named("bias", bias)]),
    outputs: Object.fromEntries([empty("y")]),
  };
  return verify(node, (r) => ({
    y: x.values.map((v, n) => {
      const row = Math.floor(n / P);
      const [centre, scale] = moments(r, x.values.slice(row * P, (row + 1) * P), 0.01, false);
      return r(r(r(r(v - centre) * scale) * (gain.values[row % C] ?? NaN)) + (bias.values[row % C] ?? NaN));
    }),
  }));
};

const softmaxCases = ["Softmax", "LogSoftmax"].flatMap((op) =>
  [
    { opset: 11, attributes: {}, J: 12, C: 1 },
    { opset: 11, attributes: { axis: 2 }, J: 4, C: 1 },
    { opset: 13, attributes: {}, J: 4, C: 1 },
    { opset: 13, attributes: { axis: 1 }, J: 3, C: 4 },
  ].map((c) => ({ ...c, op, name: `${op}, opset ${c.opset}, ${JSON.stringify(c.attributes)}` })),
);
const softmaxCase = ({ op, opset, attributes, J, C, name }: (typeof softmaxCases)[number]): Promise<void> => {
  const { tensor } = makerFrom(opset);
  const x = tensor([2, 3, 4]);
  const node: OnnxCase = {
    name,
    op,
    opset: [["", opset]],
    attributes,
    inputs: Object.fromEntries([named("x", x)]),
    outputs: Object.fromEntries([empty("y")]),
  };
  return verify(node, (r) => ({
    y: x.values.map((v, n) => {
      const start = Math.floor(n / (J * C)) * J * C + (n % C);
      const row = Array.from({ length: J }, (_, j) => x.values[start + j * C] ?? NaN);
      const top = Math.max(...row);
      const total = row.reduce((sum, y) => r(sum + r(Math.exp(r(y - top)))), 0);
      return op === "Softmax" ? r(r(Math.exp(r(v - top))) / total) : r(r(v - top) - r(Math.log(total)));
    }),
  }));
};

const each = <C extends { readonly name: string }>(cases: readonly C[], run: (c: C) => Promise<void>): void =>
  test.skipIf(!swiftshader.available).each(cases.map((c) => [c.name, c] as const))("%s", (_, c) => run(c));

describe("Attention", () => each(attentionCases, attentionCase));
describe("LinearAttention", () => each(linearCases, linearCase));
describe("RotaryEmbedding", () => each(rotaryCases, rotaryCase));
describe("gains that broadcast", () => each(gainCases, gainCase));
describe("GroupNormalization", () => each(groupCases, groupCase));
describe("InstanceNormalization", () => each(groupCases, instanceCase));
describe("Softmax before and after opset 13", () => each(softmaxCases, softmaxCase));
