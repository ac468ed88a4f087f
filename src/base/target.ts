/**
 * What a device can do and what pays on it, as data. The planner reads nothing else about hardware.
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
  readonly tuning: Tuning;
};

/** Numbers of features, both ends included; null: none. */
export type Features = { readonly from: number; readonly to: number } | null;

/** Numbers of a tile (`TilesSchedule` says what is done with them). */
export type TileNumbers = {
  readonly lanes: number;
  /** Lanes side by side along a row: a tile is as many times `cells` wide. */
  readonly lanesPerRow: number;
  readonly rowsPerLane: number;
  readonly cells: number;
  readonly chunk: number;
  readonly slice: number;
  /** Of a matrix product: columns of a workgroup. Else rows have all their features in one. */
  readonly columns?: number;
};

/** Tiles with lanes in two dimensions. `registers`: numbers that a lane may hold. `shapes`, `products`, `few`: the best first; the first that fits is taken. */
export type Tiles = {
  readonly registers: number;
  readonly shapes: readonly TileNumbers[];
  /** The same of matrix products, with columns. */
  readonly products: readonly TileNumbers[];
  /** The same of the few rows that share cells where heads that decode are grouped: lanes side by side along the cells, the fewest rows first. */
  readonly few: readonly TileNumbers[];
} | null;

/** What pays on a kind of device, none of which WebGPU tells. */
export type Tuning = {
  /** Workgroups of 64 lanes that keep the device busy; with fewer rows a long stream is cut into parts. 1: it is never cut. */
  readonly parallelGroups: number;
  /** Lanes of a workgroup where each owns rows of several features. */
  readonly rowLanes: number;
  /** Features between which such a lane owns two rows: what streams by broadcast, or by each lane's own loads. */
  readonly twoRows: { readonly broadcast: Features; readonly direct: Features };
  /** Rows of a workgroup up to which all its lanes share each of them. */
  readonly fewRows: number;
  /** Lanes that read side by side are served together: the lanes of a row share it. Else each lane walks a row of its own. */
  readonly coalesces: boolean;
  /** Without subgroups what rows share is staged in workgroup memory; else each lane loads it. */
  readonly staging: boolean;
  /** Masked cells at the edges of what is visible are walked in blocks, like all others; else one by one. */
  readonly edgeBlocks: boolean;
  /** Cells of a row (vec4s, where it is walked in them) that a lane keeps in registers from pass to pass. */
  readonly heldCells: number;
  /** Recurrences of few rows are taken in chunks that are walked side by side: more products, and a shorter walk. */
  readonly chunks: boolean;
  /** What is contracted over many features for rows that share cells is computed in tiles; null: never. */
  readonly tiles: Tiles;
};

/**
 * By the statistics of Mesa's compiler for AMD's RDNA3, and a model of its assembly (docs/performance.md, "Tiles"): no spills, and the larger
 * share of peak first. Mesa's compiler for NVIDIA, with 255 registers a lane, spilled where a lane held about 200 numbers and did not at 150.
 */
const GPU_TILES: Tiles = {
  registers: 150,
  shapes: [
    { lanes: 64, lanesPerRow: 8, rowsPerLane: 4, cells: 8, chunk: 16, slice: 8 },
    { lanes: 128, lanesPerRow: 8, rowsPerLane: 4, cells: 4, chunk: 16, slice: 16 },
    { lanes: 128, lanesPerRow: 8, rowsPerLane: 4, cells: 4, chunk: 16, slice: 8 },
    { lanes: 128, lanesPerRow: 16, rowsPerLane: 4, cells: 4, chunk: 16, slice: 4 },
    { lanes: 128, lanesPerRow: 16, rowsPerLane: 2, cells: 4, chunk: 16, slice: 4 },
  ],
  products: [
    { lanes: 64, lanesPerRow: 8, rowsPerLane: 8, cells: 4, chunk: 4, slice: 16, columns: 64 },
    { lanes: 64, lanesPerRow: 8, rowsPerLane: 4, cells: 4, chunk: 4, slice: 16, columns: 64 },
  ],
  few: [
    { lanes: 128, lanesPerRow: 32, rowsPerLane: 1, cells: 4, chunk: 16, slice: 4 },
    { lanes: 128, lanesPerRow: 16, rowsPerLane: 1, cells: 4, chunk: 16, slice: 4 },
    { lanes: 128, lanesPerRow: 8, rowsPerLane: 1, cells: 4, chunk: 16, slice: 4 },
  ],
};

/** A GPU. No figures of one have been taken yet: none of these numbers is measured. */
export const GPU_TUNING: Tuning = {
  // Four workgroups on each of 32 multiprocessors: the middle of what GPUs with WebGPU have (Apple M1 8, M1 Max 32, GeForce RTX 3060
  // 28, RTX 4090 128, by the vendors' data sheets), and enough of them to hide latency of memory.
  parallelGroups: 128,
  // One or two whole subgroups.
  rowLanes: 64,
  // Two rows would ask for more registers than let several workgroups run at once.
  twoRows: { broadcast: null, direct: null },
  fewRows: 16,
  coalesces: true,
  staging: true,
  // No rescaling of what is carried for each single cell.
  edgeBlocks: true,
  heldCells: 16,
  // Counted to pay (docs/theory.md, 6.1), but run on no GPU yet.
  chunks: false,
  tiles: GPU_TILES,
};

/** A CPU adapter, measured on SwiftShader (docs/performance.md, "What costs time on SwiftShader"). */
export const CPU_TUNING: Tuning = {
  // A merge costs more than an idle thread.
  parallelGroups: 1,
  // A thread runs four lanes at a time whatever the workgroup has. Not measured.
  rowLanes: 16,
  // With broadcasts two rows run 1.4 to 1.7 times as fast as one, without 1.7 to 1.9 times, at twice the code. With few features there is
  // little to share; above, the driver takes too long to compile.
  twoRows: { broadcast: { from: 32, to: 96 }, direct: { from: 0, to: 192 } },
  // One thread's lanes. Not measured.
  fewRows: 4,
  // A lane that walks a row in vec4s is 4 to 6 times as fast on LayerNorm and RMSNorm as lanes that share it and merge.
  coalesces: false,
  // Lanes that load for themselves beat tiles 1.8 times at two rows a lane, 1.1 to 1.4 times at one: a barrier is dear, the cache shares.
  staging: false,
  // Blocks written out a second time are what the driver compiles for seconds.
  edgeBlocks: false,
  // Not measured.
  heldCells: 16,
  // Few threads are kept busy by few rows.
  chunks: false,
  // What lanes exchange goes through memory, and barriers are dear.
  tiles: null,
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
  tuning: GPU_TUNING,
};

const CPU: Target = { ...BASELINE, name: "software", workgroupBytes: 32768, tuning: CPU_TUNING };

/** Targets by name, for `--target` and for the tests that compile every kernel for each. */
export const TARGETS: Readonly<Record<string, Target>> = {
  baseline: BASELINE,
  subgroups: { ...BASELINE, name: "subgroups", subgroups: { min: 4, max: 128 } },
  f16: { ...BASELINE, name: "f16", f16: true },
  "subgroups-f16": { ...BASELINE, name: "subgroups-f16", subgroups: { min: 4, max: 128 }, f16: true },
  "32k": { ...BASELINE, name: "32k", workgroupBytes: 32768 },
  software: CPU,
  "software-subgroups": { ...CPU, name: "software-subgroups", subgroups: { min: 4, max: 4 } },
};
