/** From an import to a module: what the plugin does, without a bundler. */
import { BASELINE, TARGETS, type Target } from "../base/target.ts";
import { hasErrors, type Diagnostic } from "../base/diagnostic.ts";
import { didYouMean } from "../base/suggest.ts";
import { checkProgram } from "../check/check.ts";
import type { Spec } from "../check/spec.ts";
import { createSources, type SourceStore } from "../cli/sources.ts";
import type { Artifact } from "../codegen/artifact.ts";
import { compile } from "../compile.ts";
import { factoryModule } from "../emit/module.ts";
import { parseProgram } from "../parser/parse.ts";
import type { Request, TfxOptions } from "./options.ts";

export type Loaded = {
  /** The module's text; null with errors. */
  readonly code: string | null;
  readonly artifacts: readonly Artifact[];
  readonly diagnostics: readonly Diagnostic[];
  /** What is wrong with the request itself. */
  readonly misuse: string | null;
  /** The files that the module was made of, absolute where they are the user's. */
  readonly files: readonly string[];
  readonly sources: SourceStore;
};

type Choices = {
  readonly dims: Record<string, number>;
  readonly statics: Record<string, number>;
  readonly types: Record<string, string>;
};

/** The names of a kernel that can be chosen at compile time. */
const namesOf = (spec: Spec): Readonly<Record<keyof Choices, readonly string[]>> => ({
  dims: spec.sizes,
  statics: spec.scalars.filter((s) => s.isStatic).map((s) => s.name),
  types: spec.typeVars.map((t) => t.name),
});

const picked = <T>(values: Readonly<Record<string, T>> | undefined, names: readonly string[]): Record<string, T> =>
  Object.fromEntries(Object.entries(values ?? {}).filter(([name]) => names.includes(name)));

/** The plugin's options as far as they concern a kernel, and the query's over them. */
export const choicesFor = (spec: Spec, options: TfxOptions, query: Request["choices"]): Choices => {
  const names = namesOf(spec);
  const asked = Object.fromEntries(query);
  const numbers = (of: readonly string[]): Record<string, number> =>
    Object.fromEntries(
      Object.entries(picked(asked, of)).map(([name, value]) => [name, value === "" ? NaN : Number(value)]),
    );
  return {
    dims: { ...picked(options.dims, names.dims), ...numbers(names.dims) },
    statics: { ...picked(options.statics, names.statics), ...numbers(names.statics) },
    types: { ...picked(options.types, names.types), ...picked(asked, names.types) },
  };
};

const misuseOf = (specs: readonly Spec[], request: Request, target: string): string | null => {
  if (!(target in TARGETS))
    return [
      `no target "${target}"`,
      didYouMean(target, Object.keys(TARGETS)),
      `targets: ${Object.keys(TARGETS).join(", ")}`,
    ]
      .filter((x) => x !== null)
      .join("; ");
  const kernels = specs.map((s) => s.name);
  if (request.kernel !== null && !kernels.includes(request.kernel))
    return `no kernel "${request.kernel}"; the file has ${kernels.join(", ") || "none"}`;
  const known = specs.flatMap((s) => Object.values(namesOf(s)).flat());
  const odd = [...request.choices.keys()].find((name) => !known.includes(name));
  if (odd !== undefined)
    return `"${odd}" in the query is no size, static parameter or type variable; there are ${[...new Set(known)].join(", ") || "none"}`;
  if (request.wgsl && request.grad) return "a query asks for wgsl or for grad, not for both";
  if (request.wgsl && request.kernel === null && kernels.length !== 1)
    return `the file has ${kernels.length} kernels; choose one: ?wgsl&kernel=${kernels[0] ?? "NAME"}`;
  return null;
};

/** Browsers need no way back to the text. */
export const withoutMap = (artifact: Artifact): Artifact => ({
  ...artifact,
  sourceMap: { files: [], spans: [], lines: [] },
});

/** What an import reads: the kernels that it asks for; `loaded`: why there are none. */
export type Opened = {
  readonly text: string;
  readonly specs: readonly Spec[];
  readonly target: Target;
  readonly resolveImport: SourceStore["resolveImport"];
  readonly none: Loaded;
  readonly isBad: boolean;
};

/** Reads and checks the file of an import. Throws UsageError where a file cannot be read. `shown`: the file's name in messages. */
export const openModule = (request: Request, shown: string, options: TfxOptions): Opened => {
  const sources = createSources();
  const files: string[] = [];
  const text = sources.read(request.file);
  const resolveImport: SourceStore["resolveImport"] = (path, from) => {
    const found = sources.resolveImport(path, from);
    if (found !== null) files.push(found.file);
    return found;
  };
  const store: SourceStore = { ...sources, text: (file) => (file === shown ? text : sources.text(file)) };
  const { program, diagnostics } = parseProgram(text, shown);
  const checked = checkProgram(program, shown, { resolveImport, text });
  const found = [...diagnostics, ...checked.diagnostics];
  const name = request.target ?? options.target ?? BASELINE.name;
  const isWrong = hasErrors(found);
  const misuse = isWrong ? null : misuseOf(checked.specs, request, name);
  const none = { code: null, artifacts: [], diagnostics: isWrong ? found : [], misuse, files, sources: store };
  const specs = checked.specs.filter((spec) => request.kernel === null || spec.name === request.kernel);
  const target = TARGETS[name] ?? BASELINE;
  return { text, specs, target, resolveImport, none, isBad: isWrong || misuse !== null };
};

/** Compiles what an import asks for. */
export const loadModule = (request: Request, shown: string, options: TfxOptions): Loaded => {
  const { text, specs, target, resolveImport, none, isBad } = openModule(request, shown, options);
  if (isBad) return none;
  const results = specs.map((spec) =>
    compile(text, {
      file: shown,
      kernel: spec.name,
      ...choicesFor(spec, options, request.choices),
      target,
      resolveImport,
    }),
  );
  const all = results.flatMap((r) => r.diagnostics);
  if (hasErrors(all)) return { ...none, diagnostics: all };
  const artifacts = results.flatMap((r) => r.artifacts).map(withoutMap);
  const code = request.wgsl
    ? `export default ${JSON.stringify(artifacts[0]?.wgsl ?? "")};\n`
    : factoryModule(artifacts);
  return { ...none, code, artifacts, diagnostics: all };
};
