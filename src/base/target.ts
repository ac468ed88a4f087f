/**
 * What a device can do and what things cost on it, as data. The planner reads nothing else about hardware.
 */
export type Target = {
  readonly name: string;
  /** maxComputeWorkgroupStorageSize, bytes. */
  readonly workgroupBytes: number;
  /** maxComputeInvocationsPerWorkgroup. */
  readonly invocations: number;
  /** Sizes that a subgroup may have; null: no subgroup operations. */
  readonly subgroups: { readonly min: number; readonly max: number } | null;
  readonly f16: boolean;
  /** maxStorageBuffersPerShaderStage. */
  readonly storageBuffers: number;
  /** maxStorageBufferBindingSize, bytes. */
  readonly bindingBytes: number;
  /** Which `enable` lines the WGSL front end wants: naga has the subgroup builtins but refuses `enable subgroups;`. */
  readonly dialect: "tint" | "naga";
  /** A CPU adapter (isFallbackAdapter): barriers are dear there, uncoalesced rows are cheap. */
  readonly software: boolean;
  /**
   * Workgroups of 64 lanes that keep the device busy; with fewer rows a long stream is cut into parts. WebGPU does not tell the
   * number of multiprocessors: see `GPU_GROUPS`. 1 on a CPU adapter, where a merge costs more than an idle thread.
   */
  readonly parallelGroups: number;
};

/**
 * Four workgroups on each of 32 multiprocessors: the middle of what GPUs with WebGPU have (Apple M1 8, M1 Max 32, GeForce RTX 3060
 * 28, RTX 4090 128, by the vendors' data sheets), and enough of them to hide latency of memory. Not measured.
 */
export const GPU_GROUPS = 128;

/** What every WebGPU device has. */
export const BASELINE: Target = {
  name: "baseline",
  workgroupBytes: 16384,
  invocations: 256,
  subgroups: null,
  f16: false,
  storageBuffers: 8,
  bindingBytes: 134217728,
  dialect: "tint",
  software: false,
  parallelGroups: GPU_GROUPS,
};

/** Targets by name, for `--target` and for the tests that compile every kernel for each. */
export const TARGETS: Readonly<Record<string, Target>> = {
  baseline: BASELINE,
  subgroups: { ...BASELINE, name: "subgroups", subgroups: { min: 4, max: 128 } },
  f16: { ...BASELINE, name: "f16", f16: true },
  "subgroups-f16": { ...BASELINE, name: "subgroups-f16", subgroups: { min: 4, max: 128 }, f16: true },
  "32k": { ...BASELINE, name: "32k", workgroupBytes: 32768 },
  software: { ...BASELINE, name: "software", workgroupBytes: 32768, software: true, parallelGroups: 1 },
  "software-subgroups": {
    ...BASELINE,
    name: "software-subgroups",
    workgroupBytes: 32768,
    software: true,
    parallelGroups: 1,
    subgroups: { min: 4, max: 4 },
  },
};
