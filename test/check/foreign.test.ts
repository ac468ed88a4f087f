/** Operators of other languages are reported, with what to write, and nothing behind the parser stumbles over them. */
import { expect, test } from "vitest";
import { BASELINE } from "../../src/base/target.ts";
import { compile } from "../../src/compile.ts";
import { FOREIGN } from "../../src/parser/tokens.ts";
import { resolveImport } from "../numeric/harness.ts";

test.each(Object.entries(FOREIGN))("%s", (spelling, { write }) => {
  for (const expression of [`x ${spelling} x`, `if x ${spelling} 1 then x else 0`, `${spelling} x`]) {
    const text = `kernel a(x: f32[t: N]) -> y: f32[t] {\n  y = ${expression}\n}\n`;
    const { diagnostics } = compile(text, { file: "a.tfx", target: BASELINE, resolveImport });
    const found = diagnostics.find((d) => d.code === "TFX1003");
    expect(found?.message).toBe(`\`${spelling}\` is not an operator here`);
    expect(found?.help).toContain(write === "" ? "leave it out" : `\`${write}\``);
  }
});
