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
  /** The files with mistakes. */
  const mistaken = (): ReadonlySet<string> => {
    const { stdout } = spawnSync(
      process.execPath,
      [join(ROOT, "node_modules/typescript/bin/tsc"), "-p", copy, "--noEmit", "--pretty", "false"],
      { cwd: copy, encoding: "utf8" },
    );
    return new Set([...stdout.matchAll(/^(\S[^(]*)\(\d+,\d+\): error/gm)].map(([, file]) => file ?? ""));
  };
  if (mistaken().size > 0) throw new Error("the sources do not typecheck");
  /** One mutant of each file at a time: what is mistaken then is that mutant, unless another file is. */
  const refused = new Set<Mutant>();
  const round = (here: readonly Mutant[]): void => {
    for (const m of here) writeFileSync(join(copy, m.file), mutated(readFileSync(join(ROOT, m.file), "utf8"), m));
    const found = mistaken();
    for (const m of here) writeFileSync(join(copy, m.file), readFileSync(join(ROOT, m.file), "utf8"));
    const [only] = here;
    if (found.size === 0 || only === undefined) return;
    if (here.length === 1) refused.add(only);
    else if ([...found].every((f) => here.some((m) => m.file === f)))
      for (const m of here.filter((x) => found.has(x.file))) refused.add(m);
    else {
      const half = Math.ceil(here.length / 2);
      round(here.slice(0, half));
      round(here.slice(half));
    }
  };
  const byFile = [...Map.groupBy(mutants, (m) => m.file).values()];
  for (let n = 0; byFile.some((ms) => ms.length > n); n++) round(byFile.flatMap((ms) => ms.slice(n, n + 1)));
  rmSync(copy, { recursive: true, force: true });
  return [mutants.filter((m) => refused.has(m)), mutants.filter((m) => !refused.has(m))];
};
