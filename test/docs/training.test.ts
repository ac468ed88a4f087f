/** The program of docs/training.md runs. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

const SOURCES: Readonly<Record<string, string>> = {
  "tfx-lang": "src/index.ts",
  "tfx-lang/runtime": "src/runtime/index.ts",
  "tfx-lang/std": "src/std/library.ts",
  "tfx-lang/train": "src/train/index.ts",
};

test("every block of docs/training.md runs", () => {
  const page = readFileSync(join(ROOT, "docs/training.md"), "utf8");
  const blocks = [...page.matchAll(/^```(\w*) *(\S*)\n([\s\S]*?)^```/gm)];
  expect(blocks.map((b) => [b[1], b[2]])).toEqual([["js", "line.mjs"]]);
  // Beside the sources, where `webgpu` is found.
  const folder = mkdtempSync(join(ROOT, "node_modules/.tfx-training-"));
  try {
    for (const [, , file = "", text = ""] of blocks) {
      const own = text.replace(/from "(tfx-lang[^"]*)"/g, (_, name: string) => {
        expect(Object.keys(SOURCES)).toContain(name);
        return `from ${JSON.stringify(join(ROOT, SOURCES[name] as string))}`;
      });
      writeFileSync(join(folder, file), own);
      const child = spawnSync(process.execPath, [join(folder, file)], { encoding: "utf8" });
      expect(child.status, child.stderr).toBe(0);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
