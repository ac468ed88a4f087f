/**
 * Helper functions that the module carries when it calls them: what WGSL lacks (erf, floor division) or leaves undefined
 * (tanh of large arguments, pow of negative bases, infinities). Written once for any width.
 */
import type { VType } from "../../ir/tile/tile.ts";

export type HelperName =
  | "floor_div"
  | "floor_mod"
  | "erf"
  | "tanh_safe"
  | "sin_exact"
  | "cos_exact"
  | "pow_safe"
  | "square"
  | "infinity"
  | "negative_infinity"
  | "not_a_number";

const SHORT: Readonly<Record<VType["elem"], string>> = { f32: "f", f16: "h", i32: "i", u32: "u", bool: "" };

/** `f32`, `vec4h`, `vec2<bool>`, … */
export const typeName = (t: VType): string => {
  if (t.width === 1) return t.elem;
  return t.elem === "bool" ? `vec${t.width}<bool>` : `vec${t.width}${SHORT[t.elem]}`;
};

/** The function's name for a type: scalars of the usual element type have the bare one. */
export const helperName = (helper: HelperName, t: VType): string => {
  const usual = helper === "floor_div" || helper === "floor_mod" ? "i32" : "f32";
  return t.width === 1 && t.elem === usual ? helper : `${helper}_${typeName(t)}`;
};

const horner = (coefficients: readonly string[], x: string): string =>
  coefficients
    .slice(1)
    .reduce(
      (sum, c, i) => `${i === 0 ? sum : `(${sum})`} * ${x} ${c.startsWith("-") ? "-" : "+"} ${c.replace("-", "")}`,
      coefficients[0] ?? "0.0",
    );

/** Chebyshev interpolation of erf(x)/x in x² on [0, 1]; highest power first. */
const ERF_NEAR = ["-0.00056480599", "0.0049217618", "-0.026715055", "0.11280317", "-0.37612343", "1.1283791"];
/** erfc(x) exp(x²) / t in t = 1 / (1 + x/2) on 1 <= x <= 4. */
const ERF_FAR = ["-0.10144685", "0.085544817", "0.22827333", "0.21498404", "0.28990141", "0.2813842"];
/** (tanh(x)/x - 1)/x² in x² on [0, 0.625²]. */
const TANH_NEAR = ["-0.0060967081", "0.020997174", "-0.053850908", "0.13332769", "-0.33333328"];

const NOT_FINITE = (name: string, bits: string): string => `fn ${name}() -> f32 {
  // A variable: a constant expression must be finite.
  var bits = ${bits};
  return bitcast<f32>(bits);
}`;

/**
 * sin (first quadrant 0) or cos (1) to a few units in the last place for |x| < 1e5, where WGSL promises 2^-11 on [-pi, pi]
 * only: multiples of pi/2 are taken off in three parts (Cody and Waite), then Taylor's series on [-pi/4, pi/4].
 */
const sine = (
  name: string,
  T: string,
  n: (value: string) => string,
  first: string,
): string => `fn ${name}(x: ${T}) -> ${T} {
  let turns = round(x * 0.63661977);
  let r = ((x - turns * 1.5703125) - turns * 4.837513e-4) - turns * 7.54979e-8;
  let z = r * r;
  let s = r + r * z * (((z * 2.7557319e-6 - 1.984127e-4) * z + 8.3333333e-3) * z - 0.16666667);
  let c = 1.0 + z * ((((2.4801587e-5 - z * 2.7557319e-7) * z - 1.3888889e-3) * z + 4.1666667e-2) * z - 0.5);
  let q = turns + ${n(first)};
  let quadrant = q - 4.0 * floor(q * 0.25);
  let odd = quadrant - 2.0 * floor(quadrant * 0.5) > ${n("0.5")};
  let value = select(s, c, odd);
  return select(value, -value, quadrant > ${n("1.5")});
}`;

/** The WGSL text of a helper for one type. */
export const helperText = (helper: HelperName, t: VType): string => {
  const name = helperName(helper, t);
  const T = typeName(t);
  const B = typeName({ elem: "bool", width: t.width });
  const n = (value: string): string => (t.width === 1 ? value : `${T}(${value})`);
  switch (helper) {
    case "infinity":
      return NOT_FINITE(name, "0x7f800000u");
    case "negative_infinity":
      return NOT_FINITE(name, "0xff800000u");
    case "not_a_number":
      return NOT_FINITE(name, "0x7fc00000u");
    case "square":
      return `fn ${name}(x: ${T}) -> ${T} {\n  return x * x;\n}`;
    case "floor_div":
      return t.elem === "i32"
        ? `fn ${name}(a: ${T}, b: ${T}) -> ${T} {
  let q = a / b;
  return select(q, q - 1, (a % b != ${n("0")}) & ((a ^ b) < ${n("0")}));
}`
        : `fn ${name}(a: ${T}, b: ${T}) -> ${T} {\n  return floor(a / b);\n}`;
    case "floor_mod":
      return t.elem === "i32"
        ? `fn ${name}(a: ${T}, b: ${T}) -> ${T} {
  let r = a % b;
  return select(r, r + b, (r != ${n("0")}) & ((r ^ b) < ${n("0")}));
}`
        : `fn ${name}(a: ${T}, b: ${T}) -> ${T} {\n  return a - b * floor(a / b);\n}`;
    case "erf":
      return `// The error function; absolute error below 2e-7.
fn ${name}(x: ${T}) -> ${T} {
  let a = min(abs(x), ${n("4.0")});
  let z = a * a;
  let near = a * (${horner(ERF_NEAR, "z")});
  let t = 1.0 / (1.0 + 0.5 * a);
  let far = 1.0 - exp(-z) * t * (${horner(ERF_FAR, "t")});
  return sign(x) * select(far, near, a < ${n("1.0")});
}`;
    case "tanh_safe":
      return `// tanh for any argument: a polynomial near 0, where the exponentials cancel, and no overflow far from it.
fn ${name}(x: ${T}) -> ${T} {
  let a = min(abs(x), ${n("15.0")});
  let z = a * a;
  let near = a + a * z * (${horner(TANH_NEAR, "z")});
  let far = 1.0 - 2.0 / (exp(2.0 * a) + 1.0);
  return sign(x) * select(far, near, a < ${n("0.625")});
}`;
    case "sin_exact":
      return sine(name, T, n, "0.0");
    case "cos_exact":
      return sine(name, T, n, "1.0");
    case "pow_safe":
      return `// pow with a negative or zero base: integer exponents as in mathematics, NaN for others.
fn ${name}(a: ${T}, b: ${T}) -> ${T} {
  let m = pow(abs(a), b);
  let is_integer: ${B} = floor(b) == b;
  let is_odd: ${B} = abs(b - 2.0 * floor(b * 0.5)) == ${n("1.0")};
  var nan_bits = 0x7fc00000u;
  let nan = ${n("bitcast<f32>(nan_bits)")};
  let negative = select(nan, select(m, -m, is_odd), is_integer);
  var inf_bits = 0x7f800000u;
  let at_zero = select(select(${n("bitcast<f32>(inf_bits)")}, ${n("0.0")}, b > ${n("0.0")}), ${n("1.0")}, b == ${n("0.0")});
  return select(select(m, negative, a < ${n("0.0")}), at_zero, a == ${n("0.0")});
}`;
  }
};
