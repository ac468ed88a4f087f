/** What a code stands for: a line for lists, and a paragraph for `tfx explain` and the error pages. */
export type CodeEntry = { readonly title: string; readonly explain: string };

/** The catalogue of syntax codes, TFX1xxx; the checker's codes are in `check/codes.ts`. */
export const CODES: Readonly<Record<string, CodeEntry>> = {
  TFX1001: {
    title: "unexpected character",
    explain:
      "Names use ASCII letters, digits and `_`, and begin with a letter or `_`. Numbers have a digit on both sides " +
      "of the point: `0.5`, `1.0`, `1e-6`. Strings use double quotes.",
  },
  TFX1002: {
    title: "string not closed, or in single quotes",
    explain: 'A string begins and ends with `"` on one line. Strings occur only after `from` in a `use`.',
  },
  TFX1003: {
    title: "operator of another language",
    explain:
      "The logical operators are the words `and`, `or` and `not`, a power is `**`, statements need no `;`, and " +
      "mathematical signs are written in ASCII: `<=`, `>=`, `!=`, `*`, `/`, `->`, `in`.",
  },
  TFX1004: {
    title: "number runs into a name",
    explain: "There is no implied multiplication: write `2 * x`, not `2x`. A name cannot begin with a digit.",
  },
  TFX1005: {
    title: "comment of another language",
    explain: "A comment runs from `//` to the end of its line. `///` above a `kernel` or `fn` documents it.",
  },
  TFX1006: {
    title: "member of a value",
    explain:
      "Values have no members and there are no modules: `x.T`, `x.shape` and `np.exp` are not written. Indices are matched by name, so " +
      "nothing is transposed; the size of an index is `size(d)`; functions stand before their argument, `exp(x)`.",
  },
  TFX1010: {
    title: "unexpected word or sign",
    explain:
      "At this place the grammar allows only what the message names. The mistake is often just before it: a missing " +
      "comma, a missing `=`, or a name left out.",
  },
  TFX1011: {
    title: "expression expected",
    explain:
      "An operator, a bracket or an `=` must be followed by a value: a number, a name, `f(x)`, `sum[d](x)`, or an " +
      "expression in parentheses. `if a then b else c` inside a larger expression needs parentheses.",
  },
  TFX1012: {
    title: "bracket not closed",
    explain: "Every `(`, `[`, `{` and every `<` of a kernel's type list needs its closing partner.",
  },
  TFX1013: {
    title: "keyword used as a name",
    explain:
      "These words are reserved: `use from fn kernel let axis static where if then else and or not in true false`. " +
      "All others, `sum` and `max` among them, are ordinary names.",
  },
  TFX1014: {
    title: "not an item",
    explain: "A file holds `use`, `fn` and `kernel` items, and nothing else outside their braces.",
  },
  TFX1015: {
    title: "statement expected",
    explain:
      "A kernel's body holds `let x = …`, `axis j = m | s` and, for every result, `name = …`. A bare expression is " +
      "not a statement.",
  },
  TFX1016: {
    title: "brackets after the arguments",
    explain:
      "A reduction names its axes between its name and its arguments: `sum[d](x)`. Only a name can be indexed: give " +
      "the value a name with `let` first.",
  },
  TFX1017: {
    title: "slice",
    explain:
      "A bare name means the tensor at its declared indices. Brackets name the indices that change, `q[d = 0]`, or give an expression for " +
      "each axis, `q[i, 0]`. A part of an axis is read through a shifted index, `x[i + 1]`, or left out with `where`.",
  },
  TFX1018: {
    title: "choice of another language",
    explain:
      "A choice is `if c then a else b`. `where c` is no function: it stands behind the value of a statement and leaves cells out, so that no " +
      "`-inf` has to be written: `let s = sum[d](q * k) where causal(i, j)`.",
  },
  TFX1019: {
    title: "named argument",
    explain:
      "Arguments have no names. Over which index a function works stands in brackets: `max[j](s)`, `softmax[j](s)`, `sum[i, j](x)`.",
  },
  TFX1020: {
    title: "chained comparison",
    explain: "Comparisons do not chain: write `a < b and b < c`, not `a < b < c`.",
  },
  TFX1021: {
    title: "`in` without axes",
    explain:
      "`j in m` asks whether the index `j`, declared by `axis j = m | s`, is in its part `m`. Both sides are names " +
      "of axes.",
  },
  TFX1022: {
    title: "`=` in a condition",
    explain: "`=` gives a name its value, in a statement of its own. Two values are compared with `==`.",
  },
  TFX1023: {
    title: "string in an expression",
    explain:
      "Strings occur only behind `from` in a `use`. A sum of products that NumPy writes as a string is written with indices: " +
      '`einsum("id,jd->ij", q, k)` is `sum[d](q * k)`.',
  },
  TFX1030: {
    title: "nested too deeply",
    explain: "Brackets, `if`, powers and prefix operators nest at most 100 levels deep. Name a part with `let`.",
  },
  TFX1031: {
    title: "expression too long",
    explain: "One expression has at most 1000 operators. Name a part of it with `let`.",
  },
};
