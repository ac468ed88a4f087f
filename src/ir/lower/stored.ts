/** How numbers are stored: the buffer of a tensor, its elements to and from arithmetic types, and integers packed into words. */
import type { Tensor } from "../graph/graph.ts";
import * as T from "../tile/build.ts";
import { type Buffer, type Expr, U32 } from "../tile/tile.ts";

/** The buffer of a tensor as it is bound. */
export const bufferOf = (t: Tensor, vector: boolean): Buffer => {
  const elem = t.dtype === "f32" || t.dtype === "f16" || t.dtype === "i32" ? t.dtype : "u32";
  return {
    name: t.name,
    space: "storage",
    access: t.role === "input" ? "read" : "read_write",
    type: T.vtype(elem, vector ? 4 : 1),
    length: null,
  };
};

/** Reads an element and converts it to its arithmetic type; packed integers are unpacked from their word. */
export const decode = (t: Tensor, at: Expr, vector: boolean): Expr => {
  const buffer = bufferOf(t, vector);
  switch (t.dtype) {
    case "f32":
    case "i32":
      return T.load(buffer, at);
    case "f16":
      return T.cast(T.load(buffer, at), "f32");
    case "u32":
      return T.cast(T.min(T.load(buffer, at), T.lit(2147483647, U32)), "i32");
    case "bool":
      return T.binary("!=", T.load(buffer, at), T.lit(0, U32));
    case "i8":
    case "u8":
      return unpack(buffer, at, 8, t.dtype === "i8");
    case "i4":
    case "u4":
      return unpack(buffer, at, 4, t.dtype === "i4");
  }
};

const unpack = (buffer: Buffer, at: Expr, bits: 4 | 8, signed: boolean): Expr => {
  const per = 32 / bits;
  const position = T.cast(T.mod(at, T.i32(per)), "u32");
  return field(T.load(buffer, T.div(at, T.i32(per))), T.mul(position, T.u32(bits)), bits, signed);
};

/** The field of a word that begins at a bit. */
export const field = (word: Expr, from: Expr, bits: 4 | 8, signed: boolean): Expr => {
  if (!signed) return T.cast(T.binary("bitand", T.binary("shr", word, from), T.u32(2 ** bits - 1)), "i32");
  // The field goes to the top of the word, then an arithmetic shift brings it down with its sign.
  return T.binary("shr", T.bitcast(T.binary("shl", word, T.sub(T.u32(32 - bits), from)), "i32"), T.u32(32 - bits));
};

export const encode = (t: Tensor, e: Expr): Expr => {
  const elem = bufferOf(t, false).type.elem;
  if (e.kind === "infinity" && elem !== "f32") return T.cast(e, elem);
  return T.cast(e, elem);
};
