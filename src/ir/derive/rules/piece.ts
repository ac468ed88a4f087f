/**
 * A value that varies along an axis only through reads of a shorter one (a piece of a union: `concat[u](mean[c](k), kl)`) is made and stored
 * for the cells of the piece, and read there.
 *
 *     F(k[u - o, …])  =  G(u - o)   with   G(p) = F(k[p, …])
 *
 * Outside of the piece both sides are what the nearest cell of it gives, and nobody asks.
 */
import type { GraphBuilder } from "../../graph/build.ts";
import type { AxisId, NodeId, Tensor } from "../../graph/graph.ts";
import type { SizeExpr } from "../../../base/size.ts";
import { operands } from "../../graph/graph.ts";
import { reach } from "../../graph/walk.ts";
import { linAdd, linearOf, linearOfSize, linScale, provablyNonNegative } from "../../scalar/affine.ts";
import type { Rule } from "./rule.ts";

export const PIECE: Rule = {
  name: "cells of a piece",
  equation: "F(k[u - o, …]) = G(u - o) with G(p) = F(k[p, …])",
  condition:
    "F varies along u in the indices `u - o` of dimensions of one size P alone, o being made of sizes; P is not the size of u and proved to be at most that",
};

/** A value of fewer cells, and the index of each of its axes where the first one was asked for, if that is not the axis itself. */
export type Piece = { readonly value: NodeId; readonly at: ReadonlyMap<AxisId, NodeId> };

/** The same value along pieces of its axes, where the rule applies. */
export const alongPieces = (b: GraphBuilder, tensors: readonly Tensor[], root: NodeId): Piece => {
  // Only what is longer than something it reads has pieces: a sum of sizes, or a number.
  const isLong = (size: SizeExpr): boolean => typeof size !== "string";
  const axes = b.node(root).axes.filter((a) => isLong(b.axis(a).size));
  return axes.reduce<Piece>(
    (found, axis) => {
      const one = alongPiece(b, tensors, found.value, axis);
      return one === null ? found : { value: one.value, at: new Map([...found.at, [one.axis, one.index] as const]) };
    },
    { value: root, at: new Map() },
  );
};

const alongPiece = (
  b: GraphBuilder,
  tensors: readonly Tensor[],
  root: NodeId,
  axis: AxisId,
): { readonly value: NodeId; readonly axis: AxisId; readonly index: NodeId } | null => {
  const reads = [...b.reach([root])].flatMap((id) => {
    const n = b.node(id);
    return n.kind === "load" ? n.at.map((index, k) => ({ index, dim: dimOf(tensors, n.tensor, k) })) : [];
  });
  const along = reads.filter(({ index }) => b.node(index).axes.includes(axis));
  const [first] = along;
  const piece = first?.dim;
  if (first === undefined || piece === undefined || !along.every(({ index }) => index === first.index)) return null;
  const size = JSON.stringify(b.axis(piece).size);
  const isOneSize = along.every(({ dim }) => dim !== undefined && JSON.stringify(b.axis(dim).size) === size);
  const others = reach(b, [root], (n) => (n.kind === "load" ? n.at.filter((id) => id !== first.index) : operands(n)));
  const isOnlyThere = !others.has(b.index(axis));
  const isFree = [...b.reach([root])].every((id) => {
    const n = b.node(id);
    return (
      !n.axes.includes(piece) &&
      !(n.kind === "reduce" && n.over.includes(piece)) &&
      n.kind !== "scan" &&
      n.kind !== "carried"
    );
  });
  if (!isOneSize || !isOnlyThere || !isFree || !isShift(b, first.index, axis) || !isShorter(b, piece, axis))
    return null;
  return { value: b.replaceNodes(root, new Map([[first.index, b.index(piece)]])), axis: piece, index: first.index };
};

const dimOf = (tensors: readonly Tensor[], tensor: string, k: number): AxisId | undefined =>
  tensors.find((t) => t.name === tensor)?.dims.flat()[k];

/** `u - o`, o made of sizes. */
const isShift = (b: GraphBuilder, index: NodeId, axis: AxisId): boolean => {
  const { terms } = linearOf(b, index);
  return [...terms].every(([atom, c]) => typeof atom === "string" || (atom === b.index(axis) && c === 1));
};

const isShorter = (b: GraphBuilder, piece: AxisId, axis: AxisId): boolean => {
  const [short, long] = [b.axis(piece).size, b.axis(axis).size];
  const [p, u] = [linearOfSize(short), linearOfSize(long)];
  if (p === null || u === null || JSON.stringify(short) === JSON.stringify(long)) return false;
  return provablyNonNegative(b, linAdd(u, linScale(p, -1)));
};
