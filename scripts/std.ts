/**
 * Writes the standard library as modules, which the compiler carries where there is no disk: `src/std/prelude.ts` and
 * `src/std/texts.ts`, from `stdlib/`. `npm run std`.
 */
import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const FOLDER = new URL("../stdlib/", import.meta.url);
const OUT = new URL("../src/std/", import.meta.url);

/** Names without the ending, with their texts. */
const texts = readdirSync(fileURLToPath(FOLDER), { recursive: true, encoding: "utf8" })
  .filter((f) => f.endsWith(".tfx"))
  .map((f) => f.replaceAll("\\", "/"))
  .sort()
  .map((f) => [f.replace(/\.tfx$/, ""), readFileSync(new URL(f, FOLDER), "utf8")] as const);

const HEAD = "/** Written by `npm run std` from `stdlib/`; not to be edited. */\n";

/** The modules that `stdlib/` makes, by file name. */
export const stdModules = (): Readonly<Record<"prelude.ts" | "texts.ts", string>> => ({
  "prelude.ts": `${HEAD}export const PRELUDE_TEXT: string =\n  ${JSON.stringify(texts.find(([name]) => name === "prelude")?.[1])};\n`,
  "texts.ts": `${HEAD}export const TEXTS: Readonly<Record<string, string>> = {\n${texts
    .map(([name, text]) => `  ${JSON.stringify(name)}: ${JSON.stringify(text)},\n`)
    .join("")}};\n`,
});

if (import.meta.main) for (const [name, text] of Object.entries(stdModules())) writeFileSync(new URL(name, OUT), text);
