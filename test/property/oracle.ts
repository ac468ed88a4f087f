/** What a random kernel is held against: the meaning of its checked program, with the tolerance of `src/cli/accuracy.ts`. */
import { accuracy, type Accuracy } from "../../src/cli/accuracy.ts";
import { BASELINE, TARGETS, type Target } from "../../src/base/target.ts";
import { compile, type Compiled } from "../../src/compile.ts";
import { evalSize } from "../../src/base/size.ts";
import { evaluateTile } from "../../src/ir/tile/eval.ts";
import { verifyTile } from "../../src/ir/tile/verify.ts";
import { check, faults, inputsOf, resolveImport, type Case } from "../numeric/harness.ts";
import type { Stack } from "../gpu/stacks.ts";
import type { Generated } from "./generate.ts";

export const TARGET_NAMES = ["baseline", "subgroups", "software", "software-subgroups", "32k"] as const;

const targetNamed = (name: string): Target => TARGETS[name] ?? BASELINE;

/** Reasons for which a random kernel may be refused: cannot be fused, a size must be known, too many tensors for the target. */
const REFUSALS: readonly string[] = ["TFX3001", "TFX4002", "TFX4004"];

const compileOn = (g: Generated, target: Target): Compiled | null => {
  const dims = Object.fromEntries(g.case.known.map((n) => [n, g.case.sizes[n] ?? 0]));
  const { compiled, diagnostics } = compile(g.source, {
    file: "fuzz.tfx",
    kernel: g.case.kernel,
    dims,
    target,
    resolveImport,
  });
  const errors = diagnostics.filter((d) => d.severity === "error");
  const odd = errors.filter((d) => !REFUSALS.includes(d.code));
  if (odd.length > 0) throw new Error(`${odd.map((d) => `${d.code} ${d.message}`).join("; ")}\n${g.source}`);
  return errors.length > 0 ? null : (compiled[0] ?? null);
};

/** Compiled; null where a diagnostic says that it cannot be. Anything else is a failure. */
export const compileOrRefuse = (g: Generated, target: string): Compiled | null => compileOn(g, targetNamed(target));

/**
 * Tiny sizes make naive f32 lucky and differences of averages small: a few ulp of values of about 1, or of the result, are no
 * fault. Nor is another index of the maximum where f32 rounds two scores to one (then naive f32 differs as well).
 */
const lenient = (results: readonly Accuracy[]): readonly string[] =>
  faults(results.filter((a) => !(a.error <= Math.max(4e-6, 4 * a.allowed)) && !(a.allowed === 0 && a.naive > 0)));

const lengthOf = (dims: readonly { readonly extent: Parameters<typeof evalSize>[0] }[], sizes: Case["sizes"]): number =>
  dims.reduce((n, d) => n * evalSize(d.extent, (s) => sizes[s] ?? 0), 1);

/** Violations of the Tile IR and results that are not what the graph says; empty when all is well. */
export const differences = (compiled: Compiled, c: Case, target: string): readonly string[] => {
  const t = targetNamed(target);
  const violations = verifyTile(compiled.tile, t);
  if (violations.length > 0) return violations;
  const tensors = inputsOf(compiled, c);
  const scalars = c.scalars ?? {};
  const buffers = Object.fromEntries(
    compiled.artifact.tensors.map((x) => [x.name, tensors[x.name] ?? new Float64Array(lengthOf(x.dims, c.sizes))]),
  );
  const found = evaluateTile(compiled.tile, {
    sizes: c.sizes,
    uniforms: { ...c.sizes, ...scalars },
    buffers,
    subgroupSize: t.subgroups?.min ?? 4,
  }).buffers;
  return lenient(
    accuracy(
      { spec: compiled.spec, types: c.types },
      { sizes: c.sizes, tensors, scalars, statics: c.statics ?? {} },
      found,
    ),
  );
};

/** The same on a device. */
export const differencesOn = async (stack: Stack, g: Generated): Promise<readonly string[]> =>
  compileOn(g, stack.target) === null ? [] : lenient(await check(g.source, g.case, stack));
