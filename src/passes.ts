/**
 * The way from a text to an artifact: every pass in order, with what it is called, what it does, what it reads and makes. `compile.ts` runs the
 * first two over a file and the others over each of its kernels; `compile-graph.ts` begins behind the third.
 */
import type { Diagnostic } from "./base/diagnostic.ts";
import type { StorageType } from "./base/storage-type.ts";
import { artifactOf, targetDiagnostics } from "./artifact-of.ts";
import { checkProgram } from "./check/check.ts";
import type { Spec } from "./check/spec.ts";
import type { Backend } from "./codegen/backend.ts";
import type { CompileOptions, GraphOptions } from "./compile-options.ts";
import type { GraphLevels } from "./compiled.ts";
import { withImports, type Resolved } from "./imports.ts";
import { foldBase2 } from "./ir/derive/base2.ts";
import { takeChunks } from "./ir/derive/chunks.ts";
import { planKernels } from "./ir/derive/partition.ts";
import type { Note } from "./ir/derive/plan.ts";
import { prepare } from "./ir/derive/prepare.ts";
import { lowerToGraph } from "./ir/lower-to-graph.ts";
import { lowerToTile } from "./ir/lower/lower-to-tile.ts";
import { cutStreams } from "./ir/schedule/parts.ts";
import { limitDiagnostics, registerDiagnostics } from "./limits.ts";
import type { Program } from "./parser/ast.ts";
import { parseProgram } from "./parser/parse.ts";
import { pass, type Pass } from "./pass.ts";
import { repeatedDiagnostics } from "./repeated.ts";
import { scheduleOf } from "./schedules.ts";
import { faultsOfArtifact, faultsOfGraph, faultsOfPlan, faultsOfSchedules, faultsOfTile } from "./verify.ts";

/** Levels of a file. */
export type FileLevels = { readonly text: string; readonly program: Program; readonly specs: readonly Spec[] };
export type FileContext = { readonly options: CompileOptions; readonly imports: Resolved };

const ofFile = pass<FileLevels, FileContext>();

export const FILE_PASSES: readonly Pass<FileLevels, FileContext>[] = [
  ofFile({
    name: "parse",
    does: "the text becomes a tree without punctuation",
    needs: ["text"],
    makes: "program",
    run: ({ text }, { options }) => {
      const { program, diagnostics } = parseProgram(text, options.file);
      return { value: program, diagnostics };
    },
    verify: () => [],
  }),
  ofFile({
    name: "check",
    does: "names are resolved, functions put in place, types and free indices found",
    needs: ["program"],
    makes: "specs",
    run: ({ program }, { options, imports }) => {
      const { specs, diagnostics } = checkProgram(program, options.file, {
        resolveImport: imports.resolve,
        ...(options.kernel === undefined ? {} : { only: options.kernel }),
      });
      return { value: specs, diagnostics: withImports(diagnostics, imports, options.file) };
    },
    verify: () => [],
  }),
];

/** Levels of one kernel. */
export type SpecLevels = GraphLevels & { readonly spec: Spec };

const ofSpec = pass<SpecLevels, CompileOptions>();

/** From a checked kernel to its graph. */
export const SPEC_PASSES: readonly Pass<SpecLevels, CompileOptions>[] = [
  ofSpec({
    name: "graph",
    does: "the kernel becomes scalar expressions over named axes, each written once",
    needs: ["spec"],
    makes: "graph",
    run: ({ spec }, { dims = {}, statics = {}, types = {} }) => {
      const { graph, warnings } = lowerToGraph(spec, {
        dims,
        statics,
        types: types as Readonly<Record<string, StorageType>>,
      });
      return { value: graph, diagnostics: warnings };
    },
    verify: (graph) => faultsOfGraph(graph),
  }),
];

export type GraphContext = { readonly options: GraphOptions; readonly backend: Backend };

const ofGraph = pass<GraphLevels, GraphContext>();

/** From a graph, by whomever it was made, to the artifact. */
export const GRAPH_PASSES: readonly Pass<GraphLevels, GraphContext>[] = [
  ofGraph({
    name: "prepare",
    does: "reductions leave out cells that add nothing, differences to a mean are of shifted values, gauges that are not needed go",
    needs: ["graph"],
    makes: "prepared",
    run: ({ graph }) => {
      const notes: Note[] = [];
      return { value: { graph: prepare(graph, notes), notes } };
    },
    verify: ({ graph }) => faultsOfGraph(graph),
  }),
  ofGraph({
    name: "chunks",
    does: "recurrences that are affine in their state are taken in chunks that are walked side by side",
    needs: ["prepared"],
    makes: "chunked",
    run: ({ prepared }, { options }) => ({
      value: takeChunks(prepared.graph, prepared.notes, options.target, options.chunk),
    }),
    verify: ({ graph }) => faultsOfGraph(graph),
  }),
  ofGraph({
    name: "kernels",
    does: "which kernels there are, what streams through each, what it carries, in how many passes",
    needs: ["chunked"],
    makes: "whole",
    run: ({ chunked }, { options }) => ({
      value: planKernels(chunked.graph, chunked.notes, options.target.storageBuffers, chunked.kept),
    }),
    verify: faultsOfPlan,
  }),
  ofGraph({
    name: "parts",
    does: "long streams of few rows are cut into parts that several workgroups walk",
    needs: ["whole", "graph"],
    makes: "plan",
    run: ({ whole, graph }, { options }) => {
      const plan = cutStreams(whole, options.target, options.parts);
      const carried = registerDiagnostics({ graph, plan });
      return carried.length > 0 ? { diagnostics: carried } : { value: plan, diagnostics: repeatedDiagnostics(plan) };
    },
    verify: faultsOfPlan,
  }),
  ofGraph({
    name: "schedules",
    does: "how rows and streams lie over lanes",
    needs: ["plan"],
    makes: "schedules",
    run: ({ plan }, { options }) => ({ value: plan.kernels.map((k) => scheduleOf(plan.graph, k, options)) }),
    verify: (schedules, { plan }, { options }) => faultsOfSchedules(schedules, plan, options.target),
  }),
  ofGraph({
    name: "base2",
    does: "exponentials go to base 2 where a factor takes log2(e) for nothing",
    needs: ["plan"],
    makes: "folded",
    run: ({ plan }) => ({ value: foldBase2(plan) }),
    verify: faultsOfPlan,
  }),
  ofGraph({
    name: "tile",
    does: "a program for every lane: registers, loops, barriers, memory",
    needs: ["folded", "schedules"],
    makes: "tile",
    run: ({ folded, schedules }) => ({ value: lowerToTile(folded, schedules) }),
    verify: (tile, _, { options }) => faultsOfTile(tile, options.target),
  }),
  ofGraph({
    name: "write",
    does: "the program is written in the backend's language",
    needs: ["tile"],
    makes: "written",
    run: ({ tile }, { options, backend }) => ({ value: backend.write(tile, options.target) }),
    verify: () => [],
  }),
  ofGraph({
    name: "artifact",
    does: "the code with what a runtime must know; what the target lacks for it",
    needs: ["graph", "plan", "schedules", "tile", "written"],
    makes: "artifact",
    run: (levels, { options }) => {
      const artifact = artifactOf(levels, options);
      const lacking: readonly Diagnostic[] = [
        ...targetDiagnostics(artifact, options.target, levels.graph.span),
        ...limitDiagnostics(levels, options.target),
      ];
      return { value: artifact, diagnostics: lacking };
    },
    verify: faultsOfArtifact,
  }),
];

/** All of them, in order. */
export const PASSES: readonly { readonly name: string; readonly does: string; readonly makes: string }[] = [
  ...FILE_PASSES,
  ...SPEC_PASSES,
  ...GRAPH_PASSES,
];
