/**
 * Tile IR: **where and when**. A structured imperative program that every lane of a workgroup runs: expressions are pure,
 * statements have the effects. Loops are already split, unrolled and guarded; registers are named variables; WGSL is one
 * small step away. Every kind of schedule (workgroup tiles, a row a lane, subgroup broadcast, split streams) is said in it.
 */
import type { BinaryOp, UnaryOp } from "../../base/operators.ts";
import type { Origin } from "../../base/span.ts";
import type { SizeExpr } from "../../base/size.ts";

export type Elem = "f32" | "f16" | "i32" | "u32" | "bool";
/** A scalar (width 1) or a short vector. */
export type VType = { readonly elem: Elem; readonly width: 1 | 2 | 4 };

/**
 * A global buffer (a tensor, or scratch between kernels) or a workgroup array. `type` is the element type as bound: a `vec4`
 * buffer has a quarter of the elements (a kernel that reads it one number at a time binds it as numbers). Storage loads of f16 give f16; convert with `cast`. Packed i8/u8/i4/u4 are bound as u32.
 * Workgroup buffers have `length` elements; storage buffers are runtime-sized (`length` null).
 */
export type Buffer = {
  readonly name: string;
  readonly space: "storage" | "workgroup";
  readonly access: "read" | "read_write";
  readonly type: VType;
  readonly length: number | null;
};

/** Conversions are casts here. */
export type TUnary = Exclude<UnaryOp, "float" | "int">;
/** `/` and `%` on i32 truncate (operands known to be >= 0); `floordiv`/`floormod` floor. `and`/`or` on bools; `bitand` `shr` `shl` on u32. */
export type TBinary = BinaryOp | "floordiv" | "floormod" | "bitand" | "shr" | "shl";

/**
 * Expressions. Arithmetic is componentwise on vectors; a scalar beside a vector is splatted first with `splat`.
 * `tanh` and `exp` are total: any finite argument gives a finite or zero/infinite result, never NaN.
 */
export type Expr = { readonly type: VType } & (
  | { readonly kind: "lit"; readonly value: number }
  /** Negative or positive infinity made from bits at run time, for results only. */
  | { readonly kind: "infinity"; readonly sign: 1 | -1 }
  /** A `let`, `var` or loop variable. */
  | { readonly kind: "ref"; readonly name: string }
  /** A field of the uniform struct: a size (i32) or a scalar parameter. */
  | { readonly kind: "uniform"; readonly name: string }
  /** lane: index in the workgroup; group: linear index of the workgroup; both i32. */
  | { readonly kind: "builtin"; readonly name: "lane" | "group" | "subgroup_lane" | "subgroup_size" }
  | { readonly kind: "load"; readonly buffer: string; readonly index: Expr }
  /** An element of a private array. */
  | { readonly kind: "element"; readonly array: string; readonly index: Expr }
  | { readonly kind: "unary"; readonly op: TUnary; readonly a: Expr }
  | { readonly kind: "binary"; readonly op: TBinary; readonly a: Expr; readonly b: Expr }
  | { readonly kind: "select"; readonly cond: Expr; readonly a: Expr; readonly b: Expr }
  /** Conversion by value (f16 -> f32, i32 -> f32, f32 -> i32 truncating, bool -> f32, …). */
  | { readonly kind: "cast"; readonly a: Expr }
  /** The same bits as another 32-bit type. */
  | { readonly kind: "bitcast"; readonly a: Expr }
  | { readonly kind: "splat"; readonly a: Expr }
  | { readonly kind: "vector"; readonly parts: readonly Expr[] }
  | { readonly kind: "component"; readonly a: Expr; readonly at: number }
  | { readonly kind: "dot"; readonly a: Expr; readonly b: Expr }
  | { readonly kind: "fma"; readonly a: Expr; readonly b: Expr; readonly c: Expr }
  /** Cross-lane, in uniform control flow only. `shuffle`: the value of lane `lane`; `broadcast`: `lane` is a literal. */
  | {
      readonly kind: "subgroup";
      readonly op: "shuffle" | "broadcast" | "shuffleXor" | "add" | "max" | "min";
      readonly a: Expr;
      readonly lane: Expr | null;
    }
);

export type Stmt =
  | { readonly kind: "let"; readonly name: string; readonly value: Expr }
  | { readonly kind: "var"; readonly name: string; readonly type: VType; readonly init: Expr | null }
  /** A private array; `init` fills it. */
  | {
      readonly kind: "array";
      readonly name: string;
      readonly type: VType;
      readonly length: number;
      readonly init: Expr | null;
    }
  | { readonly kind: "set"; readonly name: string; readonly value: Expr }
  | { readonly kind: "setElement"; readonly array: string; readonly index: Expr; readonly value: Expr }
  /** To a storage or workgroup buffer; the value has the buffer's element type. */
  | { readonly kind: "store"; readonly buffer: string; readonly index: Expr; readonly value: Expr }
  | { readonly kind: "if"; readonly cond: Expr; readonly then: readonly Stmt[]; readonly else: readonly Stmt[] }
  /** `for (var name = from; name < to; name += step)`, i32; `to` is evaluated on each turn, `step` > 0. */
  | {
      readonly kind: "for";
      readonly name: string;
      readonly from: Expr;
      readonly to: Expr;
      readonly step: Expr;
      readonly body: readonly Stmt[];
    }
  | { readonly kind: "barrier" }
  | { readonly kind: "comment"; readonly text: string };

/** One dispatch. */
export type TileKernel = {
  /** A WGSL identifier; the entry point. */
  readonly name: string;
  /** Lines of the comment above the entry point: what it computes, the passes, the schedule. */
  readonly doc: readonly string[];
  readonly lanes: number;
  /** Number of workgroups, over the size symbols. */
  readonly groups: SizeExpr;
  readonly workgroup: readonly Buffer[];
  readonly body: readonly Stmt[];
  /** What the kernel writes, in the source. */
  readonly origin: Origin;
  /** Of each name that the body makes (lets, variables, arrays, loop indices, workgroup buffers) and of each tensor that it stores. */
  readonly origins: ReadonlyMap<string, Origin>;
};

/** All dispatches of one artifact, in order. Storage buffers and uniforms are shared by the kernels. */
export type TileProgram = {
  readonly name: string;
  readonly doc: string;
  readonly storage: readonly Buffer[];
  readonly uniforms: readonly { readonly name: string; readonly type: VType }[];
  readonly kernels: readonly TileKernel[];
  /** The kernel in the source. */
  readonly origin: Origin;
  /** Where tensors, sizes and scalars are declared. */
  readonly declared: ReadonlyMap<string, Origin>;
};

export const F32: VType = { elem: "f32", width: 1 };
export const F16: VType = { elem: "f16", width: 1 };
export const I32: VType = { elem: "i32", width: 1 };
export const U32: VType = { elem: "u32", width: 1 };
export const BOOL: VType = { elem: "bool", width: 1 };
export const VEC4: VType = { elem: "f32", width: 4 };
