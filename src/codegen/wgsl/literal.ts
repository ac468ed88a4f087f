/** Numbers as WGSL writes them. */
import type { VType } from "../../ir/tile/tile.ts";
import { typeName } from "./helpers.ts";
import { type WExpr, call, text } from "./module.ts";

/** The shortest decimal that is this f32 (or f16) again, with a point, an exponent or a suffix. */
export const floatText = (value: number, elem: "f32" | "f16"): string => {
  const round = elem === "f32" ? Math.fround : (x: number): number => Math.f16round(x);
  const target = round(value);
  if (!Number.isFinite(target)) throw new Error(`tile IR: ${value} is no finite ${elem} literal`);
  let short = String(target);
  // An integer stays as it is: 65500 is an f16 as good as 65504, but not what was written.
  for (let digits = Number.isInteger(target) && Math.abs(target) < 1e9 ? 10 : 1; digits <= 9; digits++) {
    const candidate = String(Number(target.toPrecision(digits)));
    // Rounded up, the largest f32 would be none: WGSL refuses such a literal.
    if (
      round(Number(candidate)) === target &&
      (Math.abs(target) < 3.4e38 || Math.abs(Number(candidate)) <= Math.abs(target))
    ) {
      short = candidate;
      break;
    }
  }
  if (Object.is(target, -0)) short = "-0";
  const scientific = Number(short).toExponential();
  if (scientific.length < short.length) short = scientific;
  if (!/[.e]/.test(short)) short += ".0";
  return elem === "f16" ? `${short.replace("e+", "e")}h` : short.replace("e+", "e");
};

/** A literal of a scalar or vector type. */
export const literal = (value: number, t: VType): WExpr => {
  const scalar = (): string => {
    switch (t.elem) {
      case "f32":
      case "f16":
        return floatText(value, t.elem);
      case "i32":
        return String(value);
      case "u32":
        return `${value}u`;
      case "bool":
        return value === 0 ? "false" : "true";
    }
  };
  return t.width === 1 ? text(scalar()) : call(typeName(t), text(scalar()));
};
