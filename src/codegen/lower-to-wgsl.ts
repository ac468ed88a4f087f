/**
 * Tile IR to WGSL: names are chosen, helpers gathered, entry points made. One module holds every dispatch of a program;
 * binding 0 is the uniform struct, storage buffers follow as 1, 2, … in the program's order.
 */
import type { Origin } from "../base/span.ts";
import { evalSize, sizeNames, type SizeExpr } from "../base/size.ts";
import { BOOL, I32, type Expr, type Stmt, type TileKernel, type TileProgram, type VType } from "../ir/tile/tile.ts";
import { sizeToExpr } from "../ir/tile/build.ts";
import { forgetConstants } from "./wgsl/constant.ts";
import { originsOf } from "../ir/tile/origin.ts";
import { dropUnused, usesOf, type Uses } from "../ir/tile/walk.ts";
import type { Target } from "../base/target.ts";
import { typeName } from "./wgsl/helpers.ts";
import { bufferElement, isWideBool, literal, lowerExpr, type Cx, type NamedBuffer } from "./wgsl/lower-expr.ts";
import { bin, call, text, type WEntry, type WExpr, type WgslModule, type WStmt } from "./wgsl/module.ts";
import { declare, newScope, type Scope } from "./wgsl/names.ts";

export { printLines, printWgsl, textOf } from "./wgsl/print.ts";

/** Workgroups along x; what is above goes to y (maxComputeWorkgroupsPerDimension, the default limit). */
const MAX_GROUPS = 65535;

/** Whether a dispatch may have workgroups beyond its last: y rows of x, of which the last is filled up. */
const mayOverrun = (groups: SizeExpr): boolean =>
  sizeNames(groups).length > 0 || evalSize(groups, () => 0) > MAX_GROUPS;

/** A kernel without what nothing mentions, and what is left of what it mentions. */
export type LiveKernel = { readonly kernel: TileKernel; readonly uses: Uses };

/** What is written of each kernel of a program. */
export const liveKernels = (program: TileProgram): readonly LiveKernel[] =>
  program.kernels.map((k) => {
    const kernel = dropUnused(k);
    return { kernel, uses: usesOf(kernel.body) };
  });

/** Whether a kernel's entry point reads the uniform struct: in its body, or to know how many workgroups there are. */
export const readsParams = ({ kernel, uses }: LiveKernel): boolean =>
  uses.uniforms.size > 0 || sizeNames(kernel.groups).length > 0;

/** The uniforms that the program reads (in its order), and sizes that only a workgroup count needs. */
const liveUniforms = (
  program: TileProgram,
  live: readonly LiveKernel[],
): readonly { readonly name: string; readonly type: VType }[] => {
  const used = new Set<string>();
  for (const { kernel, uses } of live) {
    for (const name of uses.uniforms) used.add(name);
    if (mayOverrun(kernel.groups)) for (const name of sizeNames(kernel.groups)) used.add(name);
  }
  const known = new Set(program.uniforms.map((u) => u.name));
  const extra = [...used].filter((name) => !known.has(name)).map((name) => ({ name, type: I32 }));
  return [...program.uniforms.filter((u) => used.has(u.name)), ...extra];
};

const fieldType = (t: VType): "i32" | "u32" | "f32" => {
  if (t.elem === "f16" || t.width !== 1) throw new Error(`tile IR: a uniform cannot be ${typeName(t)}`);
  return t.elem === "bool" ? "u32" : t.elem;
};

/** The statements of one block, in a scope of their own. */
type KernelCx = Cx & { readonly origins: ReadonlyMap<string, Origin> };

const lowerBlock = (body: readonly Stmt[], cx: KernelCx, parent: Scope): readonly WStmt[] =>
  lowerBody(body, cx, newScope(parent));

/** Statements with what they come from. */
const lowerBody = (body: readonly Stmt[], cx: KernelCx, scope: Scope): readonly WStmt[] => {
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

const noteF16 = (t: VType, cx: Cx): string => {
  if (t.elem === "f16") cx.uses.f16 = true;
  return typeName(t);
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
    type: `array<${noteF16(s.type, cx)}, ${Math.max(1, s.length)}>`,
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
      return [{ kind: "var", name: declare(scope, s.name), type: value === null ? noteF16(s.type, cx) : null, value }];
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

type EntryInput = WEntry["inputs"][number];

/** The lines at the top of an entry point that give its builtins their i32 names. */
const prologue = (
  { kernel: k, uses }: LiveKernel,
  cx: Cx,
  scope: Scope,
  builtins: Map<string, string>,
): { readonly inputs: readonly EntryInput[]; readonly body: readonly WStmt[] } => {
  const used = new Set(uses.builtins);
  const overrun = mayOverrun(k.groups);
  if (overrun) used.add("group");
  const inputs: EntryInput[] = [];
  const body: WStmt[] = [];
  const input = (builtin: string, wanted: string, type: string): string => {
    const name = declare(scope, wanted);
    inputs.push({ builtin, name, type });
    return name;
  };
  const define = (name: string, value: WExpr): void => {
    const final = declare(scope, name);
    builtins.set(name, final);
    body.push({ kind: "let", name: final, value: call("i32", value) });
  };
  if (used.has("group")) {
    const wid = input("workgroup_id", "wid", "vec3u");
    const nwg = overrun ? input("num_workgroups", "nwg", "vec3u") : null;
    const x: WExpr = { kind: "member", a: text(wid), name: "x" };
    define(
      "group",
      nwg === null
        ? x
        : bin(
            "+",
            x,
            bin("*", { kind: "member", a: text(wid), name: "y" }, { kind: "member", a: text(nwg), name: "x" }),
          ),
    );
  }
  if (used.has("lane")) define("lane", text(input("local_invocation_index", "lid", "u32")));
  if (used.has("subgroup_lane")) define("subgroup_lane", text(input("subgroup_invocation_id", "sg_lane", "u32")));
  if (used.has("subgroup_size")) define("subgroup_size", text(input("subgroup_size", "sg_size", "u32")));
  if (used.has("subgroup_lane") || used.has("subgroup_size")) cx.uses.subgroups = true;
  return { inputs, body };
};

const lowerKernel = (live: LiveKernel, name: string, module: Cx, views: ReadonlyMap<string, NamedBuffer>): WEntry => {
  const {
    kernel: k,
    uses: { stored },
  } = live;
  const buffers = new Map(module.buffers);
  const builtins = new Map<string, string>();
  const workgroup = k.workgroup.map((b) => {
    const final = declare(module.module, b.name);
    buffers.set(b.name, { buffer: b, name: final });
    const origin = k.origins.get(b.name) ?? k.origin;
    return { name: final, type: `array<${noteF16(b.type, module)}, ${Math.max(1, b.length ?? 0)}>`, origin };
  });
  for (const [tensor, view] of views) if (!stored.has(tensor)) buffers.set(tensor, view);
  const cx: KernelCx = { ...module, buffers, builtins, origins: k.origins };
  const scope = newScope(module.module);
  const top = prologue(live, cx, scope, builtins);
  const guard: readonly WStmt[] = mayOverrun(k.groups)
    ? [
        {
          kind: "if",
          cond: bin(">=", text(builtins.get("group") ?? "group"), lowerExpr(sizeToExpr(k.groups), cx, scope)),
          then: [{ kind: "return" }],
          else: [],
        },
      ]
    : [];
  // The body shares the function's scope: WGSL has parameters and top-level variables in one.
  const entry = module.at.from;
  cx.at.from = k.origin;
  const body = lowerBody(k.body, cx, scope);
  cx.at.from = entry;
  return {
    origin: entry,
    name,
    doc: k.doc,
    workgroupSize: k.lanes,
    inputs: top.inputs,
    workgroup,
    body: [...[...top.body, ...guard].map((w) => ({ ...w, origin: entry })), ...body],
  };
};

/**
 * A second, read-only name at the same binding for what one kernel writes and another only reads: WGSL takes what is read from a
 * writable buffer for different in every lane, even where all lanes read one element, and then allows no barrier behind it.
 */
const readingViews = (
  program: TileProgram,
  live: readonly LiveKernel[],
  scope: Scope,
): ReadonlyMap<string, NamedBuffer> => {
  const isRead = (name: string): boolean => live.some(({ uses }) => uses.loaded.has(name) && !uses.stored.has(name));
  const read = program.storage.filter(({ name, access }) => access === "read_write" && isRead(name));
  return new Map(read.map((b) => [b.name, { buffer: { ...b, access: "read" }, name: declare(scope, `${b.name}_in`) }]));
};

/** Most expressions that a helper is said to be called for. */
const MOST_CALLERS = 8;

/** The module of a program for a target. Throws on a program that the verifier would reject. */
export const lowerToWgsl = (
  program: TileProgram,
  target: Target,
  live: readonly LiveKernel[] = liveKernels(program),
): WgslModule => {
  const scope = newScope(null);
  const buffers = new Map(program.storage.map((b) => [b.name, { buffer: b, name: declare(scope, b.name) }]));
  const views = readingViews(program, live, scope);
  const uniforms = liveUniforms(program, live);
  const fieldScope = newScope(null);
  const declared = (name: string): Origin => program.declared.get(name) ?? program.origin;
  const params = uniforms.map((u) => ({
    uniform: u.name,
    name: declare(fieldScope, u.name),
    type: fieldType(u.type),
    origin: declared(u.name),
  }));
  const paramsName = { struct: declare(scope, "Params"), variable: declare(scope, "params") };
  const names = program.kernels.map((k) => declare(scope, k.name));
  const cx: Cx = {
    module: scope,
    buffers,
    builtins: new Map(),
    helpers: new Map(),
    at: { from: program.origin },
    params: {
      variable: paramsName.variable,
      fields: new Map(params.map((p) => [p.uniform, p.name])),
      bools: new Set(uniforms.filter((u) => u.type.elem === BOOL.elem).map((u) => u.name)),
    },
    uses: { f16: program.storage.some((b) => b.type.elem === "f16"), subgroups: false },
  };
  const entries = live.map((k, i) => lowerKernel(k, names[i] ?? k.kernel.name, cx, views));
  forgetConstants();
  const enables = [
    ...(cx.uses.f16 ? ["f16"] : []),
    ...(cx.uses.subgroups && target.dialect === "tint" ? ["subgroups"] : []),
  ];
  return {
    origin: program.origin,
    header: [program.doc === "" ? program.name : program.doc],
    features: [...(cx.uses.f16 ? ["shader-f16"] : []), ...(cx.uses.subgroups ? ["subgroups"] : [])],
    enables,
    params,
    paramsName,
    bindings: program.storage.flatMap((b, i) =>
      [buffers.get(b.name), views.get(b.name)].flatMap((bound) =>
        bound === undefined
          ? []
          : [
              {
                binding: i + 1,
                name: bound.name,
                access: bound.buffer.access,
                type: typeName(isWideBool(b) ? { elem: "u32", width: b.type.width } : b.type),
                origin: declared(b.name),
              },
            ],
      ),
    ),
    helpers: [...cx.helpers.values()].map((h) => ({
      text: h.text,
      origin: [...new Set(h.from.flat())].slice(0, MOST_CALLERS),
    })),
    entries,
  };
};
