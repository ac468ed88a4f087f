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
};

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
};

/** Targets by name, for `--target` and for the tests that compile every kernel for each. */
export const TARGETS: Readonly<Record<string, Target>> = {
  baseline: BASELINE,
  subgroups: { ...BASELINE, name: "subgroups", subgroups: { min: 4, max: 128 } },
  f16: { ...BASELINE, name: "f16", f16: true },
  "subgroups-f16": { ...BASELINE, name: "subgroups-f16", subgroups: { min: 4, max: 128 }, f16: true },
  "32k": { ...BASELINE, name: "32k", workgroupBytes: 32768 },
  software: { ...BASELINE, name: "software", workgroupBytes: 32768, software: true },
  "software-subgroups": { ...BASELINE, name: "software-subgroups", workgroupBytes: 32768, software: true, subgroups: { min: 4, max: 4 } },
};
