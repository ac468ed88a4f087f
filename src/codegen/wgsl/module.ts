/**
 * A WGSL module as data: names are final, nothing is decided after this; `print.ts` turns it into text.
 */

import type { Origin } from "../../base/span.ts";

/** `text` is a name or a literal. Parentheses are the printer's business. */
export type WExpr =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "call"; readonly fn: string; readonly args: readonly WExpr[] }
  | { readonly kind: "unary"; readonly op: "-" | "!"; readonly a: WExpr }
  | { readonly kind: "binary"; readonly op: WBinary; readonly a: WExpr; readonly b: WExpr }
  | { readonly kind: "index"; readonly a: WExpr; readonly index: WExpr }
  | { readonly kind: "member"; readonly a: WExpr; readonly name: string };

export type WBinary =
  "*" | "/" | "%" | "+" | "-" | "<<" | ">>" | "<" | "<=" | ">" | ">=" | "==" | "!=" | "&" | "|" | "&&" | "||";

export type WStmt = { readonly origin?: Origin } & (
  | { readonly kind: "let"; readonly name: string; readonly value: WExpr }
  /** `type` is null when `value` says it. */
  | { readonly kind: "var"; readonly name: string; readonly type: string | null; readonly value: WExpr | null }
  | { readonly kind: "assign"; readonly to: WExpr; readonly value: WExpr }
  | { readonly kind: "if"; readonly cond: WExpr; readonly then: readonly WStmt[]; readonly else: readonly WStmt[] }
  | {
      readonly kind: "for";
      readonly name: string;
      readonly from: WExpr;
      readonly to: WExpr;
      readonly step: WExpr;
      readonly body: readonly WStmt[];
    }
  | { readonly kind: "return" }
  | { readonly kind: "call"; readonly fn: string }
  | { readonly kind: "comment"; readonly text: string }
);

export type WBinding = {
  readonly binding: number;
  readonly name: string;
  readonly access: "read" | "read_write";
  readonly type: string;
  readonly origin: Origin;
};

/** `origin`, here and above: the expressions of the source that the lines are of. */
export type WEntry = {
  readonly origin: Origin;
  readonly name: string;
  readonly doc: readonly string[];
  readonly workgroupSize: number;
  /** `@builtin(builtin) name: type` */
  readonly inputs: readonly { readonly builtin: string; readonly name: string; readonly type: string }[];
  readonly workgroup: readonly { readonly name: string; readonly type: string; readonly origin: Origin }[];
  readonly body: readonly WStmt[];
};

export type WgslModule = {
  readonly origin: Origin;
  readonly header: readonly string[];
  /** WebGPU features that the device must have. */
  readonly features: readonly string[];
  readonly enables: readonly string[];
  /** Fields of the uniform struct at binding 0, 4 bytes each, by the name of the program's uniform; none: no struct. */
  readonly params: readonly {
    readonly uniform: string;
    readonly name: string;
    readonly type: "i32" | "u32" | "f32";
    readonly origin: Origin;
  }[];
  readonly paramsName: { readonly struct: string; readonly variable: string };
  readonly bindings: readonly WBinding[];
  /** Text of the helper functions that the entries call, and what they are called for. */
  readonly helpers: readonly { readonly text: string; readonly origin: Origin }[];
  readonly entries: readonly WEntry[];
};

export const text = (t: string): WExpr => ({ kind: "text", text: t });
export const call = (fn: string, ...args: readonly WExpr[]): WExpr => ({ kind: "call", fn, args });
export const bin = (op: WBinary, a: WExpr, b: WExpr): WExpr => ({ kind: "binary", op, a, b });
