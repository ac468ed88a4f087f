/**
 * The tier of the compiler: what needs no GPU, in one process a worker so that the compiler is loaded and warm once. `npm run mutants` holds the
 * compiler's mutants against exactly these files; `npx vitest run --config vitest.compiler.config.ts` runs them.
 */
import { defineConfig } from "vitest/config";
import closingLine from "./test/reporter.ts";

export default defineConfig({
  test: {
    include: [
      "test/{check,explain,golden,graph,ir,library,meaning,npy,plan,reject-plan,rules,scalar,source}/**/*.test.ts",
      "test/campaign/small.test.ts",
      "test/{parser/parse,codegen/artifact,numeric/tile,property/integers,runtime/sizes,architecture}.test.ts",
    ],
    exclude: ["test/check/fuzz.test.ts"],
    env: { TFX_TIER: "compiler" },
    setupFiles: ["test/setup.ts"],
    reporters: ["default", closingLine],
    pool: "threads",
    isolate: false,
    maxWorkers: 2,
    testTimeout: 60_000,
  },
});
