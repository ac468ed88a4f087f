/**
 * The fast tier (`npm run test:fast`), for every save: each level and each rule of the compiler, a sample of long tables (`test/tier.ts`), below 20
 * seconds on two cores. What it leaves out is asked by the tier of the compiler and by the whole suite: the library, random programs, explain.
 */
import { defineConfig } from "vitest/config";
import compiler from "./vitest.compiler.config.ts";

const { test } = compiler;

export default defineConfig({
  test: {
    ...test,
    include: [
      "test/{check,golden,graph,ir,meaning,plan,reject-plan,rules,scalar,source}/**/*.test.ts",
      "test/{parser/parse,codegen/artifact,runtime/sizes,architecture}.test.ts",
    ],
    env: { TFX_TIER: "fast" },
  },
});
