/** The text of a program: a signature that declares what the body mentions. */
import type { Value, World } from "./world.ts";

export type Result = {
  readonly name: string;
  readonly type: string;
  readonly axes: readonly string[];
  readonly dims: string;
};

type Used = {
  readonly tensors: readonly Value[];
  readonly scalars: World["scalars"];
  readonly sizes: readonly string[];
  readonly half: boolean;
};

const mentions = (text: string, name: string): boolean => new RegExp(`\\b${name}\\b`).test(text);

export const signature = (
  w: World,
  tensors: readonly Value[],
  results: readonly Result[],
): { readonly source: string; readonly used: Used } => {
  const body = w.lines.map((l) => `  ${l}\n`).join("");
  const scalars = w.scalars.filter((s) => mentions(body, s.name));
  const own = w.axes.filter((a) => a.parts === null);
  const mentioned = tensors.filter((t) => mentions(body, t.name));
  const isNeeded = (axis: string): boolean =>
    mentions(body, axis) || results.some((r) => r.axes.includes(axis)) || mentioned.some((t) => t.axes.includes(axis));
  const sizeNeeded = (size: string): boolean => scalars.some((s) => mentions(s.declaration, size));
  // Every index in use has a tensor that declares it, mentioned or not.
  const extra: Value[] = [];
  for (const a of own) {
    const declared = [...mentioned, ...extra].some((t) => t.axes.includes(a.name));
    const other = tensors.find((t) => t.axes.includes(a.name));
    if (!declared && other !== undefined && (isNeeded(a.name) || sizeNeeded(a.sizeName))) extra.push(other);
  }
  const used = [...mentioned, ...extra];
  const seen = new Set<string>();
  const dims = (text: string): string =>
    text.replace(/\w+/g, (name) => {
      const axis = w.axes.find((a) => a.name === name);
      if (axis === undefined || seen.has(name)) return name;
      seen.add(name);
      return `${name}: ${axis.sizeName}`;
    });
  const half =
    w.half && [...used.map((t) => t.type), ...results.map((r) => (r.type === "T" ? "float" : ""))].includes("float");
  const typeOf = (t: Value): string => (t.type === "int" ? "i32" : t.type === "bool" ? "bool" : w.half ? "T" : "f32");
  const bracket = (text: string): string => (text === "" ? "" : `[${dims(text)}]`);
  const params = [
    ...used.map((t) =>
      t.dims === "" ? `${t.name}: ${typeOf(t)}[]` : `${t.name}: ${typeOf(t)}${bracket(t.dims ?? "")}`,
    ),
    ...scalars.map((s) => s.declaration),
  ];
  const outs = results.map((r) => `${r.name}: ${r.type}${bracket(r.dims)}`);
  const source = `kernel fuzz${half ? "<T: f32 | f16>" : ""}(${params.join(", ")}) -> ${outs.length === 1 ? outs[0] : `(${outs.join(", ")})`} {\n${body}}\n`;
  const sizes = [...new Set(own.filter((a) => seen.has(a.name)).map((a) => a.sizeName))];
  return { source, used: { tensors: used, scalars, sizes, half } };
};
