/** Numbers for people. */

/** 1234567 as `1.23 M`. */
export const amount = (n: number): string => {
  const units = ["", " k", " M", " G", " T", " P"];
  const step = n < 1000 ? 0 : Math.min(units.length - 1, Math.floor(Math.log10(n) / 3));
  return `${Number((n / 1000 ** step).toPrecision(3))}${units[step] ?? ""}`;
};

export const bytes = (n: number): string => {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  const step = n < 1024 ? 0 : Math.min(units.length - 1, Math.floor(Math.log2(n) / 10));
  return `${Number((n / 1024 ** step).toPrecision(3))} ${units[step] ?? ""}`;
};

export const milliseconds = (ms: number): string =>
  ms < 1 ? `${Math.round(ms * 1000)} µs` : `${Number(ms.toPrecision(3))} ms`;

/** Small numbers as `3.2e-7`. */
export const short = (x: number): string =>
  x === 0 ? "0" : Math.abs(x) < 1e-3 ? x.toExponential(1) : String(Number(x.toPrecision(3)));
