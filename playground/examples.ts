/** The formulas of `examples/`, as texts. */

type Glob = (pattern: string, options: object) => Readonly<Record<string, string>>;

declare global {
  interface ImportMeta {
    /** Vite's: written out as imports when the page is built. */
    readonly glob: Glob;
  }
}

const found = import.meta.glob("../examples/**/*.tfx", { query: "?raw", import: "default", eager: true });

/** By name: `examples/ocr/recogniser`. */
export const EXAMPLES: Readonly<Record<string, string>> = Object.fromEntries(
  Object.entries(found).map(([path, text]) => [path.replace("../", "").replace(/\.tfx$/, ""), text]),
);
