/**
 * A condition that a reduction ends although it does not vary along it: `sum[h](w * s)` with `s where j <= i` exists for every j, and is
 * 0 where no `s` is. A reduction of it over `j` that is no sum then counts cells that the user may have thought gone: a warning.
 */
import type { SExpr } from "../check/spec.ts";
import type { Diagnostic } from "../base/diagnostic.ts";
import type { Span } from "../base/span.ts";
import type { GraphBuilder } from "./graph/build.ts";
import { operands, type AxisId, type NodeId } from "./graph/graph.ts";

type Reduce = SExpr & { readonly kind: "reduce" };
type Ended = { readonly condition: NodeId; readonly by: Reduce };

export type LostConditions = {
  /** Conditions that a `where` of the user asks for. */
  readonly asked: (conditions: readonly NodeId[], span: Span) => void;
  /** A reduction became `value`; its argument is `arg`, whose cells exist where all of `exists` hold. */
  readonly reduced: (e: Reduce, value: NodeId, arg: NodeId, exists: readonly NodeId[]) => void;
  readonly warnings: readonly Diagnostic[];
};

export const lostConditions = (b: GraphBuilder, nameOf: (axis: AxisId) => string): LostConditions => {
  const spans = new Map<NodeId, Span>();
  const ended = new Map<NodeId, readonly Ended[]>();
  const below = new Map<NodeId, readonly Ended[]>();
  const warnings: Diagnostic[] = [];
  const told = new Set<string>();
  /** What reductions at or below a node ended, as far as no condition asks for it again. */
  const endedBelow = (id: NodeId): readonly Ended[] => {
    const open: { readonly id: NodeId; readonly leave: boolean }[] = [{ id, leave: false }];
    for (let top = open.pop(); top !== undefined; top = open.pop()) {
      if (below.has(top.id)) continue;
      if (!top.leave) {
        open.push({ id: top.id, leave: true }, ...operands(b.node(top.id)).map((x) => ({ id: x, leave: false })));
        continue;
      }
      const own = ended.get(top.id);
      below.set(top.id, own ?? [...new Set(operands(b.node(top.id)).flatMap((x) => below.get(x) ?? []))]);
    }
    return below.get(id) ?? [];
  };
  const warn = (outer: Reduce, { condition, by }: Ended): void => {
    const key = `${by.span.start} ${condition}`;
    if (told.has(key)) return;
    told.add(key);
    const over = (e: Reduce): string => `\`${e.op}[${e.over.map(nameOf).join(", ")}]\``;
    const at = spans.get(condition);
    warnings.push({
      code: "TFX3003",
      severity: "warning",
      message: `${over(by)} exists outside this condition too, and ${over(outer)} takes those cells in`,
      primary: { span: by.span, text: `over no cell it gives its identity` },
      related:
        at === undefined
          ? []
          : [{ span: at, text: `does not vary along ${by.over.map((a) => `\`${nameOf(a)}\``).join(", ")}` }],
      help: "ask for the condition behind the reduction: `let t = … where …`",
    });
  };
  return {
    warnings,
    asked: (conditions, span) => {
      for (const c of conditions) if (!spans.has(c)) spans.set(c, span);
    },
    reduced: (e, value, arg, exists) => {
      const ends = exists.filter(
        (c) => spans.has(c) && b.node(c).axes.length > 0 && !b.node(c).axes.some((a) => e.over.includes(a)),
      );
      if (e.op !== "sum" && e.op !== "cumsum") {
        for (const x of endedBelow(arg))
          if (b.node(x.condition).axes.some((a) => e.over.includes(a)) && !exists.includes(x.condition)) warn(e, x);
      }
      if (ends.length > 0 && !ended.has(value))
        ended.set(
          value,
          ends.map((condition) => ({ condition, by: e })),
        );
    },
  };
};
