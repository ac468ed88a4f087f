/** The site as files in a folder: pages of Markdown, pages of the standard library, texts that they link to, and what can be searched. */
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { dirname, extname, join, posix } from "node:path";
import { fileURLToPath } from "node:url";
import { build as bundle } from "esbuild";
import { START, toHash } from "../playground/state.ts";
import { createHighlight, escaped, type Highlight } from "./highlight.ts";
import { layout, relativeTo } from "./layout.ts";
import { libraryFilePage, libraryFiles, libraryList, measuredRows, type LibraryFile } from "./library.ts";
import { writePage, type Written } from "./markdown.ts";
import { LIBRARY_PAGE, libraryPage, markdownPages, ROOT } from "./pages.ts";
import type { Found } from "./search.ts";

export type Built = {
  readonly pages: number;
  /** Links of the sources that lead nowhere. */
  readonly dead: readonly string[];
};

/** Formats that a browser shows as they are. */
const AS_THEY_ARE = new Set([".html", ".png", ".svg", ".jpg"]);

/** What is shown of a folder that a page links to: its files, those that people read as links. */
const READ = new Set([".ts", ".tfx", ".md"]);

const folderPage = (folder: string, place: string, placeOf: (file: string) => string | null): Written => {
  const entries = readdirSync(join(ROOT, folder), { withFileTypes: true }).filter((e) => e.isFile());
  const lines = entries.map(({ name }) => {
    const to = READ.has(extname(name)) ? placeOf(posix.join(folder, name)) : null;
    const text = `<code>${escaped(name)}</code>`;
    return `<li>${to === null ? text : `<a href="${relativeTo(place, to)}">${text}</a>`}</li>`;
  });
  const html = `<h1 id="top"><code>${escaped(folder)}</code></h1><ul>${lines.join("")}</ul>`;
  return { html, title: folder, headings: [], sections: [] };
};

const here = (file: string): string => fileURLToPath(new URL(file, import.meta.url));

/** Addresses in the playground, by the text of the program. */
const playgroundHashes = async (texts: readonly string[]): Promise<ReadonlyMap<string, string>> => {
  const unique = [...new Set(texts)];
  const hashes = await Promise.all(unique.map((text) => toHash({ ...START, text, kernel: null, fixed: ["E"] })));
  return new Map(unique.map((text, n) => [text, hashes[n] ?? ""]));
};

/** The programs of a page: what its blocks of code hold. */
const blocksIn = (markdown: string): readonly string[] =>
  [...markdown.matchAll(/^```[^\n]*\n([\s\S]*?)^```/gm)].map((m) => (m[1] ?? "").replace(/\n$/, ""));

/** Writes the site into an empty folder. Links to the playground are written whether or not it is built there. */
export const buildSite = async (folder: string): Promise<Built> => {
  rmSync(folder, { recursive: true, force: true });
  const pages = markdownPages();
  const highlight: Highlight = await createHighlight();
  const dead: string[] = [];
  const parts: Found[] = [];
  /** Files of the repository that a page links to and that are no pages: shown as text. */
  const texts = new Map<string, string>();
  let count = 0;

  const write = (path: string, text: string): void => {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  };
  const page = (path: string, written: Written): void => {
    count += 1;
    write(path, layout({ path, ...written }, pages));
    for (const s of written.sections)
      if (s.text !== "")
        parts.push({ url: s.id === "" ? path : `${path}#${s.id}`, page: written.title, title: s.title, text: s.text });
  };

  /** Where a file of the repository is on the site; null where it is not. */
  const placeOf = (file: string): string | null => {
    const path = join(ROOT, file);
    if (!existsSync(path)) return null;
    if (statSync(path).isDirectory()) {
      const folder = file.replace(/\/$/, "");
      const readme = posix.join(folder, "README.md");
      if (existsSync(join(ROOT, readme))) return placeOf(readme);
      texts.set(folder, `files/${folder}/index.html`);
      return `files/${folder}/index.html`;
    }
    const known = pages.get(file);
    if (known !== undefined) return known;
    if (/^stdlib\/.*\.tfx$/.test(file)) return libraryPage(file.replace(/^stdlib/, "std").replace(/\.tfx$/, ""));
    const place = AS_THEY_ARE.has(extname(file)) ? `files/${file}` : `files/${file}.html`;
    texts.set(file, place);
    return place;
  };
  const linkFrom =
    (source: string, path: string) =>
    (href: string): string => {
      if (/^[a-z]+:/.test(href) || href.startsWith("#")) return href;
      const [file = "", anchor] = href.split("#");
      const place = placeOf(posix.join(posix.dirname(source), file));
      if (place === null) {
        dead.push(`${source}: ${href}`);
        return href;
      }
      return `${relativeTo(path, place)}${anchor === undefined ? "" : `#${anchor}`}`;
    };

  const sources = [...pages].map(([source, path]) => ({
    source,
    path,
    text: readFileSync(join(ROOT, source), "utf8"),
  }));
  const files = libraryFiles();
  const hashes = await playgroundHashes([...sources.flatMap((s) => blocksIn(s.text)), ...files.map((f) => f.text)]);
  const playgroundFrom =
    (path: string) =>
    (text: string): string | null => {
      const hash = hashes.get(text);
      return hash === undefined ? null : `${relativeTo(path, "playground/index.html")}#${hash}`;
    };
  const markdown = (source: string, path: string, text: string): Written =>
    writePage(text, { link: linkFrom(source, path), highlight, playground: playgroundFrom(path) });

  for (const { source, path, text } of sources) {
    const written = markdown(source, path, text);
    // The rows of the table of the library are pages of their own.
    const listed = source === "docs/stdlib.md" ? written.sections.slice(0, 1) : written.sections;
    page(path, { ...written, sections: listed });
  }

  const code = (text: string): string =>
    `<div class="code"><pre tabindex="0"><code>${highlight(text)}</code></pre></div>`;
  const rows = measuredRows(readFileSync(join(ROOT, "docs/stdlib.md"), "utf8"));
  const openOf = (f: LibraryFile): string | null =>
    f.kernels.length === 0 ? null : playgroundFrom(libraryPage(f.file))(f.text);
  page(LIBRARY_PAGE, libraryList(files));
  for (const f of files) page(libraryPage(f.file), libraryFilePage(f, { code, rows, open: openOf(f) }));

  // Pages of Markdown outside docs/ may link to others: until there is nothing new.
  const done = new Set<string>();
  for (let open = [...texts]; open.length > 0; open = [...texts].filter(([f]) => !done.has(f))) {
    for (const [file, place] of open) {
      done.add(file);
      const path = join(ROOT, file);
      if (statSync(path).isDirectory()) {
        page(place, folderPage(file, place, placeOf));
        continue;
      }
      if (AS_THEY_ARE.has(extname(file))) {
        mkdirSync(dirname(join(folder, place)), { recursive: true });
        copyFileSync(path, join(folder, place));
        continue;
      }
      const text = readFileSync(path, "utf8");
      const shown = file.endsWith(".tfx")
        ? code(text)
        : `<div class="code"><pre tabindex="0"><code>${escaped(text)}</code></pre></div>`;
      page(
        place,
        file.endsWith(".md")
          ? markdown(file, place, text)
          : {
              html: `<h1 id="top"><code>${escaped(file)}</code></h1>${shown}`,
              title: file,
              headings: [],
              sections: [],
            },
      );
    }
  }

  write("assets/search.json", JSON.stringify(parts));
  mkdirSync(join(folder, "assets"), { recursive: true });
  copyFileSync(here("style.css"), join(folder, "assets/style.css"));
  await bundle({
    entryPoints: [here("search.ts")],
    bundle: true,
    minify: true,
    format: "esm",
    outfile: join(folder, "assets/search.js"),
    logLevel: "error",
  });
  return { pages: count, dead };
};
