/** Consumers under `tsc`: right ones compile, each wrong one fails for its reason. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { declarations } from "../../src/emit/module.ts";
import { plainModule } from "../../src/emit/plain.ts";
import { typecheck } from "./consumer.ts";
import { artifactOf, EXAMPLES } from "./kernels.ts";

const FOLDER = mkdtempSync(join(tmpdir(), "tfx-consumer-"));
afterAll(() => rmSync(FOLDER, { recursive: true, force: true }));

const artifacts = Object.values(EXAMPLES).map(artifactOf);

const HEAD = `import { attention, masked_mean, bytes, columns, delete as twice } from "./kernels.tfx";
import { createAttention } from "./attention.ts";
declare const device: GPUDevice;
declare const buffer: GPUBuffer;
declare const pass: GPUComputePassEncoder;
const f = new Float32Array(4);
const inputs = { q: f, k: f, v: f };
const kernel = await attention(device);
const plain = await createAttention(device);
const sizes = { B: 1, H: 1, N: 1, M: 1 };
`;

const GOOD = `
const { outputs, timeMs } = await kernel.run({ inputs, scalars: { window: 3 }, shapes: { q: [1, 2, 3, 16] }, sizes: { M: 4 } });
export const o: Float32Array = outputs.o;
export const time: number = timeMs;
export const kept: Float32Array = (await kernel.run({ inputs: { ...inputs, q: buffer }, scalars: { window: 3 }, outputs: { lse: buffer } })).outputs.o;
kernel.encode(pass, { buffers: { q: buffer, k: buffer, v: buffer, o: buffer, lse: buffer }, sizes, scalars: { window: 3, scale: 2 } })();
const mean = await masked_mean(device, { label: "mean" });
export const any: Uint8Array = (await mean.run({ inputs: { x: f, seen: [true, false] } })).outputs.any;
await mean.run({ inputs: { x: f, seen: new Uint8Array(4) }, scalars: { on: false } });
export const version: 1 = bytes.artifact.version;
await (await bytes(device)).run({ inputs: { w: new Int8Array(40), x: f } });
await (await columns(device)).run({ inputs: { x: f } });
export const doubled: Int32Array = (await (await twice(device)).run({ inputs: { x: new Int32Array(3) } })).outputs.y;
export const p: Float32Array = (await plain.run({ inputs, sizes, scalars: { window: 3 } })).lse;
plain.encode(pass, { buffers: { q: buffer, k: buffer, v: buffer, o: buffer, lse: buffer }, sizes, scalars: { window: 3 } })();
`;

/** A mistake in the imported kernel, or in the plain module, with what TypeScript says. */
const BAD: Readonly<Record<string, readonly [string, RegExp]>> = {
  "wrong tensor name": [
    `kernel.run({ inputs: { ...inputs, keys: f }, scalars: { window: 3 } });`,
    /'keys' does not exist/,
  ],
  "missing tensor": [`kernel.run({ inputs: { q: f, k: f }, scalars: { window: 3 } });`, /Property 'v' is missing/],
  "missing scalar": [`kernel.run({ inputs, scalars: {} });`, /Property 'window' is missing/],
  "missing scalars": [`kernel.run({ inputs });`, /Property 'scalars' is missing/],
  "scalar of another type": [
    `kernel.run({ inputs, scalars: { window: true } });`,
    /Type 'boolean' is not assignable to type 'number'/,
  ],
  "wrong dtype": [
    `kernel.run({ inputs: { ...inputs, q: new Float64Array(4) }, scalars: { window: 3 } });`,
    /Float64Array/,
  ],
  "wrong dtype, packed": [`(await bytes(device)).run({ inputs: { w: f, x: f } });`, /Float32Array/],
  "unknown size": [`kernel.run({ inputs, scalars: { window: 3 }, sizes: { D: 16 } });`, /'D' does not exist/],
  "shape of another rank": [
    `kernel.run({ inputs, scalars: { window: 3 }, shapes: { q: [1, 2, 16] } });`,
    /not assignable to type/,
  ],
  "shape against a fixed size": [
    `kernel.run({ inputs, scalars: { window: 3 }, shapes: { q: [1, 2, 3, 17] } });`,
    /'17' is not assignable to type '16'/,
  ],
  "forgotten output": [
    `kernel.encode(pass, { buffers: { q: buffer, k: buffer, v: buffer, o: buffer }, scalars: { window: 3 } });`,
    /Property 'lse' is missing/,
  ],
  "unknown output": [
    `(await kernel.run({ inputs, scalars: { window: 3 } })).outputs.out;`,
    /Property 'out' does not exist/,
  ],
  "output of another type": [
    `export const x: Int32Array = (await kernel.run({ inputs, scalars: { window: 3 } })).outputs.o;`,
    /Float32Array/,
  ],
  "output that was kept": [
    `(await kernel.run({ inputs, scalars: { window: 3 }, outputs: { o: buffer } })).outputs.o;`,
    /Property 'o' does not exist/,
  ],
  "no such kernel": [
    `import { flash } from "./kernels.tfx";`,
    /'"\\.\/kernels\.tfx"' has no exported member 'flash'|has no exported member/,
  ],
  "plain: wrong tensor name": [
    `plain.run({ inputs: { ...inputs, keys: f }, sizes, scalars: { window: 3 } });`,
    /'keys' does not exist/,
  ],
  "plain: missing size": [
    `plain.run({ inputs, sizes: { B: 1, H: 1, N: 1 }, scalars: { window: 3 } });`,
    /Property 'M' is missing/,
  ],
  "plain: missing scalar": [`plain.run({ inputs, sizes, scalars: { scale: 3 } });`, /Property 'window' is missing/],
  "plain: wrong dtype": [
    `plain.run({ inputs: { ...inputs, v: new Int32Array(4) }, sizes, scalars: { window: 3 } });`,
    /Int32Array/,
  ],
  "plain: forgotten output": [
    `plain.encode(pass, { buffers: { q: buffer, k: buffer, v: buffer, o: buffer }, sizes, scalars: { window: 3 } });`,
    /Property 'lse' is missing/,
  ],
};

const said = new Map<string, string[]>();

beforeAll(() => {
  mkdirSync(join(FOLDER, "bad"));
  writeFileSync(join(FOLDER, "kernels.d.tfx.ts"), declarations(artifacts));
  for (const [n, name] of Object.keys(EXAMPLES).entries())
    writeFileSync(join(FOLDER, `${name}.ts`), plainModule(artifacts[n]!, "kernels.tfx"));
  writeFileSync(join(FOLDER, "good.ts"), `${HEAD}${GOOD}export {};\n`);
  Object.entries(BAD).forEach(([, [line]], n) =>
    writeFileSync(join(FOLDER, `bad${n}.ts`), `${HEAD}${line}\nexport {};\n`),
  );
  const text = typecheck(FOLDER, {
    exactOptionalPropertyTypes: true,
    noUncheckedIndexedAccess: true,
    allowArbitraryExtensions: true,
  });
  for (const line of text.split("\n")) {
    const file = /^([^\s(]*)\(/.exec(line)?.[1];
    const last = [...said.keys()].at(-1);
    if (file !== undefined) said.set(file, [...(said.get(file) ?? []), line]);
    else if (last !== undefined && line.trim() !== "") said.get(last)?.push(line);
  }
});

test("right consumers compile, and so do the modules", () => {
  const right = [...said].filter(([file]) => !file.startsWith("bad"));
  expect(right).toEqual([]);
});

test.each(Object.entries(BAD).map(([name, [, expected]], n) => [name, `bad${n}.ts`, expected] as const))(
  "%s",
  (_name, file, expected) => {
    const lines = said.get(file) ?? [];
    expect(lines.filter((l) => l.startsWith(file))).toHaveLength(1);
    expect(lines.join("\n")).toMatch(expected);
  },
);
