/** `import { tilted } from "./a.tfx?grad"`: a forward and a backward kernel that run, with their types. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build as esbuild, type BuildFailure } from "esbuild";
import { afterAll, expect, test } from "vitest";
import type { Artifact } from "../../src/codegen/artifact.ts";
import plugin from "../../src/plugin/esbuild.ts";
import type { TfxOptions } from "../../src/plugin/options.ts";
import { requestDevice, type Kernel } from "../../src/runtime/index.ts";
import { typecheck } from "../emit/consumer.ts";
import { adapter } from "../runtime/artifacts.ts";

const FOLDER = mkdtempSync(join(tmpdir(), "tfx-grad-"));
afterAll(() => rmSync(FOLDER, { recursive: true, force: true }));
const write = (name: string, text: string): string => {
  writeFileSync(join(FOLDER, name), text);
  return join(FOLDER, name);
};

/** A softmax of scores, and what is looked for under it. */
const TEXT = `kernel tilted(q: f32[i: N, d: D], k: f32[j: M, d], v: f32[j]) -> (o: f32[i], lse: f32[i]) {
  let s = sum[d](q * k)
  o = sum[j](softmax[j](s) * v)
  lse = logsumexp[j](s)
}
`;

const built = async (options: TfxOptions): Promise<string> => {
  const { outputFiles } = await esbuild({
    stdin: { contents: 'export * from "./a.tfx?grad";\n', resolveDir: FOLDER },
    external: ["tfx-lang/runtime"],
    plugins: [plugin(options)],
    bundle: true,
    write: false,
    format: "esm",
    logLevel: "silent",
  });
  return outputFiles[0]?.text ?? "";
};

type Factory = ((device: GPUDevice) => Promise<Kernel>) & { readonly artifact: Artifact };
type Module = {
  readonly tilted: { readonly forward: Factory; readonly backward: Factory; readonly saved: readonly string[] };
};

const o = (q: readonly number[], k: readonly number[], v: readonly number[]): readonly number[] =>
  [0, 1].map((i) => {
    const e = [0, 1, 2].map((j) => Math.exp([0, 1].reduce((s, d) => s + q[2 * i + d]! * k[2 * j + d]!, 0)));
    const total = e.reduce((s, x) => s + x, 0);
    return e.reduce((s, x, j) => s + (x / total) * v[j]!, 0);
  });

test("the forward kernel gives what the backward one takes, and that the gradient", async () => {
  write("a.tfx", TEXT);
  const code = await built({ dims: { D: 2 }, dts: true });
  const runtime = new URL("../../src/runtime/index.ts", import.meta.url).href;
  const file = write("built.mjs", code.replaceAll(/(["'])tfx-lang\/runtime\1/g, JSON.stringify(runtime)));
  const { tilted } = (await import(/* @vite-ignore */ file)) as Module;
  expect(tilted.saved).toEqual(["lse"]);
  const gpu = await adapter();
  if (gpu === null) throw new Error("no WebGPU adapter");
  const device = await requestDevice(gpu, [tilted.forward.artifact, tilted.backward.artifact]);
  const [forward, backward] = [await tilted.forward(device), await tilted.backward(device)];
  const [q, k, v] = [
    [0.5, -1, 0.25, 2],
    [1, 0.5, -0.5, 1, 0.75, -2],
    [1, -2, 3],
  ];
  const inputs = { q: Float32Array.from(q), k: Float32Array.from(k), v: Float32Array.from(v) };
  const { outputs } = await forward.run({ inputs });
  o(q, k, v).forEach((x, n) => expect(outputs["o"]?.[n]).toBeCloseTo(x, 5));
  const saved = Object.fromEntries(tilted.saved.map((name) => [name, outputs[name] as Float32Array]));
  const given = { ...inputs, ...saved, d_o: Float32Array.of(1, -0.5), d_lse: Float32Array.of(0, 0) };
  const found = (await backward.run({ inputs: given })).outputs;
  const along = (x: readonly number[], of: (y: readonly number[]) => readonly number[], n: number): number => {
    const at = (h: number): number => {
      const [a = 0, b = 0] = of(x.map((y, m) => (m === n ? y + h : y)));
      return a - 0.5 * b;
    };
    return (at(1e-4) - at(-1e-4)) / 2e-4;
  };
  q.forEach((_, n) =>
    expect(found["d_q"]?.[n]).toBeCloseTo(
      along(q, (y) => o(y, k, v), n),
      4,
    ),
  );
  k.forEach((_, n) =>
    expect(found["d_k"]?.[n]).toBeCloseTo(
      along(k, (y) => o(q, y, v), n),
      4,
    ),
  );
  v.forEach((_, n) =>
    expect(found["d_v"]?.[n]).toBeCloseTo(
      along(v, (y) => o(q, k, y), n),
      4,
    ),
  );
});

test("its types know every name, and TypeScript finds them by the import", { timeout: 60_000 }, async () => {
  write("a.tfx", TEXT);
  await built({ dims: { D: 2 }, dts: true });
  expect(readFileSync(join(FOLDER, "a.grad.d.ts"), "utf8")).toContain('declare module "*/a.tfx?grad" {');
  for (const name of ["d_o", "d_p"])
    write(
      `${name}.ts`,
      `import { tilted } from "./a.tfx?grad";
const backward = await tilted.backward(null as unknown as GPUDevice);
const x = new Float32Array(2);
export const { outputs } = await backward.run({ inputs: { q: x, k: x, v: x, lse: x, d_lse: x, ${name}: x } });
export const gradient: Float32Array = outputs.d_q;
`,
    );
  const faults = typecheck(FOLDER)
    .split("\n")
    .filter((l) => l.includes("error TS"));
  expect(faults.filter((l) => !l.startsWith("d_p.ts"))).toEqual([]);
  expect(faults.join()).toMatch(/d_p\.ts.*'d_p' does not exist/);
});

test("what has no gradient is told at its place", async () => {
  write("a.tfx", "kernel tilted(q: f32[i: N]) -> o: f32[i] {\n  o = round(q)\n}\n");
  const error = await built({}).then(
    () => null,
    (e: unknown) => e as BuildFailure,
  );
  expect(error?.errors[0]?.text).toContain("TFX7001");
  expect(error?.errors[0]?.location?.line).toBe(2);
});
