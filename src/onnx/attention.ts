/** Attention, FlexAttention and LinearAttention. */
import { hasErrors } from "../base/diagnostic.ts";
import type { OnnxTensorType } from "./node.ts";
import { fault, givenFor, inputOf, matchShapes, numberOf, storageOf, type Read, type Sizes } from "./read.ts";
import { from, given, into, ZEROS, type Chooser, type Step } from "./step.ts";

const shapeFault = (r: Read, message: string): null => {
  r.faults.push(fault("TFX6105", message));
  return null;
};

/** Splits the last dim of an input into heads. */
const split = (r: Read, input: string, width: number, heads: number, attribute: string): number => {
  if (heads > 0 && width % heads === 0) return width / heads;
  shapeFault(r, `the last dim of \`${input}\` of \`${r.op}\` is ${width}, no multiple of \`${attribute}\` ${heads}`);
  return 0;
};

/** The names of query, key and value; of 3-D ones the heads are factors of the last dim. */
type Triple = readonly [q: string, k: string, v: string];

/** B, H, G, R, N, M, D, E; null with a fault. */
const headSizes = (r: Read, [q, k, v]: Triple, more: Readonly<Record<string, readonly string[]>>): Sizes | null => {
  const flat = inputOf(r, q).shape.length === 3;
  const sizes: Sizes = {};
  if (flat) {
    for (const name of ["q_num_heads", "kv_num_heads"])
      if (!r.attributes.has(name))
        r.faults.push(fault("TFX6103", `\`${r.op}\` needs the attribute \`${name}\` where its inputs have 3 dims`));
    if (hasErrors(r.faults)) return null;
    [sizes["H"], sizes["G"]] = [numberOf(r, "q_num_heads", 1), numberOf(r, "kv_num_heads", 1)];
    const last = (name: string): number => inputOf(r, name).shape.at(-1) ?? 0;
    sizes["D"] = split(r, q, last(q), sizes["H"], "q_num_heads");
    sizes["E"] = split(r, v, last(v), sizes["G"], "kv_num_heads");
    sizes["G D"] = sizes["G"] * sizes["D"];
  }
  const dims = flat
    ? { [q]: ["B", "N", "H D"], [k]: ["B", "M", "G D"], [v]: ["B", "M", "G E"] }
    : { [q]: ["B", "H", "N", "D"], [k]: ["B", "G", "M", "D"], [v]: ["B", "G", "M", "E"] };
  if (!matchShapes(r, { ...dims, ...more }, sizes)) return null;
  const { H = 0, G = 0 } = sizes;
  if (!(G > 0 && H % G === 0))
    return shapeFault(r, `${H} query heads of \`${r.op}\` are no multiple of ${G} key heads`);
  for (const [name, heads] of [
    ["q_num_heads", H],
    ["kv_num_heads", G],
  ] as const)
    if (numberOf(r, name, heads) !== heads)
      return shapeFault(
        r,
        `the attribute \`${name}\` of \`${r.op}\` is ${numberOf(r, name, heads)}, but the shapes say ${heads}`,
      );
  return { ...sizes, R: H / G };
};

const at = (sizes: Sizes, names: readonly string[]): Sizes => Object.fromEntries(names.map((n) => [n, sizes[n] ?? 0]));
const shaped = (type: string, sizes: Sizes, names: readonly string[]): OnnxTensorType => ({
  type: givenFor(type),
  shape: names.map((n) => n.split(" ").reduce((x, s) => x * (sizes[s] ?? 0), 1)),
});
const ifGiven = (r: Read, attribute: string): Readonly<Record<string, number>> =>
  r.attributes.has(attribute) ? { [attribute]: numberOf(r, attribute, 0) } : {};

/** The dims of attn_mask from the right, each 1 or as large as what it stands beside; the last may be shorter. */
const maskSizes = (r: Read, sizes: Sizes, keys: number): Sizes | null => {
  const mask = r.inputs.get("attn_mask");
  if (mask === undefined) return {};
  const shape = [1, 1, 1, 1, ...mask.shape].slice(-4);
  const full = [sizes["B"] ?? 0, sizes["H"] ?? 0, sizes["N"] ?? 0, keys];
  const fits = shape.every((n, d) => n === full[d] || n === 1 || (d === 3 && n < keys));
  if (mask.shape.length === 0 || mask.shape.length > 4 || !fits)
    return shapeFault(
      r,
      `\`attn_mask\` of shape [${mask.shape.join(", ")}] does not broadcast to [${full.join(", ")}]`,
    );
  return Object.fromEntries(["MB", "MH", "MI", "MJ"].map((n, d) => [n, shape[d] ?? 1]));
};

export const attention: Chooser = (r) => {
  const has = (name: string): boolean => r.inputs.has(name) || r.wanted.has(name);
  const isNonpad = has("nonpad_kv_seqlen");
  const odd = ["past_key", "past_value", "present_key", "present_value"].find(has);
  if (isNonpad && odd !== undefined) {
    r.faults.push(fault("TFX6104", `\`Attention\` has \`nonpad_kv_seqlen\` and \`${odd}\`: the operator forbids it`));
    return null;
  }
  if (r.inputs.has("past_key") !== r.inputs.has("past_value")) {
    r.faults.push(fault("TFX6104", "`Attention` has one of `past_key` and `past_value` without the other"));
    return null;
  }
  const past = { past_key: ["B", "G", "P", "D"], past_value: ["B", "G", "P", "E"] };
  const sizes = headSizes(r, ["Q", "K", "V"], { ...past, nonpad_kv_seqlen: ["B"] });
  if (sizes === null) return null;
  // With nothing before the new keys, `present` is a copy of them: a cache of length 0.
  const P = (sizes["P"] ??= 0);
  const total = P + (sizes["M"] ?? 0);
  const masks = maskSizes(r, sizes, total);
  if (masks === null) return null;
  const isPast = has("past_key") || has("present_key") || has("present_value");
  const mask = r.inputs.get("attn_mask");
  const isFlat = inputOf(r, "Q").shape.length === 3;
  const scores = r.wanted.has("qk_matmul_output");
  const file = `attention${isFlat ? "_3d" : ""}${isPast ? "_past" : isNonpad ? "_nonpad" : ""}`;
  const { type } = inputOf(r, "Q");
  const step: Step = {
    file: `onnx/${file}`,
    kernel: `${file}${mask === undefined ? "" : mask.type === "bool" ? "_mask" : "_bias"}${scores ? "_qk" : ""}`,
    sizes: { ...at(sizes, ["B", "G", "R", "N", "M", "D", "E"]), ...masks, ...(isPast ? { P } : {}) },
    known: ["G", "R", "D", "E"],
    statics: {
      is_causal: numberOf(r, "is_causal", 0),
      left: numberOf(r, "left_window_size", -1),
      right: numberOf(r, "right_window_size", -1),
      cap: numberOf(r, "softcap", 0),
      ...(scores ? { mode: numberOf(r, "qk_matmul_output_mode", 0) } : {}),
    },
    scalars: ifGiven(r, "scale"),
    types: { T: storageOf(type) },
    buffers: {
      ...given(r, ["Q", "K", "V", "attn_mask", "nonpad_kv_seqlen"]),
      ...(isPast ? { past_key: from(r, "past_key"), past_value: from(r, "past_value") } : {}),
      Y: into(r, "Y"),
      ...(isPast ? { present_key: into(r, "present_key"), present_value: into(r, "present_value") } : {}),
      ...(scores ? { qk: into(r, "qk_matmul_output") } : {}),
    },
  };
  const all = { ...sizes, J: total };
  return {
    steps: [step],
    outputs: {
      Y: shaped(type, all, isFlat ? ["B", "N", "H E"] : ["B", "H", "N", "E"]),
      present_key: shaped(type, all, ["B", "G", "J", "D"]),
      present_value: shaped(type, all, ["B", "G", "J", "E"]),
      qk_matmul_output: shaped(type, all, ["B", "H", "N", "J"]),
    },
  };
};

export const flexAttention: Chooser = (r) => {
  if (inputOf(r, "Q").shape.length !== 4)
    return shapeFault(r, "`Q` of `FlexAttention` has 4 dims: batch, heads, sequence, head");
  const sizes = headSizes(r, ["Q", "K", "V"], {});
  if (sizes === null) return null;
  const { type } = inputOf(r, "Q");
  const step: Step = {
    file: "onnx/flex_attention",
    kernel: "flex_attention",
    sizes: at(sizes, ["B", "G", "R", "N", "M", "D", "E"]),
    known: ["G", "R", "D", "E"],
    scalars: ifGiven(r, "scale"),
    types: { T: storageOf(type) },
    buffers: { ...given(r, ["Q", "K", "V"]), Y: into(r, "Y") },
  };
  return { steps: [step], outputs: { Y: shaped(type, sizes, ["B", "H", "N", "E"]) } };
};

/** Which of its inputs an update rule takes; a fault for each that is missing or too much. */
const ruleFaults = (r: Read, rule: string): void => {
  const isDelta = rule.includes("delta");
  const takes = { decay: rule.includes("gated"), beta: isDelta };
  for (const [name, isTaken] of Object.entries(takes))
    if (isTaken !== r.inputs.has(name))
      r.faults.push(
        fault("TFX6104", `the rule "${rule}" of \`${r.op}\` ${isTaken ? "needs" : "has no"} input \`${name}\``),
      );
  if (r.inputs.has("erase_gate") && !isDelta)
    r.faults.push(fault("TFX6104", `the rule "${rule}" of \`${r.op}\` has no input \`erase_gate\``));
};

export const linearAttention: Chooser = (r) => {
  const rule = String(r.attributes.get("update_rule") ?? "gated_delta");
  ruleFaults(r, rule);
  if (inputOf(r, "query").shape.length !== 3)
    return shapeFault(r, "`query` of `LinearAttention` has 3 dims: batch, sequence, heads * head");
  const more = {
    past_state: ["B", "G", "D", "E"],
    decay: ["B", "M", "decays"],
    beta: ["B", "M", "Z"],
    erase_gate: ["B", "M", "G D"],
  };
  const sizes = headSizes(r, ["query", "key", "value"], more);
  if (sizes === null || hasErrors(r.faults)) return null;
  const { G = 0, D = 0, N = 0, M = 0, decays, Z } = sizes;
  if (N !== M) return shapeFault(r, `\`query\` of \`${r.op}\` has ${N} tokens, \`key\` ${M}`);
  if (decays !== undefined && decays !== G && decays !== G * D)
    return shapeFault(r, `the last dim of \`decay\` is ${decays}, neither ${G} (heads) nor ${G * D} (heads * head)`);
  if (Z !== undefined && Z !== G && Z !== 1)
    return shapeFault(r, `the last dim of \`beta\` is ${Z}, neither ${G} (heads) nor 1`);
  const { type } = inputOf(r, "query");
  const stateType = r.inputs.get("past_state")?.type ?? type;
  const hasErase = r.inputs.has("erase_gate");
  const isRecurrent = rule !== "linear";
  // All tensors of this rule are one more than every device binds.
  const isSplit = rule === "gated_delta" && hasErase;
  const beta: Sizes = isSplit || Z === undefined ? {} : { Z };
  const name = { linear: "linear_attention", gated: "gated_linear_attention", delta: "delta_attention" }[rule];
  const terms: Step = {
    file: "onnx/linear_attention",
    kernel: "erase_terms",
    sizes: { ...at(sizes, ["B", "N", "G", "D", "E"]), Z: Z ?? 1 },
    known: ["G", "D", "E"],
    types: { T: storageOf(type) },
    buffers: {
      ...given(r, ["key", "value", "beta"]),
      erase: from(r, "erase_gate"),
      write: { kind: "between", name: "write" },
      read: { kind: "between", name: "read" },
    },
  };
  const scale = numberOf(r, "scale", 0);
  const main: Step = {
    file: "onnx/linear_attention",
    kernel: [
      name ?? "gated_delta_attention",
      decays !== undefined && decays === G && D !== 1 ? "_per_head" : "",
      hasErase ? "_erase" : "",
      !isRecurrent && r.inputs.has("past_state") ? "_past" : "",
    ].join(""),
    sizes: { ...at(sizes, ["B", "N", "G", "R", "D", "E"]), ...beta },
    known: ["G", "R", "D", "E"],
    scalars: scale === 0 ? {} : { scale },
    types: { T: storageOf(type), ...(isRecurrent || r.inputs.has("past_state") ? { S: storageOf(stateType) } : {}) },
    buffers: {
      ...given(r, ["query", "key", "decay", ...(isSplit ? [] : ["value", "beta"])]),
      ...(isSplit ? { write: { kind: "between", name: "write" }, read: { kind: "between", name: "read" } } : {}),
      ...(hasErase && !isSplit ? { erase: from(r, "erase_gate") } : {}),
      ...(r.inputs.has("past_state")
        ? { past_state: from(r, "past_state") }
        : isRecurrent
          ? { past_state: ZEROS }
          : {}),
      output: into(r, "output"),
      present_state: into(r, "present_state"),
    },
  };
  return {
    steps: isSplit ? [terms, main] : [main],
    outputs: {
      output: shaped(type, sizes, ["B", "N", "H E"]),
      present_state: shaped(stateType, sizes, ["B", "G", "D", "E"]),
    },
  };
};
