/**
 * The standard library where there is no disk: `tfx-lang/std`. About 30 KiB compressed, so the compiler loads it only when a
 * file asks for it.
 */
import { TEXTS } from "./texts.ts";

/** Names of the files as a `use` writes them: `std/attention/causal`. */
export const STD_FILES: readonly string[] = Object.keys(TEXTS).map((name) => `std/${name}`);

/** The file that `std/…` names, with or without its ending; null for other paths, and where there is none. */
export const std = (path: string): { readonly file: string; readonly text: string } | null => {
  const name = /^std\/(.*?)(\.tfx)?$/s.exec(path)?.[1];
  return name === undefined || !Object.hasOwn(TEXTS, name)
    ? null
    : { file: `std/${name}.tfx`, text: TEXTS[name] as string };
};
