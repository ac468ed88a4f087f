/** Values that come from outside: options, what callbacks give. */

/** An object with fields, no array. */
export const isRecord = (x: unknown): x is Readonly<Record<string, unknown>> =>
  typeof x === "object" && x !== null && !Array.isArray(x);

/** The largest size and index: they are i32. */
export const MAX_SIZE = 2 ** 31 - 1;

export const isWhole = (x: unknown, low: number, high = MAX_SIZE): x is number =>
  typeof x === "number" && Number.isInteger(x) && x >= low && x <= high;

/** A value in a message. */
export const show = (x: unknown): string =>
  typeof x === "string"
    ? JSON.stringify(x)
    : typeof x === "object" && x !== null
      ? Array.isArray(x)
        ? "an array"
        : "an object"
      : typeof x === "function"
        ? "a function"
        : String(x);
