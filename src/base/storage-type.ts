/** How the elements of a tensor are stored. */
export type StorageType = "f32" | "f16" | "i32" | "u32" | "bool" | "i8" | "u8" | "i4" | "u4";

/** All of them, as the language names them. */
export const STORAGE_TYPES: readonly StorageType[] = ["f32", "f16", "i32", "u32", "bool", "i8", "u8", "i4", "u4"];

/** Those of which several share a word of 32 bits; they can be read only. */
export const PACKED_TYPES: readonly StorageType[] = ["i8", "u8", "i4", "u4"];
