/** Texts that the benches compile, read from disk. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Sources } from "./page/tfx.ts";

/** A path relative to this folder. */
export const path = (relative: string): string => fileURLToPath(new URL(relative, import.meta.url));

const text = (relative: string): string => readFileSync(path(relative), "utf8");

/** The bench's own kernels. */
export const benchSources = (): Sources => ({ kernels: text("kernels.tfx"), prelude: text("../stdlib/prelude.tfx") });

/** The kernels of the language reference. */
export const languageSources = (): Sources => ({
  kernels: text("../test/fixtures/language.tfx"),
  prelude: text("../stdlib/prelude.tfx"),
});

/** Sizes that the kernels of the language reference must know at compile time, at everyday values. */
export const LANGUAGE_DIMS: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  flash_attention: { D: 64, E: 64 },
  gemma2: { D: 128, G: 2, R: 4 },
  persistent_memory: { D: 64, P: 16 },
  talking_heads: { D: 32, E: 32, H: 4, G: 4, X: 4 },
  topk_attention: { D: 64 },
  cosine_attention: { D: 64 },
  add_rms_norm: { D: 768 },
  layer_norm_affine: { D: 768 },
  paged_decode: { D: 64, G: 2, R: 4, P: 16 },
  linear_attention: { D: 64, E: 64 },
};
