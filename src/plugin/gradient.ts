/** `import { attention } from "./a.tfx?grad"`: each kernel with what its gradient wants of it, and the gradient. */
import { hasErrors, type Diagnostic } from "../base/diagnostic.ts";
import { checkProgram } from "../check/check.ts";
import type { Spec } from "../check/spec.ts";
import type { Artifact } from "../codegen/artifact.ts";
import { compile } from "../compile.ts";
import { pairModule, type Pair } from "../emit/pairs.ts";
import { gradient } from "../grad/gradient.ts";
import { parseProgram } from "../parser/parse.ts";
import { choicesFor, openModule, withoutMap, type Loaded, type Opened } from "./compile.ts";
import type { Request, TfxOptions } from "./options.ts";

export type LoadedPairs = Loaded & { readonly pairs: readonly Pair[] };

/** Derives and compiles the gradients that an import asks for. Throws UsageError where a file cannot be read. */
export const loadGradients = async (request: Request, shown: string, options: TfxOptions): Promise<LoadedPairs> => {
  const opened = openModule(request, shown, options);
  const { none } = opened;
  if (opened.isBad) return { ...none, pairs: [] };
  const texts = new Map<string, string>();
  const sources = { ...none.sources, text: (file: string) => texts.get(file) ?? none.sources.text(file) };
  const pairs: Pair[] = [];
  const diagnostics: Diagnostic[] = [];
  for (const spec of opened.specs) {
    const made = await gradient(spec, { save: "auto" });
    diagnostics.push(...made.diagnostics);
    if (!made.ok || made.forward === null) continue;
    const file = `gradient of ${spec.name} in ${shown}`;
    texts.set(file, made.text);
    const two = [made.forward, made.kernel].flatMap((kernel): readonly Artifact[] => {
      const result = compileOne(opened, made.text, file, kernel, request, options);
      diagnostics.push(...result.diagnostics);
      return result.artifacts;
    });
    const [forward, backward] = two.map(withoutMap);
    if (forward !== undefined && backward !== undefined)
      pairs.push({ name: spec.name, doc: spec.doc, saved: made.saved, forward, backward });
  }
  const isWrong = hasErrors(diagnostics);
  const artifacts = isWrong ? [] : pairs.flatMap((p) => [p.forward, p.backward]);
  return {
    ...none,
    sources,
    code: isWrong ? null : pairModule(pairs),
    artifacts,
    diagnostics,
    pairs: isWrong ? [] : pairs,
  };
};

const compileOne = (
  { target, resolveImport }: Opened,
  text: string,
  file: string,
  kernel: string,
  request: Request,
  options: TfxOptions,
) => {
  const [own] = checkProgram(parseProgram(text, file).program, file, { resolveImport, text, only: kernel }).specs;
  const chosen = choicesFor(own as Spec, options, request.choices);
  return compile(text, { file, kernel, ...chosen, target, resolveImport });
};
