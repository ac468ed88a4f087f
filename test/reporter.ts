/** Lists what was skipped and why, and closes with one plain line: `N passed, N failed, N skipped`. */
import type { Reporter, TestCase } from "vitest/node";

/** A skipped test says why in its note (`context.skip(reason)`) or in its own name. */
const reasonOf = (test: TestCase): string => {
  const result = test.result();
  return result.state === "skipped" && result.note !== undefined ? `: ${result.note}` : "";
};

const reporter: Reporter = {
  onTestRunEnd(modules, unhandled) {
    const tests = modules.flatMap((module) => [...module.children.allTests()]);
    const count = (state: string): number => tests.filter((test) => test.result().state === state).length;
    const skipped = tests.filter((test) => test.result().state === "skipped");
    for (const test of skipped)
      console.log(`skipped ${test.module.relativeModuleId} > ${test.fullName}${reasonOf(test)}`);
    // A file that does not load, a hook that throws and an error outside any test are failures too.
    const broken = modules.filter(
      (module) => !module.ok() && [...module.children.allTests("failed")].length === 0,
    ).length;
    console.log(
      `${count("passed")} passed, ${count("failed") + broken + unhandled.length} failed, ${skipped.length} skipped`,
    );
  },
};

export default reporter;
