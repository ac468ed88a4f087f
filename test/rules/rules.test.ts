/**
 * Every rewriting rule of src/ir/derive/rules: on each side of its condition a program, whose plan shows whether the rule was applied and
 * whose numbers are those of the interpreter. `vitest run --update=all test/rules` writes docs/rules.md anew.
 */
import { readdirSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { TARGETS } from "../../src/base/target.ts";
import type { Compiled } from "../../src/compile.ts";
import type { Rule } from "../../src/ir/derive/rules/rule.ts";
import { printNode } from "../../src/ir/graph/print.ts";
import { evalSize } from "../../src/base/size.ts";
import { measure } from "../../src/meaning/interpret.ts";
import { onTiles, prepare, specOf } from "../docs/run.ts";
import { randomFrom, resolveImport } from "../numeric/harness.ts";
import { PROGRAMS, type Program } from "./programs.ts";
import { viewOf } from "../../src/ir/graph/view.ts";

const FOLDER = new URL("../../src/ir/derive/rules/", import.meta.url);
/** Files that hold no rule: what the rules share. */
const SHARED = ["rule.ts", "terms.ts", "replaced.ts", "shift.ts"];

const isRule = (x: unknown): x is Rule => typeof x === "object" && x !== null && "equation" in x && "condition" in x;
const files = readdirSync(FOLDER)
  .filter((f) => f.endsWith(".ts") && !SHARED.includes(f))
  .sort();
const RULES = await Promise.all(
  files.map(async (file) => ({
    file,
    rules: Object.values((await import(new URL(file, FOLDER).href)) as Record<string, unknown>).filter(isRule),
  })),
);

const SIZES: Readonly<Record<string, number>> = { N: 5, M: 7, D: 3, H: 2 };

const compiledFor = (p: Program, targetName: string, known: boolean) => {
  const example = { line: 0, text: p.text, kind: "runs", what: "", section: "", runs: [] } as const;
  const spec = specOf(example, "k", resolveImport);
  if (spec === null) throw new Error(`does not check: ${p.text}`);
  const random = randomFrom(7);
  const value = (): number => Math.fround(p.data === "positive" ? 0.1 + 2 * random() : 4 * random() - 2);
  const tensors = spec.tensors.map((t) => {
    const shape = t.dims.map((d) =>
      d.axes.reduce((n, a) => n * evalSize(spec.axes[a]!.size, (s) => SIZES[s] ?? NaN), 1),
    );
    const cells = Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => ({ value: value(), rounded: 0 }));
    return [t.name, { cells, shape }] as const;
  });
  const run = { line: 0, text: p.text, kernel: "k", given: Object.fromEntries(tensors), expected: {} };
  const target = TARGETS[targetName]!;
  const prepared = prepare(example, run, target, known, resolveImport, p.chunk === undefined ? {} : { chunk: p.chunk });
  if ("diagnostics" in prepared) throw new Error(prepared.diagnostics.map((d) => `${d.code} ${d.message}`).join("; "));
  return { prepared, target };
};

/** The accumulators of all kernels as text. */
const carried = ({ plan }: Compiled): readonly string[] => {
  const b = viewOf(plan.graph);
  const text = (id: number): string => printNode({ nodes: b.nodes, axes: b.axes, names: new Map() }, id);
  return plan.kernels.flatMap((k) =>
    k.accumulators.map((a) => `${a.op}(${text(a.body)})${a.where === null ? "" : ` where ${text(a.where)}`}`),
  );
};

describe("both sides of every condition", () => {
  test.each(PROGRAMS.map((p) => [`${p.rule}, ${p.side}: ${p.why}`, p] as const))("%s", (_, p) => {
    for (const [name, known] of [
      ["baseline", false],
      ["software-subgroups", true],
    ] as const) {
      const { prepared, target } = compiledFor(p, name, known);
      const { compiled, given, values } = prepared;
      if (!known) {
        expect(Math.max(...compiled.plan.kernels.map((k) => k.passes))).toBe(p.passes);
        const all = carried(compiled).join("\n");
        if (p.carries !== undefined) expect(all).toContain(p.carries);
        if (p.lacks !== undefined) expect(all).not.toContain(p.lacks);
        if (p.note !== undefined)
          expect(compiled.plan.kernels.flatMap((k) => k.notes.map((n) => n.text)).join("\n")).toContain(p.note);
      }
      const found = onTiles(prepared, target);
      const meant = measure(compiled.spec, {
        sizes: Object.fromEntries(values),
        scalars: given.scalars,
        statics: given.statics,
        tensors: given.inputs,
      });
      for (const [result, m] of Object.entries(meant)) {
        const off = Array.from(m.values).filter(
          (x, n) => !(Math.abs(x - (found[result]?.[n] ?? NaN)) <= 1e-9 * (m.scales[n] ?? 0)),
        );
        expect(off, `${name}, ${result}`).toEqual([]);
      }
    }
  });
});

describe("the rules", () => {
  test.each(RULES.map(({ file, rules }) => [file, rules] as const))(
    "%s holds one rule, with programs on both sides",
    (_, rules) => {
      expect(rules.length).toBe(1);
      const own = PROGRAMS.filter((p) => p.rule === rules[0]?.name);
      expect(new Set(own.map((p) => p.side)).size).toBe(2);
    },
  );

  test("no program is of a rule that does not exist", () => {
    const names = RULES.flatMap(({ rules }) => rules.map((r) => r.name));
    expect(PROGRAMS.filter((p) => !names.includes(p.rule)).map((p) => p.rule)).toEqual([]);
  });

  test("docs/rules.md says what they say", async () => {
    const shown = (p: Program): string =>
      `${p.side === "applies" ? "Applies" : "Does not apply"}: ${p.why}.\n\n\`\`\`tfx\n${p.text.trimEnd()}\n\`\`\`\n`;
    const sections = RULES.flatMap(({ file, rules }) =>
      rules.map((r) => {
        const programs = PROGRAMS.filter((p) => p.rule === r.name).map(shown);
        return `## ${r.name[0]?.toUpperCase()}${r.name.slice(1)}\n\n\`\`\`text\n${r.equation}\n\ncondition: ${r.condition}\n\`\`\`\n\n\`src/ir/derive/rules/${file}\`\n\n${programs.join("\n")}`;
      }),
    );
    const head =
      "# Rewriting rules\n\nWhat the compiler replaces by something equal when it derives passes, and when it may. A condition is decided by\nanalysis: signs, ranges, equality of linear forms. What is not proved is not applied, and `tfx explain` says so. This page is\nmade from the rules and their tests.\n";
    await expect([head, ...sections].join("\n")).toMatchFileSnapshot("../../docs/rules.md");
  });
});
