/** Dawn on Mesa's lavapipe: subgroups of 8, f16. */
import { describe } from "vitest";
import { FAR_MEANS, HALF, LANGUAGE, VARIANTS, halved } from "./cases.ts";
import { asGpu, asIs, FAR_LIMIT, FEW, group, noSubgroups } from "./suite.ts";

describe("lavapipe", () => {
  group("lavapipe", "the language reference", LANGUAGE, asIs);
  group("lavapipe", "its one-liners", halved(VARIANTS), asIs);
  group("lavapipe", "half-float storage", HALF, asIs);
  group("lavapipe", "without subgroups", halved(FEW), noSubgroups);
  group("lavapipe", "scheduled as for a GPU", halved(FEW), asGpu);
  group("lavapipe", "rows far from zero", FAR_MEANS, asGpu, FAR_LIMIT);
});
