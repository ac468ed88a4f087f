/** The norms as the papers have them, naively. */
import { at, dot, erf, length2, mean, rows, square, sum, type Round, type Row } from "./arith.ts";
import type { Oracle } from "./run.ts";

type NormOfRow = (r: Round, x: Row) => Row;

/** arXiv 1607.06450, eq. 3-4: (x - mu) / sigma, sigma^2 = mean((x - mu)^2), with eps as every code has it. */
export const layerNorm = (r: Round, x: Row, eps: number): Row => {
  const mu = mean(r, x);
  const variance = mean(
    r,
    x.map((v) => square(r, r(v - mu))),
  );
  const sigma = r(Math.sqrt(r(variance + eps)));
  return x.map((v) => r(r(v - mu) / sigma));
};

/** arXiv 1910.07467, eq. 4. */
const rmsNorm = (r: Round, x: Row, eps: number): Row => {
  const rms = r(Math.sqrt(r(r(dot(r, x, x) / x.length) + eps)));
  return x.map((v) => r(v / rms));
};

/** x / |x| with a floor on the length. */
export const unit = (r: Round, x: Row, floor: number): Row => {
  const n = Math.max(length2(r, x), r(floor));
  return x.map((v) => r(v / n));
};

/** exp(x - max) / sum. */
export const softmax = (r: Round, x: Row): Row => {
  const m = Math.max(...x);
  const e = x.map((v) => r(Math.exp(r(v - m))));
  const total = sum(r, e);
  return e.map((v) => r(v / total));
};

export const logSoftmax = (r: Round, x: Row): Row => {
  const m = Math.max(...x);
  const log = r(
    Math.log(
      sum(
        r,
        x.map((v) => r(Math.exp(r(v - m)))),
      ),
    ),
  );
  return x.map((v) => r(r(v - m) - log));
};

/** A norm of every row of D of `x`, times a gain, plus a bias, both by column. */
const affine =
  (norm: NormOfRow, gain: (g: number) => number = (g) => g): Oracle =>
  (r, { x, gamma, beta }, { D }) => ({
    y: rows(x!, D!).flatMap((row) =>
      norm(r, row).map((v, d) => {
        const scaled = gamma === undefined ? v : r(v * r(gain(at(gamma, d))));
        return beta === undefined ? scaled : r(scaled + at(beta, d));
      }),
    ),
  });

const eps = (scalars: Readonly<Record<string, number>>, value: number): number => scalars["eps"] ?? Math.fround(value);
const withEps =
  (value: number, make: (e: number) => Oracle): Oracle =>
  (r, inputs, sizes, scalars) =>
    make(eps(scalars, value))(r, inputs, sizes, scalars);

export const layernorm = withEps(1e-5, (e) => affine((r, x) => layerNorm(r, x, e)));
export const layernormUnitOffset = withEps(1e-5, (e) =>
  affine(
    (r, x) => layerNorm(r, x, e),
    (g) => 1 + g,
  ),
);
export const rmsnorm = withEps(1e-6, (e) => affine((r, x) => rmsNorm(r, x, e)));
export const rmsnormOutside: Oracle = affine((r, x) => {
  const rms = r(r(Math.sqrt(r(dot(r, x, x) / x.length))) + Math.fround(1e-8));
  return x.map((v) => r(v / rms));
});
export const rmsnormClamp: Oracle = affine((r, x) => unit(r, x, 1e-12).map((v) => r(r(Math.sqrt(x.length)) * v)));
export const rmsnormSimple: Oracle = affine((r, x) => unit(r, x, 1e-12).map((v) => r(r(Math.sqrt(x.length)) * v)));
export const l2norm: Oracle = affine((r, x) => unit(r, x, 1e-12));

/** The first k of n only. `count` gives k from n * p. */
export const prmsnorm =
  (count: (np: number) => number): Oracle =>
  (r, inputs, sizes, scalars) => {
    const p = scalars["p"] ?? 0.0625;
    const partial: NormOfRow = (round, x) => {
      const head = x.slice(0, count(x.length * p));
      const rms = round(Math.sqrt(round(round(dot(round, head, head) / head.length) + Math.fround(1e-8))));
      return x.map((v) => round(v / rms));
    };
    return affine(partial)(r, inputs, sizes, scalars);
  };

/** g x / |x|, arXiv 1910.05895, eq. 5. */
export const scalenorm: Oracle = (r, { x }, { D }, { g }) => ({
  y: rows(x!, D!).flatMap((row) => unit(r, row, 1e-5).map((v) => r((g ?? r(Math.sqrt(D!))) * v))),
});

/** g (w . x) / (|w| |x|), eq. 6. */
export const fixnorm: Oracle = (r, { x, w }, { D }, { g }) => ({
  y: rows(x!, D!).flatMap((row) =>
    rows(w!, D!).map((word) => {
      const lengths = r(Math.max(length2(r, row), Math.fround(1e-5)) * Math.max(length2(r, word), Math.fround(1e-5)));
      return r(r((g ?? r(Math.sqrt(D!))) * dot(r, row, word)) / lengths);
    }),
  ),
});

export const l2normGrouped: Oracle = (r, { x }, { C }) => ({ y: rows(x!, C!).flatMap((g) => unit(r, g, 1e-12)) });

/** sqrt(d) x / |x| (1 + gamma of the head). */
export const multiheadRms: Oracle = (r, { x, gamma }, { H, N, D }) => ({
  y: rows(x!, D!).flatMap((row, n) => {
    const h = Math.floor(n / N!) % H!;
    const scale = r(Math.sqrt(D!));
    return unit(r, row, 1e-12).map((v, d) => r(r(scale * v) * r(1 + at(gamma, h * D! + d))));
  }),
});

/** Moments of all cells of a group, gain and bias by channel. */
export const groupnorm: Oracle = (r, { x, gamma, beta }, { G, C, P }) => ({
  y: rows(x!, C! * P!).flatMap((cells, n) =>
    layerNorm(r, cells, Math.fround(1e-5)).map((v, k) => {
      const channel = (n % G!) * C! + Math.floor(k / P!);
      return r(r(v * at(gamma, channel)) + at(beta, channel));
    }),
  ),
});

export const instancenorm: Oracle = (r, { x, gamma, beta }, { C, P }) => ({
  y: rows(x!, P!).flatMap((cells, n) =>
    layerNorm(r, cells, Math.fround(1e-5)).map((v) => r(r(v * at(gamma, n % C!)) + at(beta, n % C!))),
  ),
});

/** norm(x) (1 + scale) + shift, with `scale` by sample or by token. */
const adaptive =
  (norm: NormOfRow, perToken = false): Oracle =>
  (r, { x, scale, shift }, { N, D }) => ({
    y: rows(x!, D!).flatMap((row, n) => {
      const from = (perToken ? n : Math.floor(n / N!)) * D!;
      return norm(r, row).map((v, d) => {
        const y = r(v * r(1 + at(scale, from + d)));
        return shift === undefined ? y : r(y + at(shift, from + d));
      });
    }),
  });
export const adaLayernorm = adaptive((r, x) => layerNorm(r, x, Math.fround(1e-5)));
export const adaLayernormToken = adaptive((r, x) => layerNorm(r, x, Math.fround(1e-5)), true);
export const adaRmsnorm = adaptive((r, x) => unit(r, x, 1e-12).map((v) => r(r(Math.sqrt(x.length)) * v)));

export const dyt: Oracle = (r, { x, gamma, beta }, { D }, { alpha = 0.5 }) => ({
  y: x!.map((v, n) => r(r(at(gamma, n % D!) * r(Math.tanh(r(alpha * v)))) + at(beta, n % D!))),
});
export const derf: Oracle = (r, { x, gamma, beta }, { D }, { alpha = 0.5, s = 0 }) => ({
  y: x!.map((v, n) => r(r(at(gamma, n % D!) * r(erf(r(r(alpha * v) + s)))) + at(beta, n % D!))),
});
export const layerscale =
  (gain: (g: number) => number): Oracle =>
  (r, { x, f, gamma }, { D }) => ({ y: x!.map((v, n) => r(v + r(r(gain(at(gamma, n % D!))) * at(f, n)))) });

const added = (r: Round, x: Row, y: Row): Row => x.map((v, n) => r(v + at(y, n)));
export const addRmsnorm: Oracle = (r, inputs, sizes, scalars) => {
  const s = added(r, inputs["x"]!, inputs["r"]!);
  return { s, ...rmsnorm(r, { ...inputs, x: s }, sizes, scalars) };
};
export const addLayernorm: Oracle = (r, inputs, sizes, scalars) => {
  const s = added(r, inputs["x"]!, inputs["r"]!);
  return { s, ...layernorm(r, { ...inputs, x: s }, sizes, scalars) };
};

/** A function of rows along the middle of three axes. */
const along =
  (f: NormOfRow): Oracle =>
  (r, { x }, { J, C = 1 }) => ({
    y: rows(x!, J! * C).flatMap((block) => {
      const columns = Array.from({ length: C }, (_, c) =>
        f(
          r,
          block.filter((_v, k) => k % C === c),
        ),
      );
      return block.map((_, k) => at(columns[k % C], Math.floor(k / C)));
    }),
  });
export const softmaxAlong = along(softmax);
export const logSoftmaxAlong = along(logSoftmax);
