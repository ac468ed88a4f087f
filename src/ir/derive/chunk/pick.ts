/** Whether a recurrence can be taken in chunks, and what its parts are: its step, and each place where its state is read. */
import type { GraphBuilder } from "../../graph/build.ts";
import type { AxisId, Node, NodeId } from "../../graph/graph.ts";
import { carriedBelow, isIndexOf, readBelow, readOperands, scansBelow, timeOf, type Scan } from "../../graph/scan.ts";
import { folded } from "../../graph/walk.ts";
import type { Reduce } from "../planning.ts";
import { affineIn } from "./linear.ts";
import { productsOf, type Product } from "./products.ts";

/** A sum that reads the state: `Σ_over (coefficient · S_t) + Σ_over rest`, with what is added to the state as products for it. */
export type Reading = {
  readonly sum: Reduce;
  readonly coefficient: NodeId;
  readonly rest: NodeId | null;
  readonly products: readonly Product[];
};

export type Picked = {
  readonly scan: Scan;
  /** Null: 1. */
  readonly gate: NodeId | null;
  /** Null: 0. */
  readonly added: NodeId | null;
  /** The gate varies along what the readers sum over. */
  readonly featurewise: boolean;
  readonly readings: readonly Reading[];
  /** The sums with one cell that are the state behind the last cell. */
  readonly last: readonly NodeId[];
};

export type Refused = { readonly scan: Scan; readonly why: string };

/** What is below the results, each definition of a scan apart. */
export const pickScan = (b: GraphBuilder, scan: Scan, results: readonly NodeId[]): Picked | Refused => {
  const refuse = (why: string): Refused => ({ scan, why });
  const { state, over, dims, step } = scan;
  if (b.axis(over).parts !== null || dims.some((a) => b.axis(a).parts !== null))
    return refuse("it runs along a union of axes");
  const inside = scansBelow(b, results).find(
    (n) => n.state !== state && readBelow(b, [n.init, n.step]).some((m) => m.kind === "scan" && m.state === state),
  );
  if (inside !== undefined) return refuse(`\`${inside.name}\`, another recurrence, reads it`);
  const before = carriedBelow(b, step, state);
  const isOwn = (at: readonly NodeId[]): boolean => dims.every((a, n) => isIndexOf(b, at[n + 1], a));
  if (before.some((n) => !isOwn(n.at))) return refuse("its step reads it at other indices");
  if (readBelow(b, [step]).some((n) => n.kind === "carried" && n.state !== state))
    return refuse("its step reads another recurrence from inside");
  const parts = affineIn(b, step, (n) => n.kind === "carried" && n.state === state);
  if ("why" in parts) return refuse(`its step is not affine in it: ${parts.why}`);
  if (parts.coefficient === null) return refuse("its step does not read it");
  const one = b.node(parts.coefficient);
  const gate = one.kind === "const" && one.value === 1 ? null : parts.coefficient;
  const read = readersOf(b, scan, results);
  if ("why" in read) return refuse(read.why);
  const readings: Reading[] = [];
  for (const sum of read.sums) {
    const body = affineIn(b, sum.body, (n) => isRead(n, state));
    if ("why" in body) return refuse(`a sum that reads it is not linear in it: ${body.why}`);
    if (body.coefficient === null) continue;
    const { axes } = b.node(body.coefficient);
    const lacking = dims.filter((a) => !sum.over.includes(a) && !axes.includes(a));
    const products = parts.rest === null ? [] : productsOf(b, parts.rest, sum.over, lacking);
    if (products === null)
      return refuse(`what is added to it does not part into ${named(b, sum.over)} and ${named(b, lacking)}`);
    if (gate !== null && b.node(gate).axes.some((a) => lacking.includes(a)))
      return refuse(`its coefficient varies along ${named(b, lacking)}`);
    readings.push({ sum, coefficient: body.coefficient, rest: body.rest, products });
  }
  const features = new Set(readings.flatMap((r) => r.sum.over));
  const featurewise = gate !== null && b.node(gate).axes.some((a) => features.has(a));
  const whole = readings.find((r) => featurewise && !b.node(gate).axes.some((a) => r.sum.over.includes(a)));
  if (whole !== undefined)
    return refuse(
      `its coefficient varies along what one sum runs over, not along ${named(b, whole.sum.over)} of another`,
    );
  return { scan, gate, added: parts.rest, featurewise, readings, last: read.last };
};

const named = (b: GraphBuilder, axes: readonly AxisId[]): string => axes.map((a) => `\`${b.axis(a).name}\``).join(", ");

const isRead = (n: Node, state: number): boolean => n.kind === "scan" && n.state === state;

/** The sums over axes of the state that read it where the walk is, and the sums that give its last value; nothing else may read it. */
const readersOf = (
  b: GraphBuilder,
  scan: Scan,
  results: readonly NodeId[],
): { readonly sums: readonly Reduce[]; readonly last: readonly NodeId[] } | { readonly why: string } => {
  const { state, over, dims } = scan;
  const below = readBelow(b, results);
  const reads = below.filter((n): n is Scan => n.kind === "scan" && n.state === state);
  const other = reads.find((n) => timeOf(b, n) !== "now" || !dims.every((a, k) => isIndexOf(b, n.at[k + 1], a)));
  if (other !== undefined)
    return {
      why:
        timeOf(b, other) === "now"
          ? "it is read at other indices than its own"
          : "it is read at other cells than the one at hand",
    };
  const size = b.sizeOf(b.axis(over).size);
  const end = b.binary("-", size, b.konst(1, "i32"));
  const isLast = (n: Reduce): boolean => {
    const where = n.where === null ? null : b.node(n.where);
    return (
      n.op === "sum" &&
      n.over.length === 1 &&
      n.over[0] === over &&
      isRead(b.node(n.body), state) &&
      where?.kind === "binary" &&
      where.op === "==" &&
      isIndexOf(b, where.a, over) &&
      where.b === end
    );
  };
  const isSum = (n: Reduce): boolean => n.op === "sum" && n.over.every((a) => dims.includes(a));
  /** Whether the state is read here, outside of the sums that may. */
  const open = folded<boolean>(
    b,
    (n, of) => isRead(n, state) || (of.includes(true) && !(n.kind === "reduce" && (isSum(n) || isLast(n)))),
    readOperands,
  );
  if (results.some((id) => open(id))) return { why: "it is read otherwise than in a sum over its own axes" };
  const found = below.filter((n): n is Reduce => n.kind === "reduce" && readOperands(n).some((id) => open(id)));
  const bad = found.find((n) => !isLast(n) && n.where !== null && open(n.where));
  if (bad !== undefined) return { why: "a condition reads it" };
  return { sums: found.filter((n) => !isLast(n)), last: found.filter(isLast).map((n) => n.id) };
};
