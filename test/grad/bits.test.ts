/** A backward kernel gives the same bits in every run: nothing is summed in an order that the device chooses. `TFX_RUNS=100` runs more. */
import { expect, test } from "vitest";
import { compile } from "../../src/compile.ts";
import { gradient } from "../../src/grad/gradient.ts";
import { stacks } from "../gpu/stacks.ts";
import { checked, drawn } from "./differences.ts";
import { entries } from "./library.ts";

const RUNS = Number(process.env["TFX_RUNS"] ?? 4);
const SIZES = { B: 1, H: 2, N: 70, M: 70, D: 8, E: 8 };

test.each(["causal_attention", "rmsnorm"])("%s", { timeout: 60_000 }, async (kernel) => {
  const [stack] = await stacks(["swiftshader"]);
  if (!stack?.available) throw new Error(stack?.reason ?? "no SwiftShader");
  const entry = entries.find((e) => e.kernel === kernel);
  if (entry === undefined) throw new Error(kernel);
  const made = await gradient(entry.spec);
  if (!made.ok) throw new Error(made.diagnostics[0]?.message);
  const spec = checked(made.text);
  const own = Object.fromEntries(Object.entries(SIZES).filter(([name]) => spec.sizes.includes(name)));
  const dims = Object.fromEntries(Object.entries(own).filter(([name]) => "DE".includes(name)));
  const { artifacts, diagnostics } = compile(made.text, { file: "grad.tfx", target: stack.target, dims });
  const [artifact] = artifacts;
  if (artifact === undefined) throw new Error(diagnostics[0]?.message);
  const data = Object.entries(drawn(spec, { sizes: own }, 9));
  const inputs = Object.fromEntries(data.map(([name, values]) => [name, Float32Array.from(values)]));
  const bits = async (): Promise<string> => {
    const out = await stack.run(artifact, inputs, own);
    return spec.results
      .map(({ name }) => {
        const values = out[name] as Float32Array;
        return `${name} ${Buffer.from(values.buffer, values.byteOffset, values.byteLength).toString("base64")}`;
      })
      .join("\n");
  };
  const first = await bits();
  expect(first.length).toBeGreaterThan(1000);
  for (let n = 1; n < RUNS; n++) expect(await bits()).toBe(first);
});
