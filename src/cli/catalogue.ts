/** The standard library as data: what the headers of its kernels say, and what the compiler derives from them. */
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { checkProgram } from "../check/check.ts";
import type { Spec } from "../check/spec.ts";
import { BASELINE, type Target } from "../base/target.ts";
import { compileSpec, type Compiled } from "../compile.ts";
import { stateBytes } from "../explain/state.ts";
import { planKernels } from "../ir/derive/partition.ts";
import type { KernelPlan } from "../ir/derive/plan.ts";
import { prepare } from "../ir/derive/prepare.ts";
import { viewOf, type GraphView } from "../ir/graph/view.ts";
import type { AxisId } from "../ir/graph/graph.ts";
import { lowerToGraph } from "../ir/lower-to-graph.ts";
import { sizeNames } from "../base/size.ts";
import { sizesAsked, UnknownSize } from "../ir/graph/unsupported.ts";
import { parseProgram } from "../parser/parse.ts";
import { sizesFor, type EntrySizes, type Sizes } from "./catalogue-sizes.ts";
import { createSources, STDLIB } from "./sources.ts";

export type Header = {
  /** The first sentence. */
  readonly title: string;
  /** arXiv numbers, in order of appearance. */
  readonly papers: readonly string[];
  /** `K1`, `N1`, ...; null where the header has none. */
  readonly class: string | null;
  /** The passes that the header states, the most of its kernels; 0: elementwise; null: none stated. */
  readonly passes: number | null;
};

export type DerivedKernel = {
  readonly name: string;
  /** 0: elementwise. */
  readonly passes: number;
  /** The streamed axes: `j`, `c, p`. */
  readonly stream: string;
  /** What is carried along the stream: `max`, `sum`, `sum[e]`. */
  readonly carried: readonly string[];
  /** Bytes of that for one row. */
  readonly stateBytes: number;
};

export type Entry = {
  readonly folder: string;
  /** `std/attention/causal` */
  readonly file: string;
  readonly kernel: string;
  readonly header: Header;
  readonly spec: Spec;
  readonly sizes: EntrySizes;
  /** The sizes that the compiler is told; the others come with the data. */
  readonly told: readonly string[];
  readonly kernels: readonly DerivedKernel[];
};

/** A kernel (or, when "", a file) that the compiler does not take, and why. */
export type Failed = { readonly file: string; readonly kernel: string; readonly reason: string };
export type Catalogue = { readonly entries: readonly Entry[]; readonly failed: readonly Failed[] };

/** The files of the standard library as `std/folder/name`, sorted. */
export const standardFiles = (): readonly string[] =>
  readdirSync(STDLIB, { recursive: true, encoding: "utf8" })
    .map((f) => f.replaceAll("\\", "/"))
    .filter((f) => f.endsWith(".tfx"))
    .map((f) => `std/${f.slice(0, -".tfx".length)}`)
    .sort();

/** Up to a full stop or colon with a new sentence or a formula behind it; `et al. 2016` and `cf. KIVI` go on. */
const FIRST_SENTENCE = /^[\s\S]*?(?<!\b(?:cf|eq|al|vs))[.:](?=\s+[A-Z`(|λτ]|\s*$)/u;

/** What a header (the text after `///`) says. */
export const headerOf = (doc: string): Header => {
  const first =
    doc
      .split(/\n\s*\n/)[0]
      ?.replace(/\s+/g, " ")
      .trim() ?? "";
  const whole = doc.replace(/\s+/g, " ");
  const passes = [...whole.matchAll(/\b(\d+) pass(?:es)?\b/g)].map((m) => Number(m[1]));
  return {
    title: (FIRST_SENTENCE.exec(first)?.[0] ?? first).replace(/[.:]$/, ""),
    papers: [...new Set([...whole.matchAll(/arXiv (\d{4}\.\d{4,5})/g)].map((m) => m[1] ?? ""))],
    class: /\bClass (\w+)/.exec(whole)?.[1] ?? null,
    passes: passes.length > 0 ? Math.max(...passes) : /\belementwise\b/.test(whole) ? 0 : null,
  };
};

/** Every kernel of the standard library with its header; nothing is checked or planned. */
export const headersOf = (): readonly { readonly file: string; readonly kernel: string; readonly header: Header }[] =>
  standardFiles().flatMap((file) => {
    const text = readFileSync(join(STDLIB, `${file.slice("std/".length)}.tfx`), "utf8");
    return parseProgram(text, `${file}.tfx`).program.items.flatMap((item) =>
      item.kind === "kernel" ? [{ file, kernel: item.name.text, header: headerOf(item.doc) }] : [],
    );
  });

/** The running sums (`cumsum`) along the stream of a kernel, by the axes of each that are neither rows nor stream. */
const runningSums = (b: GraphView, kernel: KernelPlan): readonly (readonly AxisId[])[] => {
  const roots = [
    ...kernel.accumulators.flatMap((a) => (a.where === null ? [a.body] : [a.body, a.where])),
    ...kernel.stores.map((s) => s.value),
  ];
  const outer = [...kernel.rows, ...kernel.stream];
  return [...b.reach(roots)]
    .map((id) => b.node(id))
    .filter((n) => n.kind === "reduce" && n.op === "cumsum" && n.over.every((a) => kernel.stream.includes(a)))
    .map((n) => n.axes.filter((a) => !outer.includes(a)));
};

const derived = (b: GraphView, plan: KernelPlan): DerivedKernel => {
  const name = (axis: AxisId): string => b.axis(axis).name;
  const local = (axes: readonly AxisId[]): string => (axes.length === 0 ? "" : `[${axes.map(name).join(", ")}]`);
  const sums = runningSums(b, plan);
  const points = (axes: readonly AxisId[]): number => axes.reduce((n, a) => n * (Number(b.axis(a).size) || 1), 1);
  return {
    name: plan.name,
    passes: plan.stream.length === 0 ? 0 : plan.passes,
    stream: plan.stream.map(name).join(", "),
    carried: [
      ...plan.accumulators.map((a) => `${a.op}${local(a.local)}`),
      ...sums.map((axes) => `cumsum${local(axes)}`),
    ],
    stateBytes: stateBytes(b, plan) + sums.reduce((n, axes) => n + 4 * points(axes), 0),
  };
};

/** The sizes of axes that a lane walks for one row: contractions inside the stream, and what is carried for each point. */
const walked = (b: GraphView, kernel: KernelPlan): readonly string[] => {
  const streams = kernel.stream.length > 0;
  const bodies = kernel.accumulators.flatMap((a) => (a.where === null ? [a.body] : [a.body, a.where]));
  const inner = [...b.reach([...bodies, ...kernel.stores.map((s) => s.value)])].flatMap((id) => {
    const n = b.node(id);
    return n.kind === "reduce" && !n.over.some((a) => kernel.stream.includes(a)) ? n.over : [];
  });
  const axes = [...(streams ? inner : []), ...kernel.accumulators.flatMap((a) => a.local)];
  return axes.flatMap((a) => sizeNames(b.axis(a).size));
};

type Planned = { readonly told: readonly string[]; readonly kernels: readonly DerivedKernel[] };

/** The plan at the catalogue's sizes: the compiler is told the sizes it asks for and those that a lane walks. */
const planAt = (spec: Spec, { full, statics, known }: EntrySizes): Planned => {
  let told = known;
  for (;;) {
    const dims = Object.fromEntries(told.map((n) => [n, full[n] ?? 1]));
    let more: readonly string[];
    try {
      const { graph: naive } = lowerToGraph(spec, { dims, statics, types: {} });
      const { graph, kernels } = planKernels(prepare(naive, []), [], BASELINE.storageBuffers);
      const b = viewOf(graph);
      more = kernels.flatMap((k) => walked(b, k));
      if (more.length === 0) return { told, kernels: kernels.map((k) => derived(b, k)) };
    } catch (error) {
      if (!(error instanceof UnknownSize)) throw error;
      more = sizesAsked(error);
    }
    told = [...new Set([...told, ...more])];
  }
};

/** The whole way of an entry at other sizes or for another target. Throws an Error with the compiler's message. */
export const compileEntry = (entry: Entry, sizes: Sizes, target: Target): Compiled => {
  const { spec, told } = entry;
  const dims = Object.fromEntries(told.map((n) => [n, sizes[n] ?? 1]));
  const { resolveImport } = createSources();
  const result = compileSpec(spec, { file: spec.file, dims, statics: entry.sizes.statics, target, resolveImport });
  if (!("code" in result)) return result;
  throw new Error(`${result.code} ${result.message}${result.help === null ? "" : ` (${result.help})`}`);
};

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** Everything in the standard library, file by file; files may be chosen. What does not compile hides nothing else. */
export const readCatalogue = (files: readonly string[] = standardFiles()): Catalogue => {
  const { resolveImport } = createSources();
  const entries: Entry[] = [];
  const failed: Failed[] = [];
  for (const file of files) {
    const text = readFileSync(join(STDLIB, `${file.slice("std/".length)}.tfx`), "utf8");
    const parsed = parseProgram(text, `${file}.tfx`);
    const checked = checkProgram(parsed.program, `${file}.tfx`, { resolveImport, text });
    for (const d of [...parsed.diagnostics, ...checked.diagnostics])
      if (d.severity === "error") failed.push({ file, kernel: "", reason: `${d.code} ${d.message}` });
    const folder = file.split("/").slice(1, -1).join("/");
    for (const spec of checked.specs) {
      const sizes = sizesFor(folder, spec.name, spec.sizes);
      try {
        const planned = planAt(spec, sizes);
        entries.push({ folder, file, kernel: spec.name, header: headerOf(spec.doc), spec, sizes, ...planned });
      } catch (error) {
        failed.push({ file, kernel: spec.name, reason: messageOf(error) });
      }
    }
  }
  return { entries, failed };
};
