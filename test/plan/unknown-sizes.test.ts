/**
 * Sizes that the plan must know are asked for by name; nothing else happens without them: no crash, and above all no
 * buffer of rows x stream behind the user's back.
 */
import { some } from "../tier.ts";
import { describe, expect, test } from "vitest";
import { compile } from "../../src/compile.ts";
import type { Tensor } from "../../src/ir/graph/graph.ts";
import { evalSize } from "../../src/base/size.ts";
import { resolveImport } from "../numeric/harness.ts";
import { sourceOf, target, TINY } from "./tiny.ts";
import { viewOf } from "../../src/ir/graph/view.ts";

const cases = TINY.filter((c, n) => TINY.findIndex((o) => o.kernel === c.kernel) === n).flatMap((c) =>
  c.known.map((size) => [c.kernel, size, c] as const),
);

describe("without a size", () => {
  test.each(some(cases, 4))("%s, %s", (kernel, size, c) => {
    const dims = Object.fromEntries(c.known.filter((k) => k !== size).map((k) => [k, c.sizes[k] ?? 0]));
    const { compiled, diagnostics } = compile(sourceOf(kernel), {
      file: "case.tfx",
      kernel,
      dims,
      target: target("baseline"),
      resolveImport,
    });
    const errors = diagnostics.filter((d) => d.severity === "error");
    for (const e of errors) expect([e.code, e.help]).toEqual(["TFX4002", expect.stringContaining(size)]);
    for (const { graph, plan } of compiled) {
      const b = viewOf(plan.graph);
      const at = (name: string): number => (["N", "M", "L"].includes(name) ? 4096 : name === size ? 64 : 1);
      // The parts of a stream are a constant number.
      const parts = plan.kernels.map((k) => k.part);
      const total = (list: readonly Tensor[]): number =>
        list.reduce(
          (n, t) =>
            n +
            t.dims
              .flat()
              .filter((a) => !parts.includes(a))
              .reduce((k, a) => k * evalSize(b.axis(a).size, at), 1),
          0,
        );
      expect(total(plan.scratch)).toBeLessThanOrEqual(total(graph.tensors));
    }
  });
});
