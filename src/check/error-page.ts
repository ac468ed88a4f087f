/** The page of one code in `docs/errors`, made from the catalogue and a rejected example. */

/** Markdown for a code: what it means, a file that is rejected for it, and the message. */
export const errorPage = (
  code: string,
  entry: { readonly title: string; readonly explain: string },
  example: { readonly source: string; readonly rendered: string },
): string =>
  [
    `# ${code}: ${entry.title}`,
    "",
    entry.explain,
    "",
    "## Example",
    "",
    "```",
    example.source.trimEnd(),
    "```",
    "",
    "```text",
    example.rendered.trimEnd(),
    "```",
    "",
  ].join("\n");
