/** What names stand for while an expression is checked. */
import type { Expr, Fn, Kernel, Program } from "../parser/ast.ts";
import type { SizeExpr } from "../base/size.ts";
import type { Diagnostic } from "../base/diagnostic.ts";
import type { Span } from "../base/span.ts";
import type { AxisId, SExpr, SType } from "./spec.ts";
import type { StorageType } from "../base/storage-type.ts";

/** A `fn`; `broken` once its definition has an error, which silences its calls. */
export type FnDef = { readonly fn: Fn; readonly module: Module; broken: boolean };
export type ModuleItem =
  { readonly kind: "fn"; readonly def: FnDef } | { readonly kind: "kernel"; readonly kernel: Kernel };

/** A file with the functions that are visible in it: its own, the imported, and (one level out) those of the prelude. */
export type Module = {
  readonly file: string;
  readonly program: Program;
  /** Its own items. */
  readonly own: Map<string, ModuleItem>;
  /** Names that `use` brought in; null: the import failed, and was reported. */
  readonly imported: Map<string, ModuleItem | null>;
  prelude: Module | null;
};

/** The function or kernel a name stands for; undefined: none; null: an import that failed. */
export const findItem = (module: Module, name: string): ModuleItem | null | undefined => {
  const own = module.own.get(name) ?? module.imported.get(name);
  return own === undefined ? module.prelude?.own.get(name) : own;
};

/** The names of all functions that can be called in a module, but for the built-in ones. */
export const functionNames = (module: Module): string[] =>
  [...module.own, ...module.imported, ...(module.prelude?.own ?? [])].flatMap(([name, item]) =>
    item?.kind === "fn" ? [name] : [],
  );

/** Dimensions of something that can be read by position: each one axis, or several for a product. */
export type Dims = readonly (readonly AxisId[])[];

export type What = "tensor" | "scalar" | "size" | "let" | "result" | "parameter";

/** What a name stands for. `expr` null: its definition has an error that was reported. */
export type Binding =
  | {
      readonly kind: "value";
      readonly what: What;
      readonly expr: SExpr | null;
      readonly dims: Dims | null;
      readonly span: Span | null;
    }
  /** An index; `from` is the first value of a range (`u: 1..W`). `id` null: its declaration has an error. */
  | { readonly kind: "axis"; readonly id: AxisId | null; readonly from: SExpr | null; readonly span: Span | null }
  /** A `let` inside its own definition, which `prev` may read. */
  | { readonly kind: "state"; readonly state: OwnState; readonly span: Span }
  /** A result before its assignment. */
  | { readonly kind: "unassigned"; readonly span: Span };

/** The `let` whose value is being checked. */
export type OwnState = {
  readonly id: number;
  readonly name: string;
  /** The indices in its brackets; null: it has none. */
  readonly listed: readonly AxisId[] | null;
  /** The index it runs along, once a `prev` said so. */
  axis: AxisId | null;
  /** Its brackets have an error that was reported. */
  readonly failed: boolean;
};

export type Scope = Map<string, Binding>;

/** An axis while its kernel is checked. */
export type AxisInfo = {
  readonly id: AxisId;
  readonly name: string;
  readonly size: SizeExpr;
  parts: readonly AxisId[] | null;
  readonly span: Span;
};

/** What a kernel's check collects. */
export type Builder = {
  readonly axes: AxisInfo[];
  /** Types of the scalars that may stand in sizes and elsewhere. */
  readonly scalars: Map<string, string>;
  readonly typeVars: Map<string, readonly StorageType[]>;
  readonly report: (d: Diagnostic) => void;
  /** States so far: `let`s that may read themselves. */
  states: number;
  /** Calls inlined so far. */
  inlined: number;
  /** How many expressions are open, through all inlined calls. */
  depth: number;
};

/** Where an expression is checked: in a kernel's body, or in an inlined function's. */
export type Cx = {
  readonly builder: Builder;
  readonly module: Module;
  readonly scope: Scope;
  /** Inside an inlined function: its name, and the call in the kernel that it came from. */
  readonly inlined: { readonly fn: string; readonly call: Span } | null;
  /** `checkExpr`: an expression holds calls and reads, which hold expressions. */
  readonly checkExpr: (cx: Cx, e: Expr) => SExpr | null;
};

/** Checks a part of the expression at hand; null after an error, which has been reported. */
export const checkPart = (cx: Cx, e: Expr): SExpr | null => cx.checkExpr(cx, e);

/** Reports a message. Inside an inlined function it points to the user's call, with the function's line as a second frame. */
export const report = (cx: Cx, found: Diagnostic): null => {
  const { inlined } = cx;
  if (inlined === null) {
    cx.builder.report(found);
  } else {
    // An edit of the function would be an edit for all its callers.
    const { fix: _, ...d } = found;
    const inside = {
      span: d.primary.span,
      text: d.primary.text === "" ? `in \`${inlined.fn}\`` : `in \`${inlined.fn}\`: ${d.primary.text}`,
    };
    cx.builder.report({ ...d, primary: { span: inlined.call, text: "" }, related: [inside, ...d.related] });
  }
  return null;
};

/** The span that the checked expression of a piece of source carries. */
export const spanIn = (cx: Cx, span: Span): Span => cx.inlined?.call ?? span;

/** The name of an axis, for messages. */
export const axisName = (cx: Cx, id: AxisId): string => cx.builder.axes[id]?.name ?? "?";
export const axisNames = (cx: Cx, ids: readonly AxisId[]): string[] => ids.map((id) => axisName(cx, id));

/** The names of the indices that are visible. */
export const visibleIndices = (cx: Cx): string[] =>
  [...cx.scope].flatMap(([name, b]) => (b.kind === "axis" ? [name] : []));

/** Adds an axis. */
export const addAxis = (builder: Builder, name: string, size: SizeExpr, span: Span): AxisInfo => {
  const axis: AxisInfo = { id: builder.axes.length, name, size, parts: null, span };
  builder.axes.push(axis);
  return axis;
};

/** The arithmetic type of a storage type; type variables are float. */
export const typeOfStorage = (dtype: string): SType => {
  if (dtype === "bool") return "bool";
  return /^[iu]\d+$/.test(dtype) ? "int" : "float";
};

/** How a type is called in messages. */
export const describeType = (t: SType): string =>
  t === "float" ? "a float" : t === "int" ? "an integer" : "a condition";
