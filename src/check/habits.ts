/** Names and functions of other languages, each with what to write here. Asked only for names that stand for nothing. */

const LEAVE_OUT = "to leave cells out write `where` and a condition behind the value: let s = … where causal(i, j)";
const TOP =
  "the k largest of a row: let t = kth_largest[j](s, k), and then … where s >= t behind the value that uses them";
const PRODUCT = "a product of matrices names the index that it sums over: sum[d](q * k)";
const MASK = "a mask is a condition: … where causal(i, j) behind the value";
const NAMES_MATCH = "indices are matched by name: nothing is reshaped or transposed";
const MODULE = (name: string): string => `there are no modules: leave \`${name}.\` out`;

/** Values. */
const VALUES: Readonly<Record<string, string>> = {
  inf: LEAVE_OUT,
  Inf: LEAVE_OUT,
  INF: LEAVE_OUT,
  infinity: LEAVE_OUT,
  Infinity: LEAVE_OUT,
  INFINITY: LEAVE_OUT,
  neginf: LEAVE_OUT,
  nan: LEAVE_OUT,
  NaN: LEAVE_OUT,
  None: "indices are matched by name: nothing is broadcast by hand",
  newaxis: "indices are matched by name: nothing is broadcast by hand",
  True: "write `true`",
  False: "write `false`",
  pi: "write 3.141592653589793",
  PI: "write 3.141592653589793",
  np: MODULE("np"),
  torch: MODULE("torch"),
  jnp: MODULE("jnp"),
  math: MODULE("math"),
  F: MODULE("F"),
  tl: MODULE("tl"),
};

/** Functions. */
const FUNCTIONS: Readonly<Record<string, string>> = {
  einsum: PRODUCT,
  matmul: PRODUCT,
  mm: PRODUCT,
  bmm: PRODUCT,
  dot: PRODUCT,
  linear: PRODUCT,
  topk: TOP,
  top_k: TOP,
  kth: TOP,
  kthvalue: TOP,
  sort: TOP,
  argsort: TOP,
  maximum: "of two numbers: max(a, b)",
  fmax: "of two numbers: max(a, b)",
  amax: "over an index: max[j](s)",
  minimum: "of two numbers: min(a, b)",
  fmin: "of two numbers: min(a, b)",
  amin: "over an index: min[j](s)",
  clip: "write clamp(x, lo, hi)",
  saturate: "write clamp(x, 0, 1)",
  select: "a choice is `if c then a else b`",
  cond: "a choice is `if c then a else b`",
  masked_fill: MASK,
  tril: MASK,
  triu: MASK,
  transpose: NAMES_MATCH,
  permute: NAMES_MATCH,
  reshape: "a product axis, `(g: G, r: R)`, is one axis with two indices",
  range: "an index runs over its axis; a part of it: sum[u: 0..W](x[i + u])",
  arange: "an index is its own position: write the index",
  len: "the size of an index is size(j)",
  shape: "the size of an index is size(j)",
  square: "write x * x",
  fabs: "write abs(x)",
  reciprocal: "write 1 / x",
  norm: "write sqrt(sum[d](x * x)), or l2_norm[d](x)",
  std: "write sqrt(var[d](x))",
  average: "write mean[d](x)",
  cumulative_sum: "write cumsum[t](x)",
  nonzero: "write count[j](x != 0)",
  ln: "write log(x)",
  tan: "write sin(x) / cos(x)",
  i32: "write int(x)",
  f32: "write float(x)",
};

/** Types. */
const TYPES: Readonly<Record<string, string>> = {
  float: "f32",
  float32: "f32",
  double: "f32",
  f64: "f32",
  float64: "f32",
  half: "f16",
  float16: "f16",
  fp16: "f16",
  fp32: "f32",
  bf16: "f16",
  bfloat16: "f16",
  int: "i32",
  int32: "i32",
  int64: "i32",
  i64: "i32",
  uint: "u32",
  uint32: "u32",
  u64: "u32",
  int8: "i8",
  uint8: "u8",
  int4: "i4",
  uint4: "u4",
  boolean: "bool",
  Tensor: "f32",
  tensor: "f32",
};

const entry = (table: Readonly<Record<string, string>>, name: string): string | null =>
  Object.hasOwn(table, name) ? table[name]! : null;

/** What to write for a value of another language, or null. */
export const habitOfValue = (name: string): string | null => entry(VALUES, name);

/** What to write for a function of another language, or null. */
export const habitOfFunction = (name: string): string | null => {
  // `sum_d(x)`, as LaTeX has it.
  const [, op, index] = /^(sum|max|min|mean|prod|var|argmax|softmax)_([a-z])$/.exec(name) ?? [];
  return op === undefined ? entry(FUNCTIONS, name) : `the index stands in brackets: ${op}[${index}](x)`;
};

/** The storage type that is meant by a type of another language, or null. */
export const habitOfType = (name: string): string | null => entry(TYPES, name);
