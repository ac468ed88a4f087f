/** What the site is made of: which file of the repository becomes which page, and where it stands in the navigation. */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** The repository. */
export const ROOT: string = fileURLToPath(new URL("..", import.meta.url));

export type Group = { readonly title: string; readonly pages: readonly (readonly [source: string, title: string])[] };

/** The navigation: Markdown by groups, with short titles. */
export const GROUPS: readonly Group[] = [
  {
    title: "Start",
    pages: [
      ["README.md", "What it is"],
      ["docs/tutorial.md", "Ten minutes"],
      ["docs/language.md", "The language"],
      ["docs/derivation.md", "How it is derived"],
      ["docs/faq.md", "Questions"],
    ],
  },
  {
    title: "Use",
    pages: [
      ["docs/embedding.md", "In a program"],
      ["docs/editors.md", "Editors"],
      ["docs/playground.md", "The playground"],
      ["docs/gradients.md", "Gradients"],
      ["docs/onnx.md", "ONNX operators"],
      ["docs/fast.md", "Making kernels fast"],
      ["docs/performance.md", "Measurements"],
    ],
  },
  {
    title: "Look up",
    pages: [
      ["docs/stdlib.md", "Table of the library"],
      ["docs/errors/README.md", "Messages"],
      ["docs/artifact.md", "Compiled kernels"],
      ["docs/glossary.md", "Words"],
    ],
  },
  {
    title: "How and why",
    pages: [
      ["docs/theory.md", "Theory"],
      ["docs/rules.md", "Rewriting rules"],
      ["docs/paper-tables.md", "Tables of papers"],
      ["ARCHITECTURE.md", "Architecture"],
      ["CONTRIBUTING.md", "Contributing"],
      ["docs/mutants.md", "Mutants"],
      ["CHANGELOG.md", "Changes"],
    ],
  },
];

/** The page that lists the standard library; it is made, not written. */
export const LIBRARY_PAGE = "library.html";

/** Where the page of a Markdown file lies. */
const pageOf = (source: string): string =>
  source === "README.md"
    ? "index.html"
    : source
        .replace(/^docs\//, "")
        .replace(/README\.md$/, "index.html")
        .replace(/\.md$/, ".html")
        .replace(/^[A-Z]+\.html$/, (name) => name.toLowerCase());

/** Pages by their sources: those of the navigation, then everything below docs/ and what those link to. */
export const markdownPages = (): ReadonlyMap<string, string> => {
  const below = readdirSync(join(ROOT, "docs"), { recursive: true, encoding: "utf8" })
    .map((f) => `docs/${f.replaceAll("\\", "/")}`)
    .filter((f) => f.endsWith(".md"))
    .sort();
  const named = GROUPS.flatMap((g) => g.pages.map(([source]) => source));
  return new Map([...named, ...below].map((source) => [source, pageOf(source)]));
};

/** The page of a file of the standard library: `std/attention/causal`. */
export const libraryPage = (file: string): string => `${file}.html`;
