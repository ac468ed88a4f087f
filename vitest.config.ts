import { defineConfig } from "vitest/config";
import closingLine from "./test/reporter.ts";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    globalSetup: ["test/gpu/setup.ts"],
    setupFiles: ["test/setup.ts"],
    reporters: ["default", closingLine],
    // Dawn reads the environment of the process, which worker threads do not share.
    pool: "forks",
    maxWorkers: 2,
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
});
