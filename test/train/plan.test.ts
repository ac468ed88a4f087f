/** What a plan is made of: memory that is shared, sizes from shapes, sums of cotangents, and what is refused. */
import { expect, test } from "vitest";
import { BASELINE } from "../../src/base/target.ts";
import { std } from "../../src/std/library.ts";
import { share } from "../../src/train/memory.ts";
import { deriveTraining, planTraining, type Model } from "../../src/train/index.ts";
import { createReference } from "../../examples/train/reference.ts";
import { resolveImport, SIZES, tiny } from "./tiny.ts";

test("buffers share memory only where their times do not meet", () => {
  const wanted = Array.from({ length: 60 }, (_, n) => {
    const from = (n * 37) % 50;
    return { name: `b${n}`, bytes: 16 * (1 + ((n * 29) % 23)), from, to: from + ((n * 13) % 17) };
  });
  const { blocks, bytes } = share(wanted);
  for (const a of wanted) {
    expect(bytes[blocks.get(a.name)!]).toBeGreaterThanOrEqual(a.bytes);
    for (const b of wanted)
      if (a !== b && blocks.get(a.name) === blocks.get(b.name))
        expect(a.to < b.from || b.to < a.from, `${a.name} and ${b.name}`).toBe(true);
  }
  expect(bytes.length).toBeLessThan(wanted.length / 2);
});

test("a step of a transformer needs far less at once than it makes, and no two buffers of a call are one", async () => {
  const { model } = tiny("causal", { sizes: { ...SIZES, depth: 2 } });
  const { blocks, places, forward, backward, update } = await planTraining(model, { target: BASELINE, resolveImport });
  const sum = (all: readonly number[]): number => all.reduce((a, b) => a + b, 0);
  const made = Object.values(places).filter((p) => p.offset === 0);
  expect(sum(blocks)).toBeLessThan(0.6 * sum(made.map((p) => p.size)));
  for (const { buffers } of [...forward, ...backward, ...update]) {
    const names = [...new Set(Object.values(buffers))];
    const at = names.map((name) => `${places[name]!.block} ${places[name]!.offset}`);
    expect(new Set(at).size).toBe(names.length);
  }
});

const FILE = `kernel square(x: f32[n: N]) -> y: f32[n] { y = x * x }
kernel product(a: f32[n: N], b: f32[n]) -> y: f32[n] { y = a * b }
kernel begin(y: f32[n: N]) -> d_y: f32[n] { d_y = if y == y then 1 else 0 }
kernel descend(p: f32[n: N], g: f32[n], lr: f32) -> p_next: f32[n] { p_next = p - lr * g }
kernel step(x: f32[n: N]) -> y: f32[n] { y = round(x) }
kernel grow(x: f32[n: N]) -> y: f32[n] {
  let s = exp(x)
  let t = sin(x)
  y = s * t
}
kernel decay(p: f32[n: N], m: f32[n]) -> (p_next: f32[n], m_next: f32[n]) { p_next = p - m  m_next = m / 2 }
`;
const own = (path: string) => (path === "own.tfx" ? { file: path, text: FILE } : std(path));
const layer = (kernel: string, buffers: Record<string, string>) => ({ file: "own.tfx", kernel, buffers });

const MODEL: Model = {
  parameters: { w: [3] },
  inputs: {},
  // w^2 w^2, of which w^2 is read twice.
  layers: [
    layer("square", { x: "w", y: "s" }),
    layer("product", { a: "s", b: "s", y: "y" }),
    layer("begin", { y: "y", d_y: "d_y" }),
  ],
  update: [layer("descend", {})],
  loss: "y",
};
const derived = (model: Model) => deriveTraining(model, { resolveImport: own });

test("what is read twice has the sum of both cotangents", async () => {
  const exact = createReference(await derived(MODEL), "y");
  exact.write({ w: [1, 2, 3] });
  expect(exact.gradients()).toEqual({ w: Float64Array.of(4, 32, 108) });
  exact.step({ scalars: { lr: 0.5 } });
  exact.write({});
  expect(exact.loss()).toBeCloseTo(((1 - 2) ** 4 + (2 - 16) ** 4 + (3 - 54) ** 4) / 3, 6);
});

/** The square of a buffer as the loss. */
const named = (x: string, y: string) => [layer("square", { x, y }), layer("begin", { y, d_y: `d_${y}` })];

test.each([
  ["an unknown file", { layers: [{ file: "other.tfx", kernel: "x" }] }, "no file other.tfx"],
  ["an unknown kernel", { layers: [layer("other", {})] }, "no kernel `other`"],
  [
    "an unknown tensor",
    { layers: [layer("square", { z: "w" })] },
    "layer 0 (square): the kernel has no tensor and no result z",
  ],
  [
    "a buffer that nothing gives",
    { layers: [layer("square", {})] },
    "layer 0 (square): nothing before it gives the buffer x of its tensor x",
  ],
  [
    "a buffer that is written twice",
    { layers: [layer("square", { x: "w", y: "w" })] },
    "layer 0 (square): the buffer w is written twice",
  ],
  [
    "shapes that do not agree",
    { parameters: { w: [3], v: [4] }, layers: [layer("product", { a: "w", b: "v" })] },
    "layer 0 (product): b: ",
  ],
  ["no cotangent", { layers: MODEL.layers.slice(0, 2) }, "nothing to begin from"],
  ["a parameter without use", { parameters: { w: [3], v: [4] } }, "the parameter v has no gradient"],
  ["a loss that nothing gives", { loss: "z" }, "no layer gives z"],
  ["an update of nothing", { update: [] }, "the update gives no `p_next`"],
  [
    "a parameter with the name of the list of all",
    { parameters: { p: [3] }, layers: named("p", "y") },
    "p is a buffer",
  ],
  ["an input with the name of the list of gradients", { inputs: { g: [3] } }, "g is a buffer of the layers and of the"],
  [
    "a result of a layer with the name of a list",
    { layers: named("w", "g"), loss: "g" },
    "g is a buffer of the layers",
  ],
  [
    "state of the update with the name of a parameter",
    { update: [layer("decay", { m: "w" })] },
    "w is a buffer of the layers and of the update",
  ],
  [
    "a result of the update with the name of a buffer",
    { update: [layer("descend", { p_next: "s" })] },
    "s is a buffer of the layers and of the update",
  ],
  ["an empty parameter", { parameters: { w: [0] } }, "w has the shape [0]"],
  ["a parameter that is an input", { inputs: { w: [3] } }, "w is a parameter and an input"],
  [
    "a kernel without a gradient",
    { layers: [layer("step", { x: "w", y: "y" }), layer("begin", { y: "y", d_y: "d_y" })] },
    /error\[TFX7001\].*own\.tfx:5/s,
  ],
] as const)("%s is refused", async (_, change, message) => {
  await expect(derived({ ...MODEL, ...change } as Model)).rejects.toThrow(message);
});

test("each layer of one kernel saves what it says", async () => {
  const layers = [
    { ...layer("grow", { x: "w", y: "u" }), save: ["t"] },
    { ...layer("grow", { x: "u", y: "v" }), save: "none" as const },
    { ...layer("grow", { x: "v", y: "y" }), save: ["s"] },
    layer("begin", { y: "y", d_y: "d_y" }),
  ];
  const { backward } = await derived({ ...MODEL, layers });
  const read = backward.map((c) => c.spec.tensors.map((t) => c.buffers[t.name]));
  expect(read).toEqual([
    ["v", "d_y", "layer2.s"],
    ["u", "d_v.2.x"],
    ["w", "d_u.1.x", "layer0.t"],
  ]);
});

test("what the compiler refuses is told with its line", async () => {
  const text = "kernel bad(x: f32[n: N]) -> y: f32[n] { y = x + z }";
  const find = (path: string) => (path === "bad.tfx" ? { file: path, text } : own(path));
  const model = { ...MODEL, layers: [{ file: "bad.tfx", kernel: "bad" }] };
  await expect(deriveTraining(model, { resolveImport: find })).rejects.toThrow(/error\[TFX2001\].*bad\.tfx:1:49/s);
});
