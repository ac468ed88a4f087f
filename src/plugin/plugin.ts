/** `import { attention } from "./attention.tfx"` in bundlers: one plugin, an adapter for each by unplugin. */
import { existsSync, readFileSync } from "node:fs";
import { basename, dirname, isAbsolute, relative, resolve } from "node:path";
import { createUnplugin, type UnpluginContext, type UnpluginInstance, type UnpluginMessage } from "unplugin";
import type { Diagnostic } from "../base/diagnostic.ts";
import { renderDiagnostic } from "../base/render.ts";
import { positionAt, sourceFile } from "../base/source-file.ts";
import { UsageError } from "../cli/errors.ts";
import { writeAll } from "../cli/files.ts";
import { declarations } from "../emit/module.ts";
import { pairDeclarations } from "../emit/pairs.ts";
import { loadModule, type Loaded } from "./compile.ts";
import { loadGradients, type LoadedPairs } from "./gradient.ts";
import { readRequest, type TfxOptions } from "./options.ts";

const IDS = /\.tfx(\?|$)/;
/** Bundlers whose messages have a place for a frame; the others get it in the text. */
const WITH_FRAMES = ["vite", "rollup", "rolldown", "unloader"];

const shownName = (file: string): string => {
  const near = relative(process.cwd(), file);
  return (near.startsWith("..") ? file : near).replaceAll("\\", "/");
};

/** One message for some diagnostics, at the place of the first. */
const messageOf = (
  diagnostics: readonly Diagnostic[],
  { sources }: Loaded,
  id: string,
  withFrame: boolean,
): UnpluginMessage & { readonly frame?: string } => {
  const [first] = diagnostics;
  if (first === undefined) return { message: "", id };
  const { file, start } = first.primary.span;
  const text = sources.text(file);
  const at = text === undefined ? { line: 1, column: 1 } : positionAt(sourceFile(file, text), start);
  const frames = diagnostics.map((d) => renderDiagnostic(d, sources.text, { color: false })).join("\n\n");
  const more = diagnostics.length > 1 ? ` (and ${diagnostics.length - 1} more)` : "";
  const head = `${first.code}: ${first.message}${more}`;
  return {
    id,
    // Columns of bundlers begin at 0.
    loc: { file: resolve(file), line: at.line, column: at.column - 1 },
    ...(withFrame ? { message: head, frame: frames } : { message: `${head}\n\n${frames}` }),
  };
};

/** Writes `x.d.tfx.ts`, or `x.grad.d.ts`, where it is not yet so. */
const writeTypes = (file: string, loaded: Loaded | LoadedPairs): void => {
  const path = file.replace(/\.tfx$/, "pairs" in loaded ? ".grad.d.ts" : ".d.tfx.ts");
  const content =
    "pairs" in loaded ? pairDeclarations(loaded.pairs, `${basename(file)}?grad`) : declarations(loaded.artifacts);
  if (!existsSync(path) || readFileSync(path, "utf8") !== content) writeAll([{ path, content }]);
};

export const tfx: UnpluginInstance<TfxOptions | undefined, false> = createUnplugin((options, meta) => {
  const chosen = options ?? {};
  const withFrame = WITH_FRAMES.includes(meta.framework);
  /** Where `error` does not throw (esbuild, webpack), an empty module carries the error on. */
  const fail = (context: UnpluginContext, message: UnpluginMessage): { readonly code: string; readonly map: null } => {
    context.error(message);
    return { code: "", map: null };
  };
  /** What each module was made of last. */
  const made = new Map<string, readonly string[]>();
  return {
    name: "tfx",
    enforce: "pre",
    resolveId: {
      filter: { id: IDS },
      handler: (id, importer) => {
        const request = readRequest(id);
        if (request === null) return null;
        const near = /^\.\.?\//.test(request.file);
        if (!near && !isAbsolute(request.file)) return null;
        // webpack asks again with each answer, and finds a file without a query by itself.
        if (meta.framework === "webpack" && id === resolve(request.file)) return null;
        const from = importer === undefined ? process.cwd() : dirname(importer.split("?", 1)[0] ?? importer);
        const path = near ? resolve(from, request.file) : request.file;
        // A path of a server's root is the bundler's to find.
        return existsSync(path) ? path + id.slice(request.file.length) : null;
      },
    },
    load: {
      filter: { id: IDS },
      async handler(id) {
        const request = readRequest(id);
        if (request === null || !existsSync(request.file)) return null;
        this.addWatchFile(request.file);
        let loaded: Loaded | LoadedPairs;
        try {
          const shown = shownName(request.file);
          loaded = request.grad ? await loadGradients(request, shown, chosen) : loadModule(request, shown, chosen);
        } catch (error) {
          if (error instanceof UsageError) return fail(this, { id, message: error.message });
          throw error;
        }
        const files = [...new Set(loaded.files)].map((file) => resolve(file));
        made.set(id, files);
        for (const file of files) this.addWatchFile(file);
        if (loaded.misuse !== null) return fail(this, { id, message: loaded.misuse });
        const errors = loaded.diagnostics.filter((d) => d.severity === "error");
        if (loaded.code === null) return fail(this, messageOf(errors, loaded, id, withFrame));
        const warnings = loaded.diagnostics.filter((d) => d.severity === "warning");
        if (warnings.length > 0) this.warn(messageOf(warnings, loaded, id, withFrame));
        if (chosen.dts === true && !request.wgsl && request.kernel === null) writeTypes(request.file, loaded);
        return { code: loaded.code, map: null };
      },
    },
    // Vite's server knows a module by its imports, and has none yet while it is loaded.
    vite: {
      transform: {
        filter: { id: IDS },
        handler(_code, id) {
          for (const file of made.get(id) ?? []) this.addWatchFile(file);
        },
      },
    },
    esbuild: { loader: "js" },
    bun: { loader: "js" },
  };
});
