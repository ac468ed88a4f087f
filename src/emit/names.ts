/** Names of kernels in JavaScript. */

const RESERVED = new Set(
  (
    "arguments await break case catch class const continue debugger default delete do else enum eval export extends false " +
    "finally for function if implements import in instanceof interface let new null package private protected public return " +
    "static super switch this throw true try typeof undefined var void while with yield"
  ).split(" "),
);

/** A name that a declaration may have; others are exported under it (`export { class_ as class }`). */
export const bindingName = (name: string): string => (RESERVED.has(name) ? `${name}_` : name);

/** `flash_attention` as `FlashAttention`. */
export const typeName = (name: string): string =>
  name
    .split("_")
    .map((part) => part.slice(0, 1).toUpperCase() + part.slice(1))
    .join("") || "Kernel";
