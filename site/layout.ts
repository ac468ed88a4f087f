/** The frame around every page. */
import { posix } from "node:path";
import { escaped } from "./highlight.ts";
import type { Heading } from "./markdown.ts";
import { GROUPS, LIBRARY_PAGE } from "./pages.ts";

export type Page = {
  /** Where it lies on the site: `errors/TFX2103.html`. */
  readonly path: string;
  readonly title: string;
  readonly html: string;
  readonly headings: readonly Heading[];
};

/** The way from a page to a file of the site; the site may lie anywhere. */
export const relativeTo = (page: string, file: string): string =>
  posix.relative(posix.dirname(page), file) || posix.basename(file);

const navigation = (page: string, pages: ReadonlyMap<string, string>): string => {
  const entry = (path: string, title: string): string => {
    const here = path === page ? ' aria-current="page"' : "";
    return `<li><a href="${relativeTo(page, path)}"${here}>${escaped(title)}</a></li>`;
  };
  return GROUPS.map(({ title, pages: listed }) => {
    const entries = listed.map(([source, name]) => entry(pages.get(source) ?? "", name));
    const made = title === "Look up" ? [entry(LIBRARY_PAGE, "Standard library")] : [];
    return `<h2>${title}</h2><ul>${[...made, ...entries].join("")}</ul>`;
  }).join("");
};

const contents = (headings: readonly Heading[]): string => {
  const shown = headings.filter((h) => h.depth === 2 || h.depth === 3);
  if (shown.length < 3) return "";
  const deep = shown.length <= 40;
  const lines = shown
    .filter((h) => deep || h.depth === 2)
    .map((h) => `<li class="d${h.depth}"><a href="#${h.id}">${escaped(h.text)}</a></li>`);
  return `<nav class="contents" aria-label="On this page"><h2>On this page</h2><ul>${lines.join("")}</ul></nav>`;
};

/** The HTML of a page. */
export const layout = (page: Page, pages: ReadonlyMap<string, string>): string => {
  const to = (file: string): string => relativeTo(page.path, file);
  const title = page.path === "index.html" ? "TFX" : `${page.title} · TFX`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escaped(title)}</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="${to("assets/style.css")}">
<script>try{const t=localStorage.getItem("tfx-theme");if(t)document.documentElement.dataset.theme=t}catch{}</script>
<script type="module" src="${to("assets/search.js")}"></script>
</head>
<body data-root="${to("index.html").replace(/index\.html$/, "")}">
<a class="skip" href="#site-content">To the text</a>
<header>
<button type="button" id="site-open-menu" aria-expanded="false" aria-controls="site-menu">Menu</button>
<a class="home" href="${to("index.html")}">TFX</a>
<button type="button" id="site-open-search" aria-haspopup="dialog">Search<kbd>/</kbd></button>
<span class="space"></span>
<a href="${to("playground/index.html")}">Playground</a>
<button type="button" id="site-theme" aria-label="Theme: as the system">Auto</button>
</header>
<div class="frame">
<nav id="site-menu" aria-label="Pages">${navigation(page.path, pages)}</nav>
<main id="site-content">
<article>
${page.html}</article>
</main>
${contents(page.headings)}
</div>
<dialog id="site-search" aria-label="Search">
<form method="dialog"><input type="search" id="site-words" placeholder="softmax, TFX2103, 2205.14135 …" aria-label="Words" autocomplete="off" spellcheck="false"><button aria-label="Close">Close</button></form>
<ol id="site-found" aria-label="Found"></ol>
</dialog>
</body>
</html>
`;
};
