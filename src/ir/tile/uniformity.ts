/**
 * Which values are the same in all lanes of a workgroup, as WGSL's uniformity analysis sees it, but coarser: a variable is
 * uniform when everything ever assigned to it is.
 */
import type { Expr, Stmt, TileKernel, TileProgram } from "./tile.ts";
import { forEachExpr, operands, readsMemory, stmtExprs, usesOf } from "./walk.ts";

/** Names of variables that may differ between lanes, and buffers whose contents may. */
type Varying = { readonly names: Set<string>; readonly buffers: ReadonlySet<string> };

/** Whether all lanes have the same value. */
const isUniform = (e: Expr, v: Varying): boolean => {
  switch (e.kind) {
    case "ref":
      return !v.names.has(e.name);
    case "element":
      return !v.names.has(e.array) && isUniform(e.index, v);
    case "load":
      return !v.buffers.has(e.buffer) && isUniform(e.index, v);
    case "builtin":
      return e.name === "group" || e.name === "subgroup_size";
    case "subgroup":
      return false;
    case "lit":
    case "infinity":
    case "uniform":
    case "unary":
    case "binary":
    case "select":
    case "cast":
    case "bitcast":
    case "splat":
    case "vector":
    case "component":
    case "dot":
    case "fma":
      return operands(e).every((x) => isUniform(x, v));
  }
};

/** Marks what is assigned a varying value or under varying control; true when something new was marked. */
const mark = (body: readonly Stmt[], v: Varying, inUniformFlow: boolean): boolean => {
  let changed = false;
  const taint = (name: string, uniform: boolean): void => {
    if (uniform || v.names.has(name)) return;
    v.names.add(name);
    changed = true;
  };
  for (const s of body) {
    switch (s.kind) {
      case "let":
        taint(s.name, isUniform(s.value, v));
        break;
      case "var":
      case "array":
        taint(s.name, s.init === null || isUniform(s.init, v));
        break;
      case "set":
        taint(s.name, inUniformFlow && isUniform(s.value, v));
        break;
      case "setElement":
        taint(s.array, inUniformFlow && isUniform(s.value, v) && isUniform(s.index, v));
        break;
      case "if": {
        const flow = inUniformFlow && isUniform(s.cond, v);
        changed = mark(s.then, v, flow) || changed;
        changed = mark(s.else, v, flow) || changed;
        break;
      }
      case "for": {
        taint(
          s.name,
          stmtExprs(s).every((e) => isUniform(e, v)),
        );
        changed = mark(s.body, v, inUniformFlow && !v.names.has(s.name)) || changed;
        break;
      }
      case "store":
      case "barrier":
      case "comment":
        break;
    }
  }
  return changed;
};

/**
 * Barriers and subgroup operations of a kernel in control flow that depends on the lane, a line each. Names must be unique
 * over the kernel's scopes for the best answer; shared names only make it more cautious.
 */
export const divergent = (kernel: TileKernel, program: TileProgram): readonly string[] => {
  // What other kernels have written is bound as read-only here.
  const { stored } = usesOf(kernel.body);
  const buffers = new Set(
    [...program.storage.filter((b) => stored.has(b.name)), ...kernel.workgroup].map((b) => b.name),
  );
  const v: Varying = { names: new Set(), buffers };
  while (mark(kernel.body, v, true));
  const out: string[] = [];
  const look = (e: Expr, flow: boolean): void => {
    forEachExpr(e, (x) => {
      if (x.kind === "subgroup" && !flow) out.push(`subgroup ${x.op} where control depends on the lane`);
      if (x.kind === "subgroup" && x.op === "shuffleXor" && x.lane !== null && !isUniform(x.lane, v))
        out.push("subgroup shuffleXor by a mask that depends on the lane");
      const branches = x.kind === "binary" && (x.op === "and" || x.op === "or") && readsMemory(x.b);
      if (branches && !isUniform(x.a, v)) {
        forEachExpr(x.b, (y) => {
          if (y.kind === "subgroup") out.push(`subgroup ${y.op} behind "${x.op}" that depends on the lane`);
        });
      }
    });
  };
  const visit = (body: readonly Stmt[], flow: boolean): void => {
    for (const s of body) {
      if (s.kind === "barrier" && !flow) out.push("barrier where control depends on the lane");
      if (s.kind === "if") {
        look(s.cond, flow);
        const inner = flow && isUniform(s.cond, v);
        visit(s.then, inner);
        visit(s.else, inner);
      } else if (s.kind === "for") {
        const inner = flow && !v.names.has(s.name) && stmtExprs(s).every((e) => isUniform(e, v));
        look(s.from, flow);
        look(s.to, inner);
        look(s.step, inner);
        visit(s.body, inner);
      } else stmtExprs(s).forEach((e) => look(e, flow));
    }
  };
  visit(kernel.body, true);
  return out;
};
