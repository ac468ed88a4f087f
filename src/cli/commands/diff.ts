/** `tfx diff A B` */
import { printSize } from "../../base/size.ts";
import { BASELINE } from "../../base/target.ts";
import type { Spec } from "../../check/spec.ts";
import { measure } from "../../meaning/interpret.ts";
import { sizesFor } from "../catalogue-sizes.ts";
import type { ExitCode } from "../errors.ts";
import { planWith } from "../planned.ts";
import { during } from "../progress.ts";
import type { Format } from "../report.ts";
import { dimsOf } from "../request.ts";
import { choiceOf, loadSide, refuseStray, scalarsOf, type Side, type SideOptions } from "../side.ts";
import { collectInputs, shapeOf, sizesOf } from "../tensors.ts";

export type DiffOptions = SideOptions & {
  readonly kernel?: string;
  readonly other?: string;
  readonly random: number;
  readonly format: Format;
};

/** Of the sum of absolute values behind a cell: what rounding in f64 may do. */
const TOLERANCE = 1e-9;

type Tensors = Spec["tensors"] | Spec["results"];
const textOf = (spec: Spec, tensors: Tensors): readonly string[] =>
  tensors.map(
    (t) =>
      `${t.name}: ${t.dtype}[${dimsOf(spec, t.dims)
        .map((d) => printSize(d.extent))
        .join(", ")}]`,
  );

/** What the two take and give differently, a line each. */
const unlike = (a: Spec, b: Spec): readonly string[] => {
  const sides = [
    ["takes", textOf(a, a.tensors), textOf(b, b.tensors)],
    ["gives", textOf(a, a.results), textOf(b, b.results)],
  ] as const;
  return sides.flatMap(([verb, of, than]) => {
    const [one, two] = [of.filter((t) => !than.includes(t)), than.filter((t) => !of.includes(t))];
    return one.length + two.length === 0 ? [] : [`${verb}   ${one.join(", ") || "-"} | ${two.join(", ") || "-"}`];
  });
};

/** Where two arrays differ by more than rounding: how many cells, and the largest difference. */
const compare = (
  a: Measured,
  b: Measured,
): { readonly cells: number; readonly largest: number; readonly at: number } => {
  let [cells, largest, at] = [0, 0, 0];
  for (let i = 0; i < a.values.length; i++) {
    const [x, y] = [a.values[i] ?? NaN, b.values[i] ?? NaN];
    const isSame =
      Object.is(x, y) || x === y || Math.abs(x - y) <= TOLERANCE * ((a.scales[i] ?? 0) + (b.scales[i] ?? 0));
    const distance = Number.isNaN(x - y) ? (isSame ? 0 : Infinity) : Math.abs(x - y);
    if (!isSame) cells++;
    if (!isSame && distance > largest) at = i;
    largest = Math.max(largest, distance);
  }
  return { cells, largest, at };
};
type Measured = { readonly values: Float64Array; readonly scales: Float64Array };

/** The indices of a cell. */
const cellOf = (shape: readonly number[], at: number): readonly number[] =>
  shape.reduceRight<number[]>((out, n, i) => {
    const below = shape.slice(i + 1).reduce((a, b) => a * b, 1);
    return [Math.floor(at / below) % n, ...out];
  }, []);

/** Says whether two kernels mean the same, on random data in f64, and how each is computed. Exit code 1 when they differ. */
export const diff = async (a: string, b: string, options: DiffOptions): Promise<ExitCode> => {
  const [one, two] = [
    loadSide(a, options.kernel, options.format),
    loadSide(b, options.other ?? options.kernel, options.format),
  ];
  if (one === null || two === null) return 1;
  const odd = unlike(one.spec, two.spec);
  if (odd.length > 0) {
    for (const line of odd) console.log(line);
    return 1;
  }
  refuseStray([one.spec, two.spec], options);
  const measured = [one, two].map(({ spec }) => {
    const choice = choiceOf(spec, options);
    const scalars = scalarsOf(spec, options);
    const small = sizesFor("", "", spec.sizes).small;
    const sizes = sizesOf(spec, new Map(), { ...small, ...choice.dims }, { ...scalars, ...choice.statics });
    const inputs = collectInputs(spec, new Map(), sizes, choice.types, options.random);
    const tensors = Object.fromEntries(inputs.map(({ name, data }) => [name, data]));
    return { sizes, choice, scalars, tensors };
  });
  const [x, y] = measured;
  if (x === undefined || y === undefined) return 1;
  const run = ({ spec }: Side, { sizes, choice, scalars }: typeof x) =>
    measure(spec, { sizes, tensors: x.tensors, scalars, statics: choice.statics });
  const [found, other] = await during("computing what both mean, in f64", () => [run(one, x), run(two, y)] as const);
  console.log(
    `sizes   ${Object.entries(x.sizes)
      .map(([name, n]) => `${name}=${n}`)
      .join(" ")}`,
  );
  let differs = false;
  for (const { name } of one.spec.results) {
    const [p, q] = [found[name], other[name]];
    if (p === undefined || q === undefined) continue;
    const { cells, largest, at } = compare(p, q);
    differs ||= cells > 0;
    const where = `${largest.toExponential(2)} at [${cellOf(shapeOf(one.spec, name, x.sizes), at).join(", ")}]`;
    console.log(
      cells === 0
        ? `${name.padEnd(7)} the same, as far as random data shows (largest difference ${largest.toExponential(2)})`
        : `${name.padEnd(7)} differs in ${cells} of ${p.values.length} cells, most by ${where}`,
    );
  }
  for (const [n, side] of [one, two].entries()) {
    const { artifacts, diagnostics } = planWith(
      side.file,
      side.spec,
      n === 0 ? x.choice : y.choice,
      BASELINE,
      side.sources,
    );
    const reason = diagnostics.find((d) => d.severity === "error")?.message ?? "";
    console.log(`plan    ${side.file}: ${artifacts[0]?.plan ?? reason}`);
  }
  return differs ? 1 : 0;
};
