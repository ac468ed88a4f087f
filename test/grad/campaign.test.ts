/** A short campaign of gradients. The long one: `npm run fuzz -- --gradients --programs 2000`. */
import { expect, test } from "vitest";
import { gradientVerdict, type GradientVerdict } from "./campaign.ts";

const PROGRAMS = Number(process.env["TFX_FUZZ"] ?? "120");
const SEED = Number(process.env["TFX_SEED"] ?? "1");

test(`gradients of ${PROGRAMS} random programs`, { timeout: 1000 * PROGRAMS }, async () => {
  const found: Record<GradientVerdict["kind"], number> = {
    right: 0,
    "not smooth": 0,
    invalid: 0,
    refused: 0,
    wrong: 0,
    crashed: 0,
  };
  const faults: string[] = [];
  for (let n = 0; n < PROGRAMS; n++) {
    const verdict = await gradientVerdict(SEED + n);
    found[verdict.kind]++;
    if (verdict.kind === "wrong" || verdict.kind === "crashed") faults.push(`seed ${SEED + n}: ${verdict.what}`);
  }
  expect(faults).toEqual([]);
  expect(found.right).toBeGreaterThan(PROGRAMS / 3);
});
