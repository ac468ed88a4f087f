/** A value of the formula over two of its axes, as the interpreter has it: scores, weights, a gate. */
import { evalSize } from "../../src/base/size.ts";
import type { SExpr, Spec } from "../../src/check/spec.ts";
import { postOrder } from "../../src/check/walk-spec.ts";
import { interpret } from "../../src/meaning/interpret.ts";
import type { State, Values } from "../protocol.ts";
import { checkState, compileState, specOf } from "./compile.ts";
import { jobOf } from "./job.ts";

/** Cells along an axis of the picture, and the most that the interpreter is asked for. */
const [SIDE, MOST] = [64, 2 ** 21] as const;

/** The values with a name and at least two indices, each name once. */
const namedIn = (spec: Spec): ReadonlyMap<string, SExpr> => {
  const found = new Map<string, SExpr>();
  for (const e of postOrder(spec.results.map((r) => r.value)))
    if (e.name !== null && e.axes.length >= 2) found.set(e.name, e);
  return found;
};

/** What is shown unless something else is chosen: the last value over an axis that a reduction runs along, and over others. */
const usual = (spec: Spec, named: ReadonlyMap<string, SExpr>, stream: string | undefined): string | undefined => {
  const results = new Set(spec.results.map((r) => r.name));
  const along = [...named].filter(([name, e]) => {
    return !results.has(name) && e.axes.some((a) => spec.axes[a]?.name === stream);
  });
  return (along.at(-1) ?? [...named].at(-1))?.[0];
};

/** Null where nothing has two indices. */
export const valuesOfState = (state: State): Values | null => {
  const outcome = compileState(state, specOf(checkState(state).specs, state));
  const { spec, compiled } = outcome;
  if (spec === null || compiled === null) return null;
  const [kernel] = compiled.plan.kernels;
  const stream = compiled.plan.graph.axes[kernel?.stream[0] ?? -1]?.name;
  const named = namedIn(spec);
  const name = state.value !== null && named.has(state.value) ? state.value : usual(spec, named, stream);
  const value = name === undefined ? undefined : named.get(name);
  if (name === undefined || value === undefined) return null;
  const job = jobOf(
    {
      ...outcome,
      parameters: outcome.parameters.map((p) => (p.kind === "size" ? { ...p, value: Math.min(p.value, SIDE) } : p)),
    },
    state,
  );
  const names = [...named.keys()];
  const nothing = { name, names, axes: [], size: [0, 0] as const, others: [], cells: [] };
  if (typeof job === "string") return { ...nothing, why: job };
  const extent = (a: number): number => evalSize(spec.axes[a]?.size ?? 1, (s) => job.meant.sizes[s] ?? 1);
  const size = value.axes.map(extent);
  if (size.reduce((a, b) => a * b, 1) > MOST) return { ...nothing, why: "these sizes are too large for a picture" };
  const dims = value.axes.map((a) => ({ axes: [a] }));
  const all = interpret({ ...spec, results: [{ name, dtype: "f32", dims, span: value.span, value }] }, job.meant)[name];
  const outer = size.slice(0, -2);
  const at = outer.map((n, k) => Math.min(n - 1, Math.max(0, state.at[k] ?? 0)));
  const [down = 1, across = 1] = size.slice(-2);
  const from = outer.reduce((n, extentOf, k) => n * extentOf + (at[k] ?? 0), 0) * down * across;
  const label = (a: number): string => spec.axes[a]?.name ?? "?";
  return {
    name,
    names,
    axes: value.axes.slice(-2).map(label),
    size: [down, across],
    others: outer.map((n, k) => ({ name: label(value.axes[k] ?? -1), size: n, at: at[k] ?? 0 })),
    cells: [...(all ?? new Float64Array()).subarray(from, from + down * across)],
    why: null,
  };
};
