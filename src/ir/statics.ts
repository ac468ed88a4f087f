/** Static parameters, and expressions whose value is known while compiling. */
import type { SExpr, Spec } from "../check/spec.ts";
import { entry } from "../base/must.ts";
import { bindSize } from "../base/size.ts";
import { graphBuilder } from "./graph/build.ts";
import type { NodeId, Ty } from "./graph/graph.ts";
import { LoweringError } from "./lowering-error.ts";

/** Puts the values of the static parameters beside the known sizes. */
export const bindStatics = (
  spec: Spec,
  options: { readonly statics: Readonly<Record<string, number>> },
  known: Map<string, number>,
): void => {
  for (const s of spec.scalars) {
    if (!s.isStatic) continue;
    const value = options.statics[s.name] ?? (s.init === null ? null : constantOf(s.init, known));
    if (value === null) {
      throw new LoweringError("TFX4003", `static parameter \`${s.name}\` has no value`, s.span, `--static ${s.name}=…`);
    }
    known.set(s.name, value);
  }
};

/** The value of an expression over known sizes and static parameters, or null. */
export const constantOf = (e: SExpr, known: ReadonlyMap<string, number>): number | null => {
  const b = graphBuilder([]);
  const go = (x: SExpr): NodeId | null => {
    if (x.kind === "const") return b.konst(x.value, tyOf(x));
    if (x.kind === "size") return b.sizeOf(bindSize(x.size, known));
    if (x.kind === "scalar") return known.has(x.scalar) ? b.konst(entry(known, x.scalar), tyOf(x)) : null;
    if (x.kind === "unary") {
      const a = go(x.arg);
      return a === null ? null : b.unary(x.op, a);
    }
    if (x.kind !== "binary") return null;
    const [l, r] = [go(x.left), go(x.right)];
    return l === null || r === null ? null : b.binary(x.op === "**" ? "pow" : x.op, l, r);
  };
  const id = go(e);
  const n = id === null ? null : b.node(id);
  return n !== null && n.kind === "const" ? n.value : null;
};

/** The type of an expression in the graph. */
export const tyOf = (e: SExpr): Ty => (e.type === "float" ? "f32" : e.type === "int" ? "i32" : "bool");
