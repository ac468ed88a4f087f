/** A page of Markdown as HTML: headings with anchors, links moved to where the site has them, kernels in colour. */
import { Marked, type Tokens } from "marked";
import { escaped, type Highlight } from "./highlight.ts";

export type Heading = { readonly depth: number; readonly id: string; readonly text: string };

/** What a reader can find: the words below a heading. */
export type Section = { readonly id: string; readonly title: string; readonly text: string };

export type Written = {
  readonly html: string;
  /** The first heading. */
  readonly title: string;
  readonly headings: readonly Heading[];
  readonly sections: readonly Section[];
};

export type Surroundings = {
  /** Where a link of the text leads on the site. */
  readonly link: (href: string) => string;
  readonly highlight: Highlight;
  /** A link that opens a program in the playground; null where it is none. */
  readonly playground: (program: string) => string | null;
};

/** The anchor that GitHub gives to a heading; the same text again gets a number. */
const createSlugs = (): ((text: string) => string) => {
  const seen = new Map<string, number>();
  return (text) => {
    const slug = text
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, "")
      .replace(/\s/g, "-");
    const n = seen.get(slug) ?? 0;
    seen.set(slug, n + 1);
    return n === 0 ? slug : `${slug}-${n}`;
  };
};

/** What is between the marks of a heading or a paragraph. */
const plain = (text: string): string =>
  text
    .replace(/\[([^\]]*)\]\([^)]*\)/g, "$1")
    .replace(/[`*]/g, "")
    .replace(/\s+/g, " ")
    .trim();

/** Whole programs and the beginnings of them are written without a language too. */
const isTfx = (language: string, text: string): boolean =>
  language === "tfx" || (language === "" && /^\s*(?:\/\/.*\n\s*)*(?:kernel|fn|use)\s/.test(text));

const isProgram = (text: string): boolean => /^kernel\s/m.test(text) && !text.includes("…");

/** A block of code with what stands behind its language: a file's name, or the message that it is refused with. */
const blockOf = (token: Tokens.Code, around: Surroundings): string => {
  const [language = "", ...about] = (token.lang ?? "").split(/\s+/);
  const [kind, what = ""] = about;
  const tfx = isTfx(language, token.text);
  const caption =
    kind === "error"
      ? `refused: ${what}`
      : kind === "file"
        ? what
        : kind === "explain"
          ? `npx tfx ${about.join(" ").replace(/ : .*/, "")}`
          : (kind ?? "");
  const open =
    tfx && kind !== "error" && kind !== "file" && isProgram(token.text) ? around.playground(token.text) : null;
  const head = [
    caption === "" ? "" : `<span>${escaped(caption)}</span>`,
    open === null ? "" : `<a class="open" href="${escaped(open)}">Open in the playground</a>`,
  ].join("");
  const code = tfx ? around.highlight(token.text) : escaped(token.text);
  return `<div class="code">${head === "" ? "" : `<div class="about">${head}</div>`}<pre tabindex="0"><code>${code}</code></pre></div>\n`;
};

/** Writes a page. */
export const writePage = (text: string, around: Surroundings): Written => {
  const slug = createSlugs();
  const headings: Heading[] = [];
  const sections: { id: string; title: string; text: string[] }[] = [];
  const marked = new Marked({
    gfm: true,
    renderer: {
      heading({ depth, text: raw, tokens }) {
        const title = plain(raw);
        const id = slug(title);
        headings.push({ depth, id, text: title });
        const mark = depth === 1 ? "" : `<a class="anchor" href="#${id}" aria-label="Link to this section">#</a>`;
        return `<h${depth} id="${id}">${this.parser.parseInline(tokens)}${mark}</h${depth}>\n`;
      },
      code(token) {
        return blockOf(token, around);
      },
      link({ href, tokens }) {
        return `<a href="${escaped(around.link(href))}">${this.parser.parseInline(tokens)}</a>`;
      },
      image({ href, text: words }) {
        return `<img src="${escaped(around.link(href))}" alt="${escaped(words)}" loading="lazy">`;
      },
      table(token) {
        const row = (cells: readonly Tokens.TableCell[], tag: string): string =>
          `<tr>${cells.map((c) => `<${tag}>${this.parser.parseInline(c.tokens)}</${tag}>`).join("")}</tr>`;
        const empty = token.header.every((c) => c.text === "");
        const head = empty ? "" : `<thead>${row(token.header, "th")}</thead>`;
        return `<div class="table" tabindex="0"><table>${head}<tbody>${token.rows.map((r) => row(r, "td")).join("")}</tbody></table></div>\n`;
      },
      // The documents are text: a `<` in them is a sign.
      html: ({ text: raw }) => escaped(raw),
    },
  });
  const tokens = marked.lexer(text);
  const html = marked.parser(tokens);
  let next = 0;
  for (const t of tokens) {
    if (t.type === "heading") {
      const at = headings[next++];
      if (at !== undefined) sections.push({ id: at.id, title: at.text, text: [] });
    } else if (t.type !== "space" && t.type !== "hr") {
      if (sections.length === 0) sections.push({ id: "", title: "", text: [] });
      sections.at(-1)?.text.push(
        plain(
          t.raw
            .replace(/^```.*$/gm, "")
            .replace(/^\|[-| ]*\|$/gm, "")
            .replaceAll("|", " "),
        ),
      );
    }
  }
  return {
    html,
    title: headings[0]?.text ?? "",
    headings,
    sections: sections.map((s) => ({ ...s, text: s.text.join(" ") })),
  };
};
