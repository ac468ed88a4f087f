/**
 * The plan of a program: which kernels, what each streams over, in how many passes, what it carries. Still no tiles.
 */
import type { AxisId, Graph, NodeId, ReduceOp, ScanDef, Tensor } from "../graph/graph.ts";

/**
 * A sum with a factor `x + γ` beside e^γ: when the gauge grows by δ it becomes e^δ (sum + δ · companion), `companion` being the
 * accumulator of the same body without that factor (`shifted`).
 */
export type Drift = { readonly companion: NodeId; readonly shifted: NodeId };

/** A quantity carried along the stream: a reduction whose body depends on live statistics through its gauge only. */
export type Accumulator = {
  /** The reduce node. Its value is what stands here at the end of its pass. */
  readonly node: NodeId;
  readonly name: string;
  readonly op: ReduceOp;
  readonly body: NodeId;
  readonly where: NodeId | null;
  /** How many values a `kth` list keeps. */
  readonly k: number;
  /** γ: on each block the value is multiplied by exp(γ(new) - γ(old)). */
  readonly gauge: NodeId | null;
  /** The gauge is an exponent of 2 instead of e (`base2.ts`). */
  readonly base2?: boolean;
  readonly drift?: Drift;
  readonly pass: number;
  /** Free axes that are not rows (`e` of the output): one accumulator each. */
  readonly local: readonly AxisId[];
};

/** The state of an ordered scan: walked along the stream, its next value made whole from the one before. */
export type ScanState = ScanDef & {
  /** The state at its own indices. */
  readonly node: NodeId;
  /** Its axes that are not rows: the lane holds them whole. */
  readonly local: readonly AxisId[];
  /** Reductions that stand for the state of the last cell, and the pass behind which the registers give them. */
  readonly last: readonly { readonly node: NodeId; readonly pass: number }[];
};

/** A result written by the kernel: in pass `pass` cell by cell when it varies along the stream, else behind the last pass. */
export type Store = {
  readonly tensor: string;
  readonly value: NodeId;
  readonly axes: readonly AxisId[];
  readonly pass: number | null;
  /** Rows that the result lacks: those at index 0 of all of them write it. */
  readonly once?: readonly AxisId[];
};

/** Why something is as it is; shown by `tfx explain`. */
export type Note = {
  readonly kind: "pass" | "hoist" | "gauge" | "kernel" | "center" | "parts" | "scan" | "chunk";
  readonly text: string;
  readonly node: NodeId | null;
};

export type KernelPlan = {
  readonly name: string;
  /** The grid: one independent stream for each point of these axes. */
  readonly rows: readonly AxisId[];
  /** The streamed axis (several: flattened, the last the fastest); empty for an elementwise kernel. */
  readonly stream: readonly AxisId[];
  /** The axis of the parts that a stream was cut into (`split.ts`): a row of the kernel that makes them, the stream of the one that merges them. */
  readonly part: AxisId | null;
  readonly accumulators: readonly Accumulator[];
  /** States of ordered scans, those that others read first; every pass that reads one walks it from the start. */
  readonly scans: readonly ScanState[];
  readonly stores: readonly Store[];
  readonly passes: number;
  readonly notes: readonly Note[];
};

export type Plan = {
  /** Every node and axis of the plan is one of this graph: the prepared one, and what planning wrote behind it. */
  readonly graph: Graph;
  readonly kernels: readonly KernelPlan[];
  /** Tensors between kernels. */
  readonly scratch: readonly Tensor[];
  /** Names of nodes that planning rebuilt, beside those of the graph. */
  readonly names: ReadonlyMap<NodeId, string>;
};
