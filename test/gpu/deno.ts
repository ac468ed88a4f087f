/** Where `scripts/install-stacks.sh` put Deno. */
import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";

export type Deno =
  | { readonly available: true; readonly folder: string; readonly binary: string }
  | { readonly available: false; readonly reason: string };

/** Deno's binary, or why there is none. */
export const denoBinary = (): Deno => {
  const folder = resolve("node_modules/.cache/tfx/deno");
  const binary = join(folder, "node_modules/@deno/linux-x64-glibc/deno");
  if (existsSync(binary)) return { available: true, folder, binary };
  const reason = join(folder, "reason.txt");
  const why = existsSync(reason) ? `: ${readFileSync(reason, "utf8").trim()}` : "; `npm run stacks` gets it";
  return { available: false, reason: `Deno is not installed${why}` };
};
