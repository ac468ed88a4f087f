/** Pieces of workgroup memory that all lanes fill together: vec4s of features of rows or cells, loaded ahead of their use if so wanted. */
import type { AxisId, NodeId } from "../../graph/graph.ts";
import type { Buffer, Expr, Stmt } from "../../tile/tile.ts";
import { VEC4 } from "../../tile/tile.ts";
import * as T from "../../tile/build.ts";
import type { Fixed } from "../emit.ts";
import { emit, withinNode } from "../emit.ts";
import { size as sizeOf } from "../../../base/size.ts";
import { natural } from "../grid.ts";
import { scope, type Scope } from "../scope.ts";
import { called, type TileCx } from "./context.ts";

/** `items` times `width` vec4s of one value, `stride` apart from item to item. */
export type Piece = {
  readonly node: NodeId;
  readonly axis: AxisId;
  readonly buffer: Buffer;
  readonly base: number;
  readonly items: number;
  readonly width: number;
  readonly stride: number;
};

/** What a lane loads of a piece: one vec4 for each turn. `slots`: where it goes; the last ones may lie beyond. */
type Turn = { readonly item: Expr; readonly column: Expr; readonly slot: Expr; readonly fits: Expr };

export type Stager = {
  /** Appends the loads. `at`: the scope that knows an item; `first`: the first vec4 of features. */
  readonly load: (at: (item: Expr, n: number) => Scope, first: Expr, into: Stmt[]) => void;
  readonly store: (into: Stmt[]) => void;
};

/** `held`: where registers for what is loaded ahead are declared. */
export const stager = (cx: TileCx, piece: Piece, held: Stmt[]): Stager => {
  const { em } = cx;
  const turns = turnsOf(cx, piece);
  const base = called(em, piece.node, "staged");
  const registers = turns.map(() => {
    const id = withinNode(em, piece.node, () => em.fresh(`${base}_next`));
    held.push(T.varStmt(id, VEC4, T.zero(VEC4)));
    return id;
  });
  return {
    load: (at, first, into) =>
      withinNode(em, piece.node, () =>
        turns.forEach((turn, n) => {
          const value = valueOf(cx, piece, turn, at(turn.item, n), first, into);
          into.push(T.set(registers[n] ?? "", value));
        }),
      ),
    store: (into) =>
      turns.forEach((turn, n) => {
        const put = T.store(piece.buffer, turn.slot, T.ref(registers[n] ?? "", VEC4));
        into.push(turn.fits.kind === "lit" ? put : T.ifStmt(turn.fits, [put]));
      }),
  };
};

const turnsOf = (cx: TileCx, { items, width, stride, base }: Piece): readonly Turn[] => {
  const { em, schedule } = cx;
  const all = items * width;
  return Array.from({ length: Math.ceil(all / schedule.lanes) }, (_, n): Turn => {
    const key = `turn ${n} ${all} ${width} ${stride} ${base}`;
    const kept = (of: string, make: () => Expr): Expr => {
      const e = em.root.memo.get(`${key} ${of}`) ?? make();
      em.root.memo.set(`${key} ${of}`, e);
      return e;
    };
    const raw = T.add(T.lane, T.i32(n * schedule.lanes));
    const whole = schedule.lanes * (n + 1) <= all;
    const at = kept("at", () => natural(em, em.root, "turn", whole ? raw : T.min(raw, T.i32(all - 1))));
    const item = kept("item", () => natural(em, em.root, "item", T.div(at, T.i32(width))));
    const column = kept("column", () => natural(em, em.root, "column", T.mod(at, T.i32(width))));
    const slot = kept("slot", () =>
      natural(em, em.root, "slot", T.add(T.add(T.mul(item, T.i32(stride)), column), T.i32(base))),
    );
    return { item, column, slot, fits: whole ? T.bool(true) : T.lt(raw, T.i32(all)) };
  });
};

/** Four features of an item; beyond the last one zeros. */
const valueOf = (cx: TileCx, piece: Piece, turn: Turn, item: Scope, first: Expr, into: Stmt[]): Expr => {
  const { em } = cx;
  const axis = em.b.axis(piece.axis);
  const { size } = axis;
  const whole = typeof size === "number" && Math.ceil(size / 4) % piece.width === 0;
  const [length, all] = [T.sizeToExpr(size), T.sizeToExpr(sizeOf("ceil/", size, 4))];
  const s = scope("stage", [item], into);
  const wanted = T.add(first, turn.column);
  // A chunk of the features may end behind the last one: nobody reads what is put there.
  const chunk = natural(em, s, `${axis.name}_at`, whole ? wanted : T.min(wanted, T.sub(all, T.i32(1))));
  s.axes.set(em.b.freshAxis(piece.axis), chunk);
  if (typeof size === "number" && size % 4 === 0)
    return T.splat(emit(em, piece.node, fixedAt(piece.axis, { chunk }), s).e, 4);
  return T.vector(
    [0, 1, 2, 3].map((k) => {
      const at = T.add(T.mul(chunk, T.i32(4)), T.i32(k));
      const inside = natural(em, s, axis.name, T.min(at, T.sub(length, T.i32(1))));
      s.axes.set(em.b.freshAxis(piece.axis), inside);
      return T.select(T.lt(at, length), emit(em, piece.node, fixedAt(piece.axis, { at: inside }), s).e, T.f32(0));
    }),
  );
};

const fixedAt = (axis: AxisId, fix: { readonly chunk: Expr } | { readonly at: Expr }): Fixed => new Map([[axis, fix]]);
