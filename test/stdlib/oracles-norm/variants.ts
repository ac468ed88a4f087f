/** Attention with noise or normalised values, added positions and gated layers, cell by cell as their sources have them. */
import { at, dot, erf, rows, sum, type Round, type Row } from "./arith.ts";
import type { Arrays, Oracle } from "./run.ts";

type Sizes = Readonly<Record<string, number>>;
const count = (n: number): number[] => Array.from({ length: n }, (_, i) => i);
const cut = (x: Row, width: number, row: number): Row => x.slice(row * width, (row + 1) * width);

/** Logits q·k / √d of one query of head (b, h); null where the key is in the future, aligned at the end. */
const logits = (r: Round, { q, k }: Arrays, { N, M, D }: Sizes, bh: number, i: number): (number | null)[] =>
  count(M!).map((j) =>
    j > i + M! - N! ? null : r(dot(r, cut(q!, D!, bh * N! + i), cut(k!, D!, bh * M! + j)) / r(Math.sqrt(D!))),
  );

/** softmax over the visible logits times values; a row without any is 0. */
const attend = (r: Round, s: readonly (number | null)[], value: (j: number) => Row, E: number): number[] => {
  const m = s.reduce<number>((x, y) => (y === null ? x : Math.max(x, y)), -Infinity);
  const e = s.map((x) => (x === null ? 0 : r(Math.exp(r(x - m)))));
  const all = sum(r, e);
  return count(E).map((c) =>
    s.reduce<number>((o, x, j) => (x === null ? o : r(o + r(r(at(e, j) / all) * at(value(j), c)))), 0),
  );
};
const heads = ({ B, H, N }: Sizes, row: (bh: number, i: number) => readonly number[]): number[] =>
  count(B! * H!).flatMap((bh) => count(N!).flatMap((i) => row(bh, i)));

/** v / max(‖v‖, 1e-12) · √e · γ */
export const valueRmsnorm: Oracle = (r, inputs, sizes) => {
  const [M, E, H] = [sizes["M"]!, sizes["E"]!, sizes["H"]!];
  const value = (bh: number, j: number): Row => {
    const v = cut(inputs["v"]!, E, bh * M + j);
    const length = Math.max(r(Math.sqrt(dot(r, v, v))), 1e-12);
    return v.map((x, e) => r(r(r(x / length) * r(Math.sqrt(E))) * at(cut(inputs["gamma"]!, E, bh % H), e)));
  };
  return { o: heads(sizes, (bh, i) => attend(r, logits(r, inputs, sizes, bh, i), (j) => value(bh, j), E)) };
};

/** arXiv 1611.01144: softmax((s + g) / τ). */
export const gumbel: Oracle = (r, inputs, sizes, { temperature = 1 }) => {
  const [N, M, E] = [sizes["N"]!, sizes["M"]!, sizes["E"]!];
  return {
    o: heads(sizes, (bh, i) => {
      const g = cut(inputs["g"]!, M, bh * N + i);
      const s = logits(r, inputs, sizes, bh, i).map((x, j) => (x === null ? null : r(r(x + at(g, j)) / temperature)));
      return attend(r, s, (j) => cut(inputs["v"]!, E, bh * M + j), E);
    }),
  };
};

/** The largest logit of a head over batch, queries and keys. */
export const qkMax: Oracle = (r, inputs, sizes) => {
  const { B, H, N } = sizes;
  const largest = (h: number): number =>
    Math.max(
      -Infinity,
      ...count(B!).flatMap((b) =>
        count(N!).flatMap((i) => logits(r, inputs, sizes, b * H! + h, i).filter((s) => s !== null)),
      ),
    );
  return { m: count(H!).map(largest) };
};

/** [sin(t f), cos(t f)] times the scale. */
export const sinusoidal: Oracle = (r, { x, freq }, { N, C }, { scale = 1, offset = 0 }) => ({
  y: x!.map((v, n) => {
    const [t, d] = [Math.floor(n / (2 * C!)) % N!, n % (2 * C!)];
    const angle = r((t + offset) * at(freq, d % C!));
    return r(v + r(scale * r(d < C! ? Math.sin(angle) : Math.cos(angle))));
  }),
});
export const learnedPositions: Oracle = (r, { x, table }, { N, D, P }, { scale = 1, offset = 0 }) => ({
  y: x!.map((v, n) => {
    const t = (Math.floor(n / D!) % N!) + offset;
    return t >= 0 && t < P! ? r(v + r(scale * at(table, t * D! + (n % D!)))) : v;
  }),
});

const gelu = (r: Round, x: number): number => r(r(0.5 * x) * r(1 + r(erf(r(x / Math.SQRT2)))));
/** (x W + b) gelu(x V + c) m */
export const gegluMultBias: Oracle = (r, { x, w, bias, m }, { D, F }) => {
  const lines = rows(w!, D!);
  return {
    y: rows(x!, D!).flatMap((row) =>
      count(F!).map((f) => {
        const half = (z: number): number => r(dot(r, row, lines[z * F! + f] ?? []) + at(bias, z * F! + f));
        return r(r(half(0) * gelu(r, half(1))) * at(m, f));
      }),
    ),
  };
};
export const deepEmbed: Oracle = (r, { f, token, table }, { D, V }) => ({
  y: rows(f!, D!).flatMap((row, t) => {
    const id = at(token, t);
    return row.map((v, d) => (id >= 0 && id < V! ? r(v * at(table, id * D! + d)) : 0));
  }),
});
