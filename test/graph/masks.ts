/** The masks of the tests, each as a graph condition over i and j (axes 0 and 1) and as a plain predicate. */
import { graphBuilder, type GraphBuilder } from "../../src/ir/graph/build.ts";
import type { NodeId } from "../../src/ir/graph/graph.ts";
import type { BinaryOp } from "../../src/base/operators.ts";
import { axes } from "./helpers.ts";

export const N = 512;
export const W = 64;
const LENGTHS = [40, 70, 11, 100, 64, 33, 90, 60, 44];

const repeat = (value: (k: number) => number): number[] => LENGTHS.flatMap((n, k) => Array<number>(n).fill(value(k)));
const mod = (a: number, b: number): number => a - b * Math.floor(a / b);
const div = (a: number, b: number): number => Math.floor(a / b);
/** Ids 0..7 in a fixed scrambled order. */
const scrambled = Array.from({ length: N }, (_, i) => ((Math.imul(i + 1, 2654435761) >>> 0) >>> 13) % 8);

export const data: Record<string, readonly number[]> = {
  doc: repeat((k) => k),
  start: repeat((k) => LENGTHS.slice(0, k).reduce((a, b) => a + b, 0)),
  glob: Array.from({ length: N }, (_, i) => (i === 0 || i === 200 ? 1 : 0)),
  cluster: scrambled,
  sorted: [...scrambled].sort((a, b) => a - b),
};
const of = (name: string, i: number): number => data[name]?.[i] as number;

/** Short names for building conditions. */
export type Kit = {
  readonly b: GraphBuilder;
  readonly i: NodeId;
  readonly j: NodeId;
  readonly op: (op: BinaryOp, a: NodeId | number, b: NodeId | number, ...literals: never[]) => NodeId;
  readonly int: (v: number) => NodeId;
  readonly abs: (a: NodeId) => NodeId;
  readonly at: (tensor: string, i: NodeId) => NodeId;
};

export const kit = (size: number | string = N): Kit => {
  const b = graphBuilder(axes({ i: size, j: size }));
  const int = (v: number): NodeId => b.konst(v, "i32");
  return {
    b,
    i: b.index(0),
    j: b.index(1),
    int,
    op: (op, x, y) => b.binary(op, x, y),
    abs: (a) => b.unary("abs", a),
    at: (t, i) => b.load(t, [i], "i32"),
  };
};

export type Mask = {
  readonly name: string;
  readonly sym: (k: Kit) => NodeId;
  readonly holds: (i: number, j: number) => boolean;
};

const all = (k: Kit, ...cs: NodeId[]): NodeId => cs.reduce((a, c) => k.op("and", a, c));
const any = (k: Kit, ...cs: NodeId[]): NodeId => cs.reduce((a, c) => k.op("or", a, c));
const ge = (k: Kit): NodeId => k.op(">=", k.i, k.j);
const diff = (k: Kit): NodeId => k.op("-", k.i, k.j);
const near = (k: Kit): NodeId => k.op("<=", diff(k), k.int(W));
const lin = (k: Kit, op: BinaryOp, a: NodeId, c: number): NodeId => k.op(op, a, k.int(c));
const clip = (k: Kit, a: NodeId, lo: number, hi: number): NodeId => lin(k, "min", lin(k, "max", a, lo), hi);
const CW = 32;
const clamp = (x: number, lo: number, hi: number): number => Math.min(Math.max(x, lo), hi);

const natten = (k: Kit): NodeId => {
  const side = (q: NodeId, x: NodeId, last: number): NodeId =>
    lin(k, "<=", k.abs(k.op("-", clip(k, q, 3, last), x)), 3);
  return all(
    k,
    side(lin(k, "/", k.i, CW), lin(k, "/", k.j, CW), N / CW - 4),
    side(lin(k, "%", k.i, CW), lin(k, "%", k.j, CW), CW - 4),
  );
};

/** The table of the theory: all empty tiles and all full tiles are found. */
export const MASKS: readonly Mask[] = [
  { name: "causal", sym: ge, holds: (i, j) => i >= j },
  { name: "causal + window", sym: (k) => all(k, ge(k), near(k)), holds: (i, j) => i >= j && i - j <= W },
  { name: "bidirectional window", sym: (k) => lin(k, "<=", k.abs(diff(k)), W), holds: (i, j) => Math.abs(i - j) <= W },
  { name: "prefix-LM", sym: (k) => any(k, ge(k), lin(k, "<", k.j, 100)), holds: (i, j) => i >= j || j < 100 },
  {
    name: "sink 4 + window",
    sym: (k) => all(k, ge(k), any(k, near(k), lin(k, "<", k.j, 4))),
    holds: (i, j) => i >= j && (i - j <= W || j < 4),
  },
  {
    name: "block-causal 32",
    sym: (k) => k.op(">=", lin(k, "/", k.i, 32), lin(k, "/", k.j, 32)),
    holds: (i, j) => div(i, 32) >= div(j, 32),
  },
  {
    name: "block-causal 48",
    sym: (k) => k.op(">=", lin(k, "/", k.i, 48), lin(k, "/", k.j, 48)),
    holds: (i, j) => div(i, 48) >= div(j, 48),
  },
  {
    name: "dilated window",
    sym: (k) => all(k, ge(k), near(k), lin(k, "==", lin(k, "%", diff(k), 4), 0)),
    holds: (i, j) => i >= j && i - j <= W && mod(i - j, 4) === 0,
  },
  {
    name: "chunked local 64",
    sym: (k) => all(k, k.op("==", lin(k, "/", k.i, 64), lin(k, "/", k.j, 64)), ge(k)),
    holds: (i, j) => div(i, 64) === div(j, 64) && i >= j,
  },
  {
    name: "document",
    sym: (k) => k.op("==", k.at("doc", k.i), k.at("doc", k.j)),
    holds: (i, j) => of("doc", i) === of("doc", j),
  },
  {
    name: "document causal",
    sym: (k) => all(k, k.op("==", k.at("doc", k.i), k.at("doc", k.j)), ge(k)),
    holds: (i, j) => of("doc", i) === of("doc", j) && i >= j,
  },
  {
    name: "document by start",
    sym: (k) => all(k, k.op(">=", k.j, k.at("start", k.i)), ge(k)),
    holds: (i, j) => j >= of("start", i) && i >= j,
  },
  {
    name: "Longformer global + window",
    sym: (k) =>
      any(k, lin(k, "<=", k.abs(diff(k)), W), lin(k, ">=", k.at("glob", k.i), 1), lin(k, ">=", k.at("glob", k.j), 1)),
    holds: (i, j) => Math.abs(i - j) <= W || of("glob", i) === 1 || of("glob", j) === 1,
  },
  {
    name: "NATTEN 7x7",
    sym: natten,
    holds: (i, j) =>
      Math.abs(clamp(div(i, CW), 3, N / CW - 4) - div(j, CW)) <= 3 &&
      Math.abs(clamp(i % CW, 3, CW - 4) - (j % CW)) <= 3,
  },
  { name: "right-aligned causal", sym: (k) => k.op(">=", lin(k, "+", k.i, 64), k.j), holds: (i, j) => i + 64 >= j },
  {
    name: "window as a product",
    sym: (k) => lin(k, "<=", k.op("*", diff(k), diff(k)), W * W),
    holds: (i, j) => (i - j) * (i - j) <= W * W,
  },
  {
    name: "3i - 2j - i >= 0",
    sym: (k) => lin(k, ">=", k.op("-", k.op("-", lin(k, "*", k.i, 3), lin(k, "*", k.j, 2)), k.i), 0),
    holds: (i, j) => 3 * i - 2 * j - i >= 0,
  },
  { name: "tautology", sym: (k) => any(k, ge(k), k.op(">", k.j, k.i)), holds: () => true },
  { name: "contradiction", sym: (k) => all(k, k.op("<", k.i, k.j), k.op(">", k.i, k.j)), holds: () => false },
  {
    name: "not causal or window",
    sym: (k) => k.b.unary("not", any(k, ge(k), k.op(">", k.op("-", k.j, k.i), k.int(W)))),
    holds: (i, j) => j > i && j - i <= W,
  },
  {
    name: "checkerboard",
    sym: (k) => lin(k, "==", lin(k, "%", k.op("+", k.i, k.j), 2), 0),
    holds: (i, j) => (i + j) % 2 === 0,
  },
  {
    name: "axial",
    sym: (k) =>
      any(
        k,
        k.op("==", lin(k, "%", k.i, 32), lin(k, "%", k.j, 32)),
        k.op("==", lin(k, "/", k.i, 32), lin(k, "/", k.j, 32)),
      ),
    holds: (i, j) => i % 32 === j % 32 || div(i, 32) === div(j, 32),
  },
  {
    name: "scattered clusters",
    sym: (k) => k.op("==", k.at("cluster", k.i), k.at("cluster", k.j)),
    holds: (i, j) => of("cluster", i) === of("cluster", j),
  },
  {
    name: "sorted clusters",
    sym: (k) => k.op("==", k.at("sorted", k.i), k.at("sorted", k.j)),
    holds: (i, j) => of("sorted", i) === of("sorted", j),
  },
  {
    name: "select",
    sym: (k) => k.b.select(lin(k, "<", k.i, 128), ge(k), near(k)),
    holds: (i, j) => (i < 128 ? i >= j : i - j <= W),
  },
];
