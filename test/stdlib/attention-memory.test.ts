/** Attention of the standard library over learned memory, against the papers' formulas. */
import { describe } from "vitest";
import * as memory from "./oracles/memory.ts";
import { calls, given, selfCalls } from "./oracles/runs.ts";
import type { Case } from "./oracles/run.ts";
import { suite } from "./oracles/suite.ts";

const DE = { D: 6, E: 8 };
const lengths = (...of: number[]) => given("length", of);

const CASES: readonly Case[] = [
  {
    file: "attention/persistent_memory",
    kernel: "persistent_memory",
    oracle: memory.persistent,
    known: { D: 6 },
    runs: [...calls({ B: 2, H: 3, P: 5 }), { note: "no memory", sizes: { B: 1, H: 1, N: 5, M: 3, P: 0 } }],
  },
  {
    file: "attention/persistent_memory",
    kernel: "persistent_memory_relative",
    oracle: memory.persistentRelative,
    known: { D: 6 },
    runs: calls({ B: 2, H: 3, P: 5, L: 9 }, { scalars: { span: 7 } }),
  },
  {
    file: "attention/persistent_split",
    kernel: "persistent_attn_split",
    oracle: memory.attnSplit,
    known: { D: 6, P: 5 },
    runs: calls({ B: 2, H: 3 }),
  },
  {
    file: "attention/persistent_split",
    kernel: "persistent_head_split",
    oracle: memory.headSplit,
    known: { D: 6 },
    runs: calls({ B: 2, H: 3, P: 5 }, { scalars: { context: 2 } }),
  },
  {
    file: "attention/persistent_split",
    kernel: "persistent_single_head",
    oracle: memory.singleHead,
    known: { C: 18 },
    runs: [
      { note: "ragged", sizes: { B: 2, N: 19, P: 11 } },
      { note: "one vector", sizes: { B: 1, N: 3, P: 1 } },
    ],
  },
  {
    file: "attention/persistent_split",
    kernel: "feed_forward_attention",
    oracle: memory.feedForward,
    known: { C: 18 },
    runs: [{ note: "ragged", sizes: { B: 2, N: 19, P: 11 } }],
  },
  {
    file: "attention/memory_tokens",
    kernel: "memory_tokens",
    oracle: memory.memoryTokens,
    known: DE,
    runs: selfCalls({ B: 2, H: 3 }, { scalars: { memory: 5 }, inputs: lengths(9, 0) }),
  },
  {
    file: "attention/memory_tokens",
    kernel: "memory_tokens_causal",
    oracle: memory.memoryTokensCausal,
    known: DE,
    runs: selfCalls({ B: 2, H: 3 }, { scalars: { memory: 3 }, inputs: lengths(9, 0) }),
  },
  {
    file: "attention/memory_ctrl",
    kernel: "memory_ctrl",
    oracle: memory.memoryCtrl,
    known: DE,
    runs: [
      { note: "ragged", sizes: { B: 2, H: 3, P: 5, N: 19 }, inputs: lengths(9, 0) },
      { note: "one of each", sizes: { B: 1, H: 1, P: 1, N: 1 }, inputs: lengths(1) },
    ],
  },
  {
    file: "attention/memory_bottleneck",
    kernel: "memory_write",
    oracle: memory.memoryWrite,
    known: DE,
    runs: [{ note: "ragged", sizes: { B: 2, H: 3, P: 5, N: 19 }, inputs: lengths(9, 0) }],
  },
  {
    file: "attention/memory_bottleneck",
    kernel: "memory_read",
    oracle: memory.memoryRead,
    known: DE,
    runs: [
      { note: "ragged", sizes: { B: 2, H: 3, P: 5, N: 19 } },
      { note: "no memory", sizes: { B: 1, H: 1, P: 0, N: 3 } },
    ],
  },
];

describe("memory", () => suite(CASES, ["persistent_memory"]));
