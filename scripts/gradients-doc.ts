/** The text of `docs/gradients.md`: words, two gradients as they are made, and a row for each kernel of the library. */
import { readCatalogue, type Entry } from "../src/cli/catalogue.ts";
import { gradient, type GradientOptions } from "../src/grad/gradient.ts";

const WORDS = `# Gradients

\`tfx grad FILE --kernel K\` prints the gradient of a kernel: another program in the same language, to be read, changed, put under
version control, checked, explained and compiled like any other. \`gradientOf\` of \`tfx-lang/grad\` is the same as a function.

In bundlers \`import { attention } from "./a.tfx?grad"\` gives \`attention.forward\` and \`attention.backward\`, compiled ([embedding](embedding.md)).

- \`--of o,lse\`: the results that have cotangents. Left out: all results of floats.
- \`--wrt q,k,v\`: the parameters whose gradients are wanted, tensors or \`f32\` scalars. Left out: all tensors of floats.
- \`--save none\`, the default: one kernel, \`K_grad\`. It takes the parameters of K and a cotangent \`d_o\` for each result \`o\`, and gives
  \`d_q\` for each parameter \`q\` that is wanted. Everything is computed again from the inputs.
- \`--save auto\`: two kernels. \`K_forward\` gives the results of K and what pays to keep: results, and statistics that are no larger than
  a result (a log-sum-exp, a mean). \`K_backward\` takes them. A matrix of scores is among them only where K gives it.
- \`--save o,lse\`: the same with results and \`let\`s chosen by name.

A gradient of a gradient program is a second derivative.

\`tfx jvp FILE --kernel K\` (\`jvpOf\`) is forward mode: one kernel, \`K_jvp\`, that takes a tangent \`t_q\` for each parameter \`q\` of
\`--wrt\` and gives each result \`o\` and how it moves along them, \`t_o\`. It is made of the same rules.

## What it means

Nothing is approximated: the text is the derivative of the formulas over the real numbers, at every cell that exists.

- A cell that does not exist has no gradient and gives none. A row without a cell has the log-sum-exp -inf, the gradient 0 and the tangent 0.
- \`max\`, \`min\` and \`kth_largest\` give the cotangent to the cell that was chosen, of equal ones to the first, and so do \`max(x, y)\` and
  \`min(x, y)\`: the slope of \`relu\` at 0 is 1. The slope of \`abs\` at 0 is 0.
- A maximum that only keeps numbers small, as in softmax, has no gradient, because no result changes when it does. That is proved: each
  value above it answers to a shift by an addend or a factor, and the results not at all (\`src/grad/gauges.ts\`).
- Conditions, indices and integers are constant between jumps, as are \`round\`, \`floor\`, \`ceil\`, \`sign\` and \`int\`: what goes through them gives
  nothing. A parameter that goes through them only has no gradient ([TFX7001](errors/TFX7001.md)).
- \`stop_gradient(x)\` is x, and a constant for the gradient: \`x + stop_gradient(round(x) - x)\` is rounded and has the slope 1.
- \`sigmoid\` and \`softplus\` are taken as the smooth functions they are; their formulas have a kink at 0.

## How it is derived

Every value has a cotangent with the same indices; where a value has fewer indices than its reader, the cotangent is a sum over the others.
A tensor that is read at \`i - j + c\`, as a part of a product axis or at \`j / R\` is solved for an index of the reader. What cannot be
solved, \`table[ids[i], d]\` or a clamped distance, becomes a sum over all reading cells with the condition that the index is the cell: right,
and slow for large tables. The gradient of \`prod\` is the product of all other cells, computed for each cell. That of a running sum is
one from the last cell to the first, that of a recurrence a recurrence from the last step to the first.

The tests hold every gradient and every tangent of the library, and random programs (\`npm run fuzz -- --gradients\`), against differences of what the kernel
means in f64.
`;

const textOf = async (e: Entry, options: GradientOptions): Promise<string> => {
  const made = await gradient(e.spec, options);
  if (!made.ok) throw new Error(made.diagnostics[0]?.message);
  return made.text.replace(/^\/\/\/.*\n/gm, "").trimEnd();
};

const row = async (e: Entry): Promise<string> => {
  const made = await gradient(e.spec, { save: "auto" });
  const name = `[${e.kernel}](../stdlib/${e.file.slice("std/".length)}.tfx)`;
  if (!made.ok) return `| ${name} | ${made.diagnostics[0]?.code}: ${made.diagnostics[0]?.message} | |`;
  const given = (await gradient(e.spec)) as typeof made;
  const head = given.text.slice(given.text.lastIndexOf("->"), given.text.indexOf(" {\n"));
  const results = [...head.matchAll(/(d_\w+):/g)].map((m) => m[1]);
  return `| ${name} | ${results.join(", ")} | ${made.saved.join(", ")} |`;
};

/** The whole document. */
export const gradientsDocument = async (): Promise<string> => {
  const { entries } = readCatalogue();
  const named = (kernel: string): Entry => entries.find((e) => e.kernel === kernel) as Entry;
  const rows: string[] = [];
  for (const e of entries) rows.push(await row(e));
  const example = async (title: string, kernel: string, options: GradientOptions): Promise<string> =>
    `## ${title}\n\n\`\`\`tfx\n${await textOf(named(kernel), options)}\n\`\`\`\n`;
  return [
    WORDS,
    await example("Causal attention, from the cotangent of `o`", "causal_attention", { of: ["o"] }),
    await example("RMSNorm", "rmsnorm", {}),
    "## The library\n",
    "What each kernel gives gradients of, and what `--save auto` hands from the forward to the backward kernel. Written by `scripts/gradients-doc.ts`.\n",
    "| kernel | gradients | saved |\n| - | - | - |",
    rows.join("\n"),
    "",
  ].join("\n");
};
