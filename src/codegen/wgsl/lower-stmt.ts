/** Tile IR statements to WGSL ones, each with what it comes from. */
import type { Origin } from "../../base/span.ts";
import { originsOf } from "../../ir/tile/origin.ts";
import type { Expr, Stmt } from "../../ir/tile/tile.ts";
import { type Cx, noteType } from "./cx.ts";
import { bufferElement, lowerExpr } from "./lower-expr.ts";
import { literal } from "./literal.ts";
import { type WExpr, type WStmt, call, text } from "./module.ts";
import { type Scope, declare, newScope } from "./names.ts";

/** `origins`: what the names of the kernel come from. */
export type KernelCx = Cx & { readonly origins: ReadonlyMap<string, Origin> };

/** The statements of one block, in a scope of their own. */
const lowerBlock = (body: readonly Stmt[], cx: KernelCx, parent: Scope): readonly WStmt[] =>
  lowerBody(body, cx, newScope(parent));

/** Statements with what they come from. */
export const lowerBody = (body: readonly Stmt[], cx: KernelCx, scope: Scope): readonly WStmt[] => {
  const origins = originsOf(body, cx.origins, cx.at.from);
  const around = cx.at.from;
  const out: WStmt[] = [];
  body.forEach((s, n) => {
    const from = origins[n] ?? around;
    cx.at.from = from;
    for (const w of lowerStmt(s, cx, scope)) out.push({ ...w, origin: from });
  });
  cx.at.from = around;
  return out;
};

const isZero = (e: Expr | null): boolean =>
  e === null || (e.kind === "lit" && e.value === 0 && !Object.is(e.value, -0));

const lowerArray = (s: Stmt & { readonly kind: "array" }, cx: Cx, scope: Scope): readonly WStmt[] => {
  // The initial value is lowered first: it cannot mention the array.
  const value = s.init === null ? null : lowerExpr(s.init, cx, scope);
  const name = declare(scope, s.name);
  const variable: WStmt = {
    kind: "var",
    name,
    type: `array<${noteType(s.type, cx)}, ${Math.max(1, s.length)}>`,
    value: null,
  };
  if (value === null || isZero(s.init)) return [variable];
  const inner = newScope(scope);
  const at = declare(inner, "i");
  const fill: WStmt = { kind: "assign", to: { kind: "index", a: text(name), index: text(at) }, value };
  return [
    variable,
    { kind: "for", name: at, from: text("0"), to: text(String(s.length)), step: text("1"), body: [fill] },
  ];
};

const lowerStore = (s: Stmt & { readonly kind: "store" }, cx: Cx, scope: Scope): WStmt => {
  const { at, wideBool } = bufferElement(s.buffer, s.index, cx, scope);
  const value = lowerExpr(s.value, cx, scope);
  return {
    kind: "assign",
    to: at,
    value: wideBool === null ? value : call("select", literal(0, wideBool), literal(1, wideBool), value),
  };
};

const lowerStmt = (s: Stmt, cx: KernelCx, scope: Scope): readonly WStmt[] => {
  const expr = (e: Expr): WExpr => lowerExpr(e, cx, scope);
  switch (s.kind) {
    case "let": {
      const value = expr(s.value);
      return [{ kind: "let", name: declare(scope, s.name), value }];
    }
    case "var": {
      const value = s.init === null ? null : expr(s.init);
      // A vector or typed literal tells the type; an untyped integer or float literal is i32 or f32 as written.
      return [{ kind: "var", name: declare(scope, s.name), type: value === null ? noteType(s.type, cx) : null, value }];
    }
    case "array":
      return lowerArray(s, cx, scope);
    case "set":
      return [{ kind: "assign", to: expr({ kind: "ref", name: s.name, type: s.value.type }), value: expr(s.value) }];
    case "setElement":
      return [
        {
          kind: "assign",
          to: expr({ kind: "element", array: s.array, index: s.index, type: s.value.type }),
          value: expr(s.value),
        },
      ];
    case "store":
      return [lowerStore(s, cx, scope)];
    case "if":
      return [
        { kind: "if", cond: expr(s.cond), then: lowerBlock(s.then, cx, scope), else: lowerBlock(s.else, cx, scope) },
      ];
    case "for": {
      const from = expr(s.from);
      const inner = newScope(scope);
      const name = declare(inner, s.name);
      const [to, step] = [lowerExpr(s.to, cx, inner), lowerExpr(s.step, cx, inner)];
      return [{ kind: "for", name, from, to, step, body: lowerBlock(s.body, cx, inner) }];
    }
    case "barrier":
      return [{ kind: "call", fn: "workgroupBarrier" }];
    case "comment":
      return [{ kind: "comment", text: s.text }];
  }
};
