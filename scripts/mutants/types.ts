/** Mutants that are no TypeScript: `npm test` begins with the types, so that nobody could land them. */
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "./bundle.ts";
import type { Mutant } from "./operators.ts";

/** The text with one mutant awake for good. */
const mutated = (text: string, m: Mutant): string => {
  const put = m.kind === "expression" ? `(${m.becomes})` : m.kind === "entry" ? ` ${m.becomes}` : ";";
  return text.slice(0, m.start) + put + text.slice(m.end);
};

/** Those that the type checker refuses, and the others. `folder`: for a copy of the sources. */
export const typesRefuse = (
  mutants: readonly Mutant[],
  folder: string,
): readonly [readonly Mutant[], readonly Mutant[]] => {
  if (mutants.length === 0) return [[], []];
  const copy = join(folder, `types-${process.pid}`);
  mkdirSync(copy, { recursive: true });
  cpSync(join(ROOT, "src"), join(copy, "src"), { recursive: true });
  const options = JSON.parse(readFileSync(join(ROOT, "tsconfig.json"), "utf8")) as object;
  writeFileSync(join(copy, "tsconfig.json"), JSON.stringify({ ...options, include: ["src"] }));
  const accepts = (): boolean =>
    spawnSync(process.execPath, [join(ROOT, "node_modules/typescript/bin/tsc"), "-p", copy, "--noEmit"]).status === 0;
  if (!accepts()) throw new Error("the sources do not typecheck");
  const refused = mutants.filter((m) => {
    const [file, text] = [join(copy, m.file), readFileSync(join(ROOT, m.file), "utf8")];
    writeFileSync(file, mutated(text, m));
    const fine = accepts();
    writeFileSync(file, text);
    return !fine;
  });
  rmSync(copy, { recursive: true, force: true });
  return [refused, mutants.filter((m) => !refused.includes(m))];
};
