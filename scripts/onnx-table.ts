/**
 * Runs the ONNX cases of `test/fixtures/onnx` (or of the folder given) through `compileNode` and writes the pass table
 * `docs/onnx.md`; with `--print` it goes to stdout instead. Exit code 1 when a case fails. f16 cases run where a stack has f16.
 */
import { writeFileSync } from "node:fs";
import { OPERATORS } from "../src/onnx/operators.ts";
import { restartFor } from "../src/cli/gpu.ts";
import { stacks, type Stack } from "../test/gpu/stacks.ts";
import { readCases, type OnnxCase } from "../test/stdlib/onnx-cases.ts";
import { compileCase, hasHalves, runCase } from "../test/stdlib/onnx-run.ts";

const code = await restartFor("swiftshader");
if (code !== null) process.exit(code);

const args = process.argv.slice(2);
const print = args.includes("--print");
const folder = args.find((a) => !a.startsWith("--")) ?? "test/fixtures/onnx";

type Line = {
  readonly name: string;
  readonly result: "pass" | "fail" | "not run";
  readonly error: string;
  readonly how: string;
};

const [swiftshader, lavapipe] = (await stacks(["swiftshader", "lavapipe"])) as [Stack, Stack];

const stackFor = (c: OnnxCase): Stack | null =>
  [swiftshader, lavapipe].find((s) => s.available && (s.target.f16 || !hasHalves(c))) ?? null;

const line = async (c: OnnxCase): Promise<Line> => {
  const stack = stackFor(c);
  if (stack === null) return { name: c.name, result: "not run", error: "", how: "no adapter here has f16" };
  try {
    const { kernels } = compileCase(c, stack.target);
    const how = kernels.map((k) => `\`${k.file}\` ${k.artifact.kernel}`).join(", then ");
    const outcomes = await runCase(c, stack);
    const error = Math.max(...outcomes.map((o) => o.error));
    const ok = outcomes.length === Object.keys(c.outputs).length && outcomes.every((o) => o.ok);
    const f16 = hasHalves(c) ? `, f16 on ${stack.name}` : "";
    return { name: c.name, result: ok ? "pass" : "fail", error: error.toExponential(1), how: how + f16 };
  } catch (e) {
    return { name: c.name, result: "fail", error: "", how: e instanceof Error ? e.message.split("\n")[0]! : String(e) };
  }
};

const lines: Line[] = [];
const cases = readCases(folder);
for (const c of cases) lines.push(await line(c));
const count = (result: Line["result"]): number => lines.filter((l) => l.result === result).length;

const entries = Object.entries(OPERATORS);
const byOperator = [...new Set(cases.map((c) => c.op))].sort().map((op) => {
  const own = lines.filter((_, n) => cases[n]?.op === op);
  const rows = own.map((l) => `| ${l.name} | ${l.result} | ${l.error} | ${l.how} |`);
  const passed = own.filter((l) => l.result === "pass").length;
  return [
    `### ${op}: ${passed} of ${own.length}`,
    "",
    "| case | result | max error | kernel |",
    "| - | - | - | - |",
    ...rows,
    "",
  ];
});

const operatorRow = ([name, o]: (typeof entries)[number]): string => {
  const attributes = Object.entries(o.attributes).map(
    ([n, a]) => `${n}${a.since === undefined ? "" : ` (${a.since})`}`,
  );
  const inputs = o.inputs.map(
    (p) => `${p.name}${p.optional ? "?" : ""}${p.since === undefined ? "" : ` (${p.since})`}`,
  );
  const from = `${o.domain === "" ? "" : `${o.domain} `}${o.since}`;
  return `| ${name} | ${from} | ${attributes.join(", ")} | ${inputs.join(", ")} | ${o.outputs.join(", ")} |`;
};

const text = [
  "# ONNX operators",
  "",
  "Written by `npx node scripts/onnx-table.ts`. `compileNode` of `tfx-lang/onnx` makes kernels for a node of a model",
  "([embedding.md](embedding.md)). From a version of the operator set on, with these attributes (a number behind one: the version that",
  "brought it, where it came later):",
  "",
  "| operator | from | attributes | inputs | outputs |",
  "| - | - | - | - | - |",
  ...entries.map(operatorRow),
  "",
  "`?`: may be left out. Everything else that a node may have is refused by name, with a diagnostic from TFX6101 to TFX6105.",
  "",
  "## Cases",
  "",
  "The ONNX project's backend node tests (test/fixtures/onnx/README.md) through `compileNode`; the same runs are tests in",
  "`test/stdlib/onnx.test.ts`. Other cases of the same form: `npx node scripts/onnx-table.ts FOLDER --print`. Options that no case has are",
  "in `test/stdlib/onnx-options.test.ts`. The tolerance is that of the backend tests: rtol 1e-3, atol 1e-7; for half floats atol 2e-3, since",
  "the reference computes those in half floats and the kernels in f32. Arrays go into the kernels as they lie in memory: 3-D and 4-D",
  "attention differ in the kernel's signature only.",
  "",
  `**${count("pass")} pass, ${count("fail")} fail, ${count("not run")} not run** of ${lines.length}.`,
  "",
  ...byOperator.flat(),
  "## What is not covered",
  "",
  "- FlexAttention with a `score_mod` or `prob_mod`: these are subgraphs of a model, not inputs. In .tfx they are a line of the kernel.",
  "- LinearAttention with a key size above 256, but for the rule linear: a lane holds that much of the state.",
  "- bfloat16. float64 is rounded to f32 and told so (TFX6106); softmax_precision below f32 is computed in f32.",
  "- Attention whose mask is of another float type than Q. LayerNormalization with a stash_type that is not float.",
  "- A float attn_mask with finite values below -3e38: they count as minus infinity.",
  "",
].join("\n");

if (print) console.log(text);
else writeFileSync("docs/onnx.md", text);
console.log(`${count("pass")} pass, ${count("fail")} fail, ${count("not run")} not run`);
// Dawn keeps Node alive.
process.exit(count("fail") > 0 ? 1 : 0);
