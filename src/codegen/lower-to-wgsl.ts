/**
 * Tile IR to WGSL: names are chosen, helpers gathered, entry points made. One module holds every dispatch of a program;
 * binding 0 is the uniform struct, storage buffers follow as 1, 2, … in the program's order.
 */
import type { Origin } from "../base/span.ts";
import type { Target } from "../base/target.ts";
import { sizeToExpr } from "../ir/tile/build.ts";
import { BOOL, type TileProgram, type VType } from "../ir/tile/tile.ts";
import { type LiveKernel, liveKernels, liveUniforms, mayOverrun } from "./live.ts";
import { boundNames } from "./wgsl/bound-names.ts";
import { forgetConstants } from "./wgsl/constant.ts";
import { typeName } from "./wgsl/helpers.ts";
import { type Cx, type NamedBuffer, noteType } from "./wgsl/cx.ts";
import { isWideBool, lowerExpr } from "./wgsl/lower-expr.ts";
import { type KernelCx, lowerBody } from "./wgsl/lower-stmt.ts";
import { type WEntry, type WExpr, type WStmt, type WgslModule, bin, call, text } from "./wgsl/module.ts";
import { type Scope, declare, newScope } from "./wgsl/names.ts";

export { printLines, printWgsl, textOf } from "./wgsl/print.ts";

const fieldType = (t: VType): "i32" | "u32" | "f32" => {
  if (t.elem === "f16" || t.width !== 1) throw new Error(`tile IR: a uniform cannot be ${typeName(t)}`);
  return t.elem === "bool" ? "u32" : t.elem;
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

const lowerKernel = (live: LiveKernel, name: string, module: Cx, bound: ReadonlyMap<string, NamedBuffer>): WEntry => {
  const { kernel: k } = live;
  const buffers = new Map(bound);
  const builtins = new Map<string, string>();
  const workgroup = k.workgroup.map((b) => {
    const final = declare(module.module, b.name);
    buffers.set(b.name, { buffer: b, name: final });
    const origin = k.origins.get(b.name) ?? k.origin;
    return { name: final, type: `array<${noteType(b.type, module)}, ${Math.max(1, b.length ?? 0)}>`, origin };
  });
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

/** Most expressions that a helper is said to be called for. */
const MOST_CALLERS = 8;

/** The module of a program for a target. Throws on a program that the verifier would reject. */
export const lowerToWgsl = (
  program: TileProgram,
  target: Target,
  live: readonly LiveKernel[] = liveKernels(program),
): WgslModule => {
  const scope = newScope(null);
  const bound = boundNames(
    program,
    live.map((k) => k.uses),
    scope,
  );
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
    buffers: new Map(),
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
  const entries = live.map((k, i) => lowerKernel(k, names[i] ?? k.kernel.name, cx, bound.of(k.uses)));
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
      bound.all(b).map(({ name, buffer: { access, type } }) => ({
        binding: i + 1,
        name,
        access,
        type: typeName(isWideBool(b) ? { elem: "u32", width: type.width } : type),
        origin: declared(b.name),
      })),
    ),
    helpers: [...cx.helpers.values()].map((h) => ({
      text: h.text,
      origin: [...new Set(h.from.flat())].slice(0, MOST_CALLERS),
    })),
    entries,
  };
};
