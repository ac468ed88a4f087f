/** `--watch`: a command again whenever a file beside those that it was given changes. */
import { watch as watchFolder } from "node:fs";
import { dirname } from "node:path";

/** Editors write a file in several steps. */
const SETTLED_MS = 60;

/** Runs `action` now and after every change of a `.tfx` file in the folders of `files`; ends with the process. */
export const watch = (files: readonly string[], action: () => void): Promise<never> => {
  action();
  let timer: NodeJS.Timeout | null = null;
  const again = (name: string | null): void => {
    if (name !== null && !name.endsWith(".tfx")) return;
    if (timer !== null) clearTimeout(timer);
    timer = setTimeout(() => {
      console.error("");
      action();
    }, SETTLED_MS);
  };
  for (const folder of new Set(files.map((file) => dirname(file)))) watchFolder(folder, (_, name) => again(name));
  return new Promise(() => {});
};
