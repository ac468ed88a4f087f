/** Kernels whose modules the tests run and give to TypeScript: every form of tensor, scalar and size. */
import { BASELINE } from "../../src/base/target.ts";
import type { Artifact } from "../../src/codegen/artifact.ts";
import { compile } from "../../src/compile.ts";

export type Example = {
  readonly text: string;
  readonly dims: Readonly<Record<string, number>>;
  readonly sizes: Readonly<Record<string, number>>;
  readonly scalars: Readonly<Record<string, number | boolean>>;
};

export const EXAMPLES: Readonly<Record<string, Example>> = {
  attention: {
    text: `/// Causal attention \`with\` a window; */ and \${more}.
kernel attention(
  q: f32[b: B, h: H, i: N, d: D], k: f32[b, h, j: M, d], v: f32[b, h, j, d], scale: f32 = 1 / sqrt(D), window: i32
) -> (o: f32[b, h, i, d], lse: f32[b, h, i]) {
  let s = sum[d](q * k) * scale where causal(i, j) and i - j < window
  o = sum[j](softmax[j](s) * v)
  lse = logsumexp[j](s)
}
`,
    dims: { D: 16 },
    sizes: { B: 1, H: 2, N: 21, M: 34 },
    scalars: { window: 9 },
  },
  masked_mean: {
    text: `kernel masked_mean(x: f32[n: N, d: D], seen: bool[n, d], on: bool = true, by: f32 = min(D, 8) / 2) -> (y: f32[n], any: bool[n]) {
  let part = x where seen or not on
  y = sum[d](part) * by
  any = sum[d](if seen then 1.0 else 0.0) > 0
}
`,
    dims: {},
    sizes: { N: 13, D: 7 },
    scalars: { on: true },
  },
  bytes: {
    text: "kernel bytes(w: i8[n: N, d: D], x: f32[d]) -> y: f32[n] { y = sum[d](w * x) }\n",
    dims: { N: 5, D: 8 },
    sizes: {},
    scalars: {},
  },
  delete: {
    text: "kernel delete(x: i32[i: N]) -> y: i32[i] { y = 2 * x }\n",
    dims: {},
    sizes: { N: 70 },
    scalars: {},
  },
  columns: {
    text: `kernel columns(x: f32[n: N, d: D]) -> y: f32[n, d] {
  let h = x - mean[n](x)
  y = softmax[d](h)
}
`,
    dims: {},
    sizes: { N: 9, D: 50 },
    scalars: {},
  },
};

export const artifactOf = ({ text, dims }: Example): Artifact => {
  const { artifacts, diagnostics } = compile(text, { file: "kernels.tfx", dims, target: BASELINE });
  const [artifact] = artifacts;
  if (artifact === undefined) throw new Error(JSON.stringify(diagnostics));
  return artifact;
};
