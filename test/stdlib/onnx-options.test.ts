/**
 * All kernels of std/onnx at options that the ONNX cases do not have, against the operators' definitions: every combination of
 * layout, cache and mask for Attention, with and without scores (all modes of these with TFX_ALL_STACKS=1), every rule, decay
 * and gate for LinearAttention, both layouts of RotaryEmbedding.
 */
import { describe, expect, test } from "vitest";
import { compare } from "../../src/cli/accuracy.ts";
import { stacks, type Stack } from "../gpu/stacks.ts";
import { randomFrom } from "../numeric/harness.ts";
import { adapt } from "./onnx-adapter.ts";
import type { OnnxCase, OnnxTensor } from "./onnx-cases.ts";
import { runCall } from "./onnx-run.ts";
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

/** Runs what the adapter chooses for a node, and compares with an oracle over a rounding function. */
const verify = async (c: OnnxCase, oracle: (r: Round) => Readonly<Record<string, Row>>): Promise<void> => {
  const call = adapt(c);
  if ("skip" in call) throw new Error(call.skip);
  const found = await runCall(c, call, swiftshader);
  const [exact, naive] = [oracle((x) => x), oracle(Math.fround)];
  for (const [kernel, node] of Object.entries(call.outputs)) {
    const reference = Float64Array.from(exact[node] ?? []);
    const a = compare(node, found[kernel] ?? [], reference, naive[node] ?? [], { isF16: false, isExact: false });
    expect(a, `${node}: error ${a.error}, naive f32 ${a.naive}, allowed ${a.allowed}`).toMatchObject({ ok: true });
  }
};

const LAYOUTS = ["4d", "3d"];
const CACHES = ["none", "past", "nonpad"];
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
    outputs: Object.fromEntries([empty("Y"), ...(o.mode < 0 ? [] : [empty("qk_matmul_output")])]),
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

const each = <C extends { readonly name: string }>(cases: readonly C[], run: (c: C) => Promise<void>): void =>
  test.skipIf(!swiftshader.available).each(cases.map((c) => [c.name, c] as const))("%s", (_, c) => run(c));

describe("Attention", () => each(attentionCases, attentionCase));
describe("LinearAttention", () => each(linearCases, linearCase));
describe("RotaryEmbedding", () => each(rotaryCases, rotaryCase));
