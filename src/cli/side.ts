/** The two kernels of `tfx diff` and `tfx bench`, with what the options say about each. */
import type { Spec } from "../check/spec.ts";
import { UsageError } from "./errors.ts";
import { numbers, sizes as sizeValues, strings, type Pairs } from "./options.ts";
import type { Format } from "./report.ts";
import { choose, chooseScalars, loadSpecs, theOnly, type Choice } from "./request.ts";
import { createSources, type SourceStore } from "./sources.ts";

export type Side = { readonly file: string; readonly spec: Spec; readonly sources: SourceStore };

/** What both commands are told about kernels. */
export type SideOptions = {
  readonly dim?: Pairs;
  readonly static?: Pairs;
  readonly type?: Pairs;
  readonly set?: Pairs;
};

/** One kernel of a file; null when the file has mistakes, which are told. */
export const loadSide = (file: string, kernel: string | undefined, format: Format): Side | null => {
  const sources = createSources();
  const specs = loadSpecs(file, kernel, sources, format);
  return specs === null ? null : { file, spec: theOnly(specs, file), sources };
};

/** Options that the kernel has a name for; the other kernel may have more. */
const own = (pairs: Pairs | undefined, names: readonly string[]): Pairs =>
  new Map([...(pairs ?? [])].filter(([name]) => names.includes(name)));

export const choiceOf = (spec: Spec, options: SideOptions): Choice =>
  choose(
    spec,
    sizeValues(own(options.dim, spec.sizes)),
    numbers(
      own(
        options.static,
        spec.scalars.map((s) => s.name),
      ),
    ),
    strings(
      own(
        options.type,
        spec.typeVars.map((t) => t.name),
      ),
    ),
  );

export const scalarsOf = (spec: Spec, options: SideOptions): Readonly<Record<string, number>> =>
  chooseScalars(
    spec,
    numbers(
      own(
        options.set,
        spec.scalars.map((s) => s.name),
      ),
    ),
  );

/** Throws a UsageError for a name that none of the kernels has. */
export const refuseStray = (specs: readonly Spec[], options: SideOptions): void => {
  const known = specs.flatMap((spec) => [
    ...spec.sizes,
    ...spec.scalars.map((s) => s.name),
    ...spec.typeVars.map((t) => t.name),
  ]);
  const given = [...(options.dim ?? []), ...(options.static ?? []), ...(options.type ?? []), ...(options.set ?? [])];
  const stray = given.find(([name]) => !known.includes(name));
  const none = specs.length > 1 ? "neither kernel has" : "the kernel has no";
  if (stray !== undefined) throw new UsageError(`${stray[0]}: ${none}${specs.length > 1 ? " a" : ""} name like that`);
};
