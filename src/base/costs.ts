/**
 * The tuned numbers of planning, schedules and lowering that no device differs in (those are `Tuning`, in `target.ts`), each with how it was
 * found. Bounds that only keep an analysis finite stand where they are used.
 */

/** Which values are made where (`ir/derive`). */
export const PLANNING = {
  /**
   * What an axis of a size that is not known counts for: longer than all that may be evaluated in place or held in registers, and its square
   * is still a number. Any such number does.
   */
  unknownSize: 1 << 20,
  /** Longest contraction that is evaluated in place for each cell. Not measured. */
  inPlace: 4096,
  /** Longest reduction over finished accumulators, behind the loop: it is written out for each row. Not measured. */
  epilogue: 160,
  /** An axis this long, or of unknown length, is a sequence: a product of two such axes is not stored. Not measured. */
  sequence: 128,
  /** Most values of a feature axis that a lane holds for a row. Not measured. */
  features: 512,
  /** The same where a cell takes nothing but a product: sharing it among features saves loads only. Not measured. */
  plainFeatures: 64,
  /** Most accumulators that one reduction may become (its rank R), each carried. Not measured. */
  rank: 4,
  /** Most terms of a body that are brought to the normal form before like ones are put together. Not measured. */
  terms: 8,
  /** Most values of a scan's state that one lane carries. Not measured. */
  state: 256,
  /** Most cells of axes that no state has (query heads that share one) written out by one lane; beyond, they are rows. Not measured. */
  sharing: 16,
  /** Most numbers that a lane may carry for a row: beyond, drivers run out of stack or take minutes to make the pipeline. */
  carried: 1536,
} as const;

/** Recurrences in chunks (`ir/derive/chunk`). None of it is measured on a GPU. */
export const CHUNKS = {
  /** Cells of a chunk, the best first: as many as tiles have rows or cells. */
  cells: [64, 32, 16],
  /** The same where each feature has a gate of its own: the scores of a cell are then walked for it alone. */
  featurewise: [32, 16],
  /** Chunks from which on they are worth their kernels. */
  least: 4,
  /** Lanes that hide the latency of a workgroup's memory: with as many rows for each the walk has work enough. */
  lanes: 64,
  /** How many times the products of the walk chunks may take. */
  work: 2,
} as const;

/** How rows and streams lie over lanes (`ir/schedule`). */
export const SCHEDULES = {
  /** What an axis of a size that is not known counts for in numbers of rows and in workgroup memory: as a large one. */
  unknownSize: 1024,
  /** Lanes of a workgroup where nothing asks for another number: one or two whole subgroups. */
  lanes: 64,
  /** Cells of the stream written out in one turn of the loop. Not measured. */
  cells: 4,
  /** Features from which on a lane carries more than registers hold: fewer cells a step, one row, single cells at the edges. Not measured. */
  manyFeatures: 192,
  /** Cells a step then. */
  cellsOfMany: 2,
  /** Subgroups at least this large share what streams: of smaller ones a broadcast saves few loads. Not measured. */
  leastSubgroup: 4,
  /** Most cells of a step whose loads go through a broadcast. Not measured: a step has four. */
  broadcastCells: 8,
  /** Most cells staged between two barriers, and the fewest that are worth two: a barrier for fewer is dearer than the loads. Not measured. */
  tile: 16,
  leastTile: 4,
  /** Workgroup memory that is left free, bytes. Not measured. */
  spareBytes: 64,
  /** Cells that a part of a stream should have at least, where the length is known: four for each of 64 lanes. Not measured. */
  partCells: 256,
  /** Features of a contraction from which on rows are computed in tiles: two chunks of them. Not measured. */
  tileFeatures: 32,
  /** Rows of a matrix product from which on tiles are taken: half of those of a tile. Not measured. */
  productRows: 32,
  /** Operations that a tile may write out: of 60 to 90 bytes of WGSL each, so that the library's longest stays below 100 KB. */
  tileOperations: 1600,
  /** Cells from which cutting is considered: four such parts. */
  longStream: 1024,
  /** Most parts: the merge reads as many states a row. Not measured. */
  parts: 16,
  /** Blocks written out in one turn of a loop, cells times rows a lane: beyond, the code is longer than drivers compile. */
  written: 64,
  /** Sums that lanes of a row bring together in one round of a merge: they take as many arrays of one element a lane. Not measured. */
  mergeRound: 8,
} as const;

/**
 * How much code a value may become when it is written out, and what is asked once for many cells (`ir/lower`).
 *
 * Code is paid for where it is compiled: SwiftShader takes about 1 s of CPU for 700 statements of vec4s (measured with
 * `npm run bench:pipelines`), a driver of a GPU less, but more than in proportion. What runs once a row (results) gains nothing from being
 * written out; the loop over the stream does, as long as what it holds stays in registers.
 */
export const CODE = {
  /** Most statements of a result that are written out for all its points; from there on, a loop over chunks of its last axis: 0.4 s. */
  result: 256,
  /** The shortest last axis of a result that a loop is considered for: four chunks. */
  resultLoop: 16,
  /**
   * Most products of vec4s that a cell of a block writes out for one contraction at all points of its local axes; beyond, a loop over these
   * points (`feature-loop.ts`).
   */
  productsOfCell: 64,
  /** Longest contraction that is written out term by term: the usual heads (64, 96, 128) are. Not measured. */
  contraction: 160,
  /** Shortest contraction whose terms are made for all cells of a row side by side: two vec4s. Not measured. */
  sideBySide: 8,
  /** Longest sum of vec4s, a term an element, that is written out. Not measured. */
  wideSum: 16,
  /** Most terms of a reduction over registers: these have no index at run time, so there is no loop. Not measured. */
  overRegisters: 1024,
  /** Cells that are classified at once where the domain looks at data: one question for as many. Not measured. */
  classified: 32,
  /** Smallest block whose table is looked at tile by tile: of smaller ones a tile would read as many entries as it has cells. */
  leastBlock: 8,
  /** After so many operations in one another one gets a name: neither recursion nor expressions become deep. Parsers have limits. */
  step: 64,
  /** Longest name before its number: derived ones (`cumsum_j_log_decay_b_h_j_all`) are sentences. */
  name: 20,
} as const;
