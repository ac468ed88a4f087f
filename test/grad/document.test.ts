import { expect, test } from "vitest";
import { gradientsDocument } from "../../scripts/gradients-doc.ts";

test("docs/gradients.md says what the gradients are", { timeout: 60_000 }, async () => {
  await expect(await gradientsDocument()).toMatchFileSnapshot("../../docs/gradients.md");
});
