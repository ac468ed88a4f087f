/** The rule of `derive/chunks.ts` and `derive/chunk`: a recurrence that is affine in its state, in chunks that are walked side by side. */
import type { Rule } from "./rule.ts";

export const CHUNK: Rule = {
  name: "recurrence in chunks",
  equation:
    "S_t = a_t S_(t-1) + b_t: Σ_d q_t S_t = Σ_d q_t (Π_{w <= t} a_w) S_c + Σ_{u <= t} (Σ_d q_t b_u Π_{u < w <= t} a_w), t, u, w in the chunk behind S_c",
  condition:
    "the step is affine in the state at its own indices; the state is read in sums over its axes, which are linear in it, and behind the last cell; b is a sum of products of what such a sum runs over and of what it keeps; a varies along nothing that the sum keeps and its other factor lacks",
};
