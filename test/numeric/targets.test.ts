/** Plans meant for GPUs, run where there is none: the plan of every target whose needs a stack meets, against the meaning. */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { checkRequirements } from "../../src/runtime/index.ts";
import { TARGETS } from "../../src/base/target.ts";
import { stacks } from "../gpu/stacks.ts";
import { LANGUAGE } from "./cases.ts";
import { check, compileCase, faults, targetOn } from "./harness.ts";

const SOURCE = readFileSync(new URL("../fixtures/language.tfx", import.meta.url), "utf8");
const CASES = ["flash_attention", "layer_norm_affine"].flatMap((kernel) =>
  LANGUAGE.filter((c) => c.kernel === kernel).slice(0, 1),
);

/** As a device that has what the stack's target says. */
const deviceOf = (target: (typeof TARGETS)[string]): GPUDevice =>
  ({
    features: new Set([...(target.f16 ? ["shader-f16"] : []), ...(target.subgroups !== null ? ["subgroups"] : [])]),
    limits: {
      maxComputeWorkgroupStorageSize: target.workgroupBytes,
      maxComputeInvocationsPerWorkgroup: target.invocations,
      maxComputeWorkgroupSizeX: target.invocations,
      maxStorageBuffersPerShaderStage: target.storageBuffers,
    },
  }) as unknown as GPUDevice;

test.for(
  Object.keys(TARGETS).flatMap((target) =>
    (["swiftshader", "lavapipe"] as const).map((stack) => [target, stack] as const),
  ),
)("the plans for %s on %s", async ([name, on], context) => {
  const [stack] = await stacks([on]);
  if (!stack?.available) return context.skip(stack?.reason ?? "");
  for (const c of CASES) {
    const target = targetOn(name, stack);
    const { artifact } = compileCase(SOURCE, c, target);
    const lacking = checkRequirements(deviceOf(stack.target), artifact);
    // Neither kernel needs more than every software stack has, but for subgroups of another size.
    expect(lacking).toEqual([]);
    const own = stack.target.subgroups;
    if (
      artifact.requires.features.includes("subgroups") &&
      target.subgroups !== null &&
      own !== null &&
      own.max > target.subgroups.max
    )
      return context.skip(
        `the plan is for subgroups of at most ${target.subgroups.max} lanes, here they have ${own.max}`,
      );
    expect(faults(await check(SOURCE, c, stack, undefined, name))).toEqual([]);
  }
});
