/**
 * Runs Tile IR on the CPU, between the graph and the WGSL. Every statement is executed for all active lanes of
 * a workgroup at once, so barriers and subgroup operations need no scheduling. Slow and strict: an access out of bounds, a
 * data race, or a barrier that some lanes miss is an Error.
 */
import { item } from "../../base/must.ts";
import { evalSize } from "../../base/size.ts";
import { compileExpr, find, type Env, type Thunk } from "./eval-expr.ts";
import { createMemory, fail, newCounts, type Counts, type Machine, type Memory } from "./eval-machine.ts";
import { rounder, type Precision } from "./eval-ops.ts";
import type { Buffer, Expr, Stmt, TileKernel, TileProgram } from "./tile.ts";
import { boundBy, dropUnused, usesOf } from "./walk.ts";

export type { Counts } from "./eval-machine.ts";

export type EvalOptions = {
  /** Values of the symbols in `groups`. */
  readonly sizes: Readonly<Record<string, number>>;
  readonly uniforms: Readonly<Record<string, number | boolean>>;
  /** Every storage buffer by name, in scalars (bools as 0 and 1); copied, not changed. */
  readonly buffers: Readonly<Record<string, ArrayLike<number>>>;
  /** f32 (default): each operation is rounded to its type. f64: floats are not rounded. */
  readonly precision?: Precision;
  /** Lanes of a subgroup; 4 by default. */
  readonly subgroupSize?: number;
  /** Most turns of all loops of a workgroup together; more are an Error. Any number by default. */
  readonly turns?: number;
  /** Fill `counts`. */
  readonly count?: boolean;
};

export type EvalResult = { readonly buffers: Record<string, Float64Array>; readonly counts: Counts };

type Run = () => void;
type Scope = {
  readonly env: Map<string, { readonly data: Float64Array; readonly length: number }>;
  readonly m: Machine;
};

const inner = (s: Scope): Scope => ({ m: s.m, env: new Map(s.env) });
const expr = (e: Expr, s: Scope): Thunk => compileExpr(e, s.m, s.env as Env);

const compileBody = (body: readonly Stmt[], scope: Scope): Run => {
  const steps = body.map((s) => compileStmt(s, scope));
  return () => steps.forEach((step) => step());
};

/** Lanes where the condition holds; null when there are none. */
const narrowed = (outer: Uint8Array, cond: Float64Array, value: 0 | 1): Uint8Array | null => {
  const mask = outer.map((on, lane) => (on !== 0 && cond[lane] === value ? 1 : 0));
  return mask.includes(1) ? mask : null;
};

const under = (m: Machine, mask: Uint8Array | null, run: Run): void => {
  if (mask === null) return;
  const outer = m.mask;
  m.mask = mask;
  run();
  m.mask = outer;
};

const assign = (m: Machine, to: Float64Array, value: Float64Array): void => {
  const width = to.length / m.lanes;
  for (let i = 0; i < to.length; i++) if (m.mask[Math.floor(i / width)] !== 0) to[i] = value[i] ?? 0;
};

const compileVar = (name: string, width: number, init: Expr | null, scope: Scope): Run => {
  const value = init === null ? null : expr(init, scope);
  const data = new Float64Array(scope.m.lanes * width);
  scope.env.set(name, { data, length: 1 });
  const zero = new Float64Array(data.length);
  return () => assign(scope.m, data, value?.() ?? zero);
};

const compileArray = (s: Stmt & { readonly kind: "array" }, scope: Scope): Run => {
  const { m } = scope;
  const value = s.init === null ? null : expr(s.init, scope);
  const width = s.type.width;
  const data = new Float64Array(m.lanes * s.length * width);
  scope.env.set(s.name, { data, length: s.length });
  const filled = new Float64Array(data.length);
  return () => {
    const x = value?.();
    for (let i = 0; i < filled.length; i++)
      filled[i] = x?.[Math.floor(i / (s.length * width)) * width + (i % width)] ?? 0;
    assign(m, data, filled);
  };
};

const compileSetElement = (s: Stmt & { readonly kind: "setElement" }, scope: Scope): Run => {
  const { m } = scope;
  const [index, value] = [expr(s.index, scope), expr(s.value, scope)];
  const { data, length } = find(scope.env, s.array);
  const width = s.value.type.width;
  return () => {
    const [at, x] = [index(), value()];
    for (let lane = 0; lane < m.lanes; lane++) {
      if (m.mask[lane] === 0) continue;
      const i = at[lane] ?? -1;
      if (!(i >= 0 && i < length)) fail(m, `lane ${lane} is out of bounds: ${s.array}[${i}] of ${length}`);
      for (let c = 0; c < width; c++) data[(lane * length + i) * width + c] = x[lane * width + c] ?? 0;
    }
  };
};

const compileFor = (s: Stmt & { readonly kind: "for" }, scope: Scope): Run => {
  const { m } = scope;
  const from = expr(s.from, scope);
  const loop = inner(scope);
  const i = new Float64Array(m.lanes);
  loop.env.set(s.name, { data: i, length: 1 });
  const [to, step] = [expr(s.to, loop), expr(s.step, loop)];
  const body = compileBody(s.body, inner(loop));
  return () => {
    const outer = m.mask;
    assign(m, i, from());
    for (;;) {
      const end = to();
      const mask = m.mask.map((on, lane) => (on !== 0 && (i[lane] ?? 0) < (end[lane] ?? 0) ? 1 : 0));
      if (!mask.includes(1)) break;
      if (m.turns-- <= 0) fail(m, `more turns of loops than were allowed, the last of \`${s.name}\``);
      m.mask = mask;
      body();
      const by = step();
      // As WGSL counts: a step beyond the greatest integer comes back from below.
      for (let lane = 0; lane < m.lanes; lane++) if (mask[lane] !== 0) i[lane] = ((i[lane] ?? 0) + (by[lane] ?? 1)) | 0;
    }
    m.mask = outer;
  };
};

const compileBarrier = (m: Machine): Run => {
  const local = [...m.memories.values()].filter((x) => x.buffer.space === "workgroup");
  return () => {
    if (m.mask.includes(0)) fail(m, "a barrier that some lanes do not reach");
    for (const memory of local) memory.sync();
    if (m.counts !== null) m.counts.barriers++;
  };
};

const compileStmt = (s: Stmt, scope: Scope): Run => {
  const { m } = scope;
  switch (s.kind) {
    case "let":
      return compileVar(s.name, s.value.type.width, s.value, scope);
    case "var":
      return compileVar(s.name, s.type.width, s.init, scope);
    case "array":
      return compileArray(s, scope);
    case "set": {
      const value = expr(s.value, scope);
      const { data } = find(scope.env, s.name);
      return () => assign(m, data, value());
    }
    case "setElement":
      return compileSetElement(s, scope);
    case "store": {
      const [index, value] = [expr(s.index, scope), expr(s.value, scope)];
      const memory = m.memories.get(s.buffer);
      if (memory === undefined) throw new Error(`tile IR: no buffer "${s.buffer}"`);
      return () => memory.store(m, index(), value());
    }
    case "if": {
      const cond = expr(s.cond, scope);
      const [then, otherwise] = [compileBody(s.then, inner(scope)), compileBody(s.else, inner(scope))];
      return () => {
        const c = cond();
        const [yes, no] = [narrowed(m.mask, c, 1), narrowed(m.mask, c, 0)];
        under(m, yes, then);
        under(m, no, otherwise);
      };
    }
    case "for":
      return compileFor(s, scope);
    case "barrier":
      return compileBarrier(m);
    case "comment":
      return () => {};
  }
};

const localMemory = (b: Buffer, precision: Precision): Memory =>
  createMemory(b, new Float64Array((b.length ?? 0) * b.type.width), precision);

/** What a storage buffer holds between kernels. */
type Stored = { readonly buffer: Buffer; readonly data: Float64Array };

/** Runs all workgroups of one kernel, one after the other, on the program's storage. */
const runKernel = (source: TileKernel, storage: readonly Stored[], options: EvalOptions, counts: Counts): void => {
  const kernel = dropUnused(source);
  const precision = options.precision ?? "f32";
  const local = kernel.workgroup.map((b) => localMemory(b, precision));
  const bound = boundBy(
    storage.map((x) => x.buffer),
    usesOf(kernel.body),
  );
  const memories = bound.map((b, i) => createMemory(b, item(storage, i).data, precision));
  const m: Machine = {
    kernel: kernel.name,
    lanes: kernel.lanes,
    precision,
    subgroupSize: options.subgroupSize ?? 4,
    counts: options.count === true ? counts : null,
    uniforms: new Map(
      Object.entries({ ...options.sizes, ...options.uniforms }).map(([name, value]) => [name, Number(value)]),
    ),
    memories: new Map([...memories, ...local].map((x) => [x.buffer.name, x])),
    mask: new Uint8Array(kernel.lanes).fill(1),
    group: 0,
    turns: Infinity,
  };
  const run = compileBody(kernel.body, { m, env: new Map() });
  const groups = evalSize(kernel.groups, (name) => options.sizes[name] ?? fail(m, `the size ${name} has no value`));
  for (m.group = 0; m.group < groups; m.group++) {
    m.turns = options.turns ?? Infinity;
    for (const x of local) {
      x.data.fill(0);
      x.sync();
    }
    run();
  }
};

/** Runs every kernel of a program in order and gives all storage buffers as they are afterwards. */
export const evaluateTile = (program: TileProgram, options: EvalOptions): EvalResult => {
  const precision = options.precision ?? "f32";
  const counts = newCounts();
  const storage = program.storage.map((b): Stored => {
    const given = options.buffers[b.name];
    if (given === undefined) throw new Error(`the buffer "${b.name}" is missing`);
    return { buffer: b, data: Float64Array.from(given, rounder(b.type.elem, precision)) };
  });
  for (const k of program.kernels) runKernel(k, storage, options, counts);
  return { buffers: Object.fromEntries(storage.map((x) => [x.buffer.name, x.data])), counts };
};
