/** What a Tile IR program must satisfy to become valid WGSL. A violation is a mistake of the compiler, never of the user. */
import { item } from "../../base/must.ts";
import { sameType } from "./build.ts";
import { printType } from "./print.ts";
import type { Buffer, Expr, Stmt, TileKernel, TileProgram, VType } from "./tile.ts";
import { divergent } from "./uniformity.ts";
import { checkExpr, indexRule, type Visible } from "./verify-expr.ts";
import { boundBy, forEachExprIn, forEachStmt, usedBuffers, usesOf } from "./walk.ts";

/** The part of a target that bounds a program. */
export type TileLimits = {
  readonly workgroupBytes: number;
  readonly invocations: number;
  readonly storageBuffers: number;
  readonly f16: boolean;
  readonly subgroups: { readonly min: number; readonly max: number } | null;
};

type Names = Map<string, { readonly type: VType; readonly length: number | null; readonly mutable: boolean }>;
type Cx = {
  readonly buffers: ReadonlyMap<string, Buffer>;
  readonly uniforms: ReadonlyMap<string, VType>;
  readonly out: string[];
};

const expectType = (e: Expr, type: VType | undefined, what: string, cx: Cx): void => {
  if (type !== undefined && !sameType(e.type, type))
    cx.out.push(`${what}: ${printType(e.type)} where ${printType(type)} is expected`);
};

const define = (name: string, type: VType, length: number | null, mutable: boolean, names: Names, cx: Cx): void => {
  if (names.has(name)) cx.out.push(`${name} is defined twice`);
  names.set(name, { type, length, mutable });
};

const checkSet = (s: Stmt & { readonly kind: "set" | "setElement" }, names: Names, cx: Cx): void => {
  const name = s.kind === "set" ? s.name : s.array;
  const found = names.get(name);
  if (found === undefined || !found.mutable || (found.length === null) !== (s.kind === "set"))
    return void cx.out.push(`${name} cannot be set: it is no ${s.kind === "set" ? "variable" : "array"} here`);
  const wrong = s.kind === "setElement" ? indexRule(s.index, found.length) : null;
  if (wrong !== null) cx.out.push(`${name}: ${wrong}`);
  expectType(s.value, found.type, name, cx);
};

const checkStore = (s: Stmt & { readonly kind: "store" }, cx: Cx): void => {
  const buffer = cx.buffers.get(s.buffer);
  if (buffer === undefined) return void cx.out.push(`no buffer ${s.buffer}`);
  if (buffer.access === "read") cx.out.push(`${s.buffer} is read-only`);
  const wrong = indexRule(s.index, buffer.length);
  if (wrong !== null) cx.out.push(`${s.buffer}: ${wrong}`);
  expectType(s.value, buffer.type, s.buffer, cx);
};

const checkBody = (body: readonly Stmt[], outer: Names, cx: Cx): void => {
  const names: Names = new Map(outer);
  for (const s of body) checkStmt(s, names, cx);
};

const I32: VType = { elem: "i32", width: 1 };
const BOOL: VType = { elem: "bool", width: 1 };

const checkStmt = (s: Stmt, names: Names, cx: Cx): void => {
  const visible: Visible = { ...cx, names };
  const check = (...es: readonly Expr[]): void => es.forEach((e) => cx.out.push(...checkExpr(e, visible)));
  switch (s.kind) {
    case "let":
      check(s.value);
      return define(s.name, s.value.type, null, false, names, cx);
    case "var":
    case "array":
      if (s.init !== null) {
        check(s.init);
        expectType(s.init, s.type, s.name, cx);
      }
      if (s.kind === "array" && !(s.length > 0)) cx.out.push(`the array ${s.name} has length ${s.length}`);
      return define(s.name, s.type, s.kind === "array" ? s.length : null, true, names, cx);
    case "set":
      check(s.value);
      return checkSet(s, names, cx);
    case "setElement":
      check(s.index, s.value);
      return checkSet(s, names, cx);
    case "store":
      check(s.index, s.value);
      return checkStore(s, cx);
    case "if":
      check(s.cond);
      expectType(s.cond, BOOL, "if", cx);
      checkBody(s.then, names, cx);
      return checkBody(s.else, names, cx);
    case "for": {
      check(s.from);
      const inner: Names = new Map(names);
      define(s.name, I32, null, false, inner, cx);
      for (const e of [s.to, s.step]) cx.out.push(...checkExpr(e, { ...cx, names: inner }));
      for (const e of [s.from, s.to, s.step]) expectType(e, I32, `for ${s.name}`, cx);
      if (s.step.kind === "lit" && s.step.value <= 0) cx.out.push(`for ${s.name}: step ${s.step.value}`);
      return checkBody(s.body, inner, cx);
    }
    case "barrier":
    case "comment":
      return;
  }
};

const BYTES = { f32: 4, f16: 2, i32: 4, u32: 4, bool: 4 } as const;
const bytes = (b: Buffer): number => Math.ceil(((b.length ?? 0) * BYTES[b.type.elem] * b.type.width) / 16) * 16;

const checkLimits = (k: TileKernel, p: TileProgram, limits: TileLimits, out: string[]): void => {
  const total = k.workgroup.reduce((sum, b) => sum + bytes(b), 0);
  if (total > limits.workgroupBytes)
    out.push(`${total} bytes of workgroup memory, but there are ${limits.workgroupBytes}`);
  if (!(k.lanes >= 1 && k.lanes <= limits.invocations))
    out.push(`${k.lanes} lanes, but there are ${limits.invocations}`);
  const used = usedBuffers(k.body);
  const storage = p.storage.filter((b) => used.has(b.name)).length;
  if (storage > limits.storageBuffers) out.push(`${storage} storage buffers, but there are ${limits.storageBuffers}`);
  let [half, subgroups] = [[...p.storage, ...k.workgroup].some((b) => b.type.elem === "f16"), false];
  forEachStmt(k.body, (s) => (half ||= (s.kind === "var" || s.kind === "array") && s.type.elem === "f16"));
  forEachExprIn(k.body, (e) => {
    half ||= e.type.elem === "f16";
    subgroups ||= e.kind === "subgroup" || (e.kind === "builtin" && e.name.startsWith("subgroup"));
  });
  if (half && !limits.f16) out.push("f16, but the target has none");
  if (subgroups && limits.subgroups === null) out.push("subgroup operations, but the target has none");
};

const checkKernel = (k: TileKernel, p: TileProgram, limits: TileLimits): readonly string[] => {
  const out: string[] = [];
  for (const b of k.workgroup) {
    if (b.space !== "workgroup" || b.access !== "read_write" || !(b.length !== null && b.length > 0))
      out.push(`${b.name} must be a read_write workgroup array with a length`);
    if (p.storage.some((s) => s.name === b.name)) out.push(`${b.name} is both a storage buffer and a workgroup array`);
  }
  const storage = boundBy(p.storage, usesOf(k.body));
  storage.forEach((b, i) => {
    const { type } = item(p.storage, i);
    if (b.type.width !== 1 && b.type.width !== type.width)
      out.push(`${b.name}: ${printType(b.type)} where ${printType(type)} is the type`);
  });
  const buffers = new Map([...storage, ...k.workgroup].map((b) => [b.name, b]));
  if (buffers.size < p.storage.length + k.workgroup.length) out.push("two buffers have one name");
  checkBody(k.body, new Map(), { buffers, uniforms: new Map(p.uniforms.map((u) => [u.name, u.type])), out });
  checkLimits(k, p, limits, out);
  return [...out, ...divergent(k, p)].map((text) => `${k.name}: ${text}`);
};

/** Everything wrong with a program for a target, a line each; empty when all is well. */
export const verifyTile = (program: TileProgram, limits: TileLimits): readonly string[] => {
  const out: string[] = [];
  for (const b of program.storage)
    if (b.space !== "storage" || b.length !== null) out.push(`${b.name} must be a storage buffer without a length`);
  for (const u of program.uniforms)
    if (u.type.width !== 1 || u.type.elem === "f16") out.push(`the uniform ${u.name} cannot be ${printType(u.type)}`);
  if (new Set(program.kernels.map((k) => k.name)).size < program.kernels.length) out.push("two kernels have one name");
  return [...out, ...program.kernels.flatMap((k) => checkKernel(k, program, limits))];
};
