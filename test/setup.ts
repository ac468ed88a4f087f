/**
 * In tests the verifiers of all levels run between all stages of every compilation. Properties draw the same values in every run, so
 * that a result can be repeated; `TFX_SEED=7` draws others, and `npm run fuzz` goes on for as long as one likes.
 */
import fc from "fast-check";
import { verifyByDefault } from "../src/verify.ts";

verifyByDefault(true);
fc.configureGlobal({ seed: Number(process.env["TFX_SEED"] ?? "1") });
