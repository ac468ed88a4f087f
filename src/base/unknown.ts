/** Values that come from outside: options, what callbacks give. */

/** An object with fields, no array. */
export const isRecord = (x: unknown): x is Readonly<Record<string, unknown>> =>
  typeof x === "object" && x !== null && !Array.isArray(x);

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
