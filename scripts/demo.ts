/**
 * The main job: compiles the three kernels of `examples/ocr/recogniser.tfx` and runs them on the activations of a text
 * recogniser; then runs its two transformer blocks end to end, and reads the text, on kernels of the standard library. Prints
 * the largest errors against the model's own tensors and against f64, with those of naive f32 arithmetic beside them. Exit
 * code 1 when an error is more than twice the naive one, or the text is not that of the picture.
 */
import { readFileSync } from "node:fs";
import { createRecogniser, decode } from "../examples/ocr/blocks.ts";
import { cases, type Case } from "../examples/ocr/cases.ts";
import { compareStages, isNear } from "../examples/ocr/compare.ts";
import { characters, LINES, writtenIn } from "../examples/ocr/data.ts";
import { accuracy, largestDistance } from "../src/cli/accuracy.ts";
import { openGpu, restartFor, type Gpu } from "../src/cli/gpu.ts";
import { createSources } from "../src/cli/sources.ts";
import { compile } from "../src/compile.ts";
import type { Artifact } from "../src/codegen/artifact.ts";
import type { Spec } from "../src/check/spec.ts";
import { interpret } from "../src/meaning/interpret.ts";
import { renderDiagnostic } from "../src/base/render.ts";
import { createKernel } from "../src/runtime/index.ts";

const FILE = "examples/ocr/recogniser.tfx";

type Compiled = { readonly artifact: Artifact; readonly spec: Spec; readonly compileMs: number };

const sources = createSources();

/** The feature width is fixed, the number of positions is not: one kernel serves both lines. */
const compileKernel = (kernel: string, width: number, gpu: Gpu): Compiled => {
  const text = sources.read(FILE);
  const start = performance.now();
  const options = { file: FILE, kernel, dims: { D: width }, target: gpu.target, resolveImport: sources.resolveImport };
  const { compiled, diagnostics } = compile(text, options);
  const compileMs = performance.now() - start;
  const [one] = compiled;
  if (one === undefined) {
    throw new Error(diagnostics.map((d) => renderDiagnostic(d, sources.text, { color: false })).join("\n\n"));
  }
  return { artifact: one.artifact, spec: one.spec, compileMs };
};

/** The sizes of a case: [B, H, N, D] for attention, [B, N, D] for rows. */
const sizesOf = ({ kernel, inputs }: Case): Record<string, number> => {
  const shape = (inputs["q"] ?? inputs["x"])?.shape ?? [];
  const [B = 0, H = 0, N = 0, D = 0] =
    kernel === "attention" ? shape : [shape[0] ?? 0, 0, shape[1] ?? 0, shape[2] ?? 0];
  return kernel === "attention" ? { B, H, N, M: N, D } : { B, N, D };
};

type Row = readonly string[];
const HEAD: Row = [
  "kernel",
  "where",
  "result",
  "vs model",
  "naive f32",
  "vs f64",
  "naive f32",
  "GPU bytes / in+out",
  "ms",
  "",
];

const digits = (x: number): string => (x === 0 ? "0" : x.toExponential(1));

const runCase = async (test: Case, { artifact, spec }: Compiled, device: GPUDevice): Promise<readonly Row[]> => {
  const entries = Object.entries(test.inputs);
  const tensors = Object.fromEntries(entries.map(([name, { data }]) => [name, data]));
  const shapes = Object.fromEntries(entries.map(([name, { shape }]) => [name, shape]));
  const kernel = await createKernel(device, artifact);
  const result = await kernel.run({ inputs: tensors, shapes, scalars: test.scalars, repeat: 5 });
  const inputs = { sizes: sizesOf(test), tensors, scalars: test.scalars };
  const naive = interpret(spec, inputs, "f32");
  const ioBytes = [...Object.values(tensors), ...Object.values(result.outputs)].reduce(
    (sum, data) => sum + data.byteLength,
    0,
  );
  return accuracy({ spec }, inputs, result.outputs).map((against, i) => {
    const model = test.model[against.output]?.data;
    const ours = model === undefined ? null : largestDistance(result.outputs[against.output] ?? [], model);
    const theirs = model === undefined ? null : largestDistance(naive[against.output] ?? [], model);
    const scale = model === undefined ? 0 : model.reduce((max, v) => Math.max(max, Math.abs(v)), 0);
    const near = ours === null || theirs === null || ours <= Math.max(2 * theirs, 1e-6 * scale);
    const cells = [against.output, ours, theirs, against.error, against.naive].map((x) =>
      x === null ? "-" : typeof x === "string" ? x : digits(x),
    );
    const once = i === 0 ? [test.kernel, test.where] : ["", ""];
    const cost = i === 0 ? [(result.peakBytes / ioBytes).toFixed(2), result.timeMs.toFixed(2)] : ["", ""];
    return [...once, ...cells, ...cost, against.ok && near ? "ok" : "TOO LARGE"];
  });
};

/** The first `left` columns are words. */
const printTable = (rows: readonly Row[], left: number): void => {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  for (const row of rows)
    console.log(
      row
        .map((cell, i) => (i < left ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0)))
        .join("  ")
        .trimEnd(),
    );
};

/** Both lines through both blocks; true when all is near and the text is right. */
const readLines = async (gpu: Gpu): Promise<boolean> => {
  const start = performance.now();
  const recogniser = await createRecogniser(gpu.device, gpu.target);
  const ready = performance.now() - start;
  const rows: Row[] = [["where", "result", "vs model", "naive f32", "vs f64", "naive f32", ""]];
  const texts: string[] = [];
  let fine = true;
  for (const line of LINES) {
    const found = await recogniser.run(line);
    for (const compared of compareStages(line, found.stages)) {
      const { stage, model, f64 } = compared;
      const cells = [model?.found, model?.naive, f64.found, f64.naive].map((x) => (x === undefined ? "-" : digits(x)));
      rows.push([line, stage, ...cells, isNear(compared) ? "ok" : "TOO LARGE"]);
      fine &&= isNear(compared);
    }
    const text = decode(found.best, characters());
    const right = text === writtenIn(line);
    fine &&= right;
    texts.push(
      `${line}: ${found.dispatches} dispatches, ${found.timeMs.toFixed(0)} ms; the text of the picture: ${right ? "ok" : "WRONG"}\n  ${text}`,
    );
  }
  console.log(
    `\nBoth transformer blocks, the final LayerNorm and the CTC head on kernels of stdlib/ (${recogniser.pipelines} pipelines, ` +
      `compiled in ${ready.toFixed(0)} ms),\nfrom the input of block 0; the head from the model's ctc_in.\n`,
  );
  printTable(rows, 2);
  console.log(`\n${texts.join("\n")}`);
  return fine;
};

const demo = async (): Promise<boolean> => {
  const gpu = await openGpu("auto", { subgroups: true });
  try {
    console.log(`The activations of PP-OCRv4, head dim 15, on ${gpu.target.name}\n`);
    console.log(readFileSync(FILE, "utf8"));
    const compiled = new Map<string, Compiled>();
    const rows: Row[] = [HEAD];
    for (const test of cases()) {
      const ready = compiled.get(test.kernel) ?? compileKernel(test.kernel, sizesOf(test)["D"] ?? 0, gpu);
      compiled.set(test.kernel, ready);
      rows.push(...(await runCase(test, ready, gpu.device)));
    }
    for (const [name, { artifact, compileMs }] of compiled)
      console.log(`${name}: ${artifact.plan} (compiled in ${compileMs.toFixed(0)} ms)`);
    console.log(
      "\nLargest absolute errors: against the model's own tensors, and against the f64 meaning of the same inputs.\n",
    );
    printTable(rows, 3);
    const near = rows.slice(1).every((row) => row.at(-1) === "ok");
    return (await readLines(gpu)) && near;
  } finally {
    gpu.close();
  }
};

const restarted = await restartFor("auto");
process.exitCode = restarted ?? ((await demo()) ? 0 : 1);
