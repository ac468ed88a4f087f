/** Parameters of the persistent memory paper's models (arXiv 1907.01470), from closed form. */
import { BASELINE } from "../../src/base/target.ts";
import { elements, evalSize } from "../../src/runtime/sizes.ts";
import { compileJob } from "./count.ts";
import { PERSISTENT, PERSISTENT_HEADS } from "./figures.ts";
import { number, table } from "./markdown.ts";

/** Persistent keys and values of one layer: N vectors of d = D / H for each of H heads, twice. */
export const memoryParameters = (D: number, memory: number): number => 2 * memory * D;

/** One layer: four D x D projections, the persistent vectors, gain and bias of one LayerNorm. */
export const layerParameters = (D: number, memory: number): number => 4 * D * D + memoryParameters(D, memory) + 2 * D;

/** The weights of a feed-forward sublayer of two matrices, without biases. */
export const feedForwardParameters = (D: number, hidden: number): number => 2 * hidden * D;

/** Elements of `mk` and `mv` in the standard library's kernel: learned, shared over batch and time. */
export const kernelMemory = (D: number, memory: number): number => {
  const H = PERSISTENT_HEADS;
  const { artifact } = compileJob({
    file: "stdlib/attention/persistent_memory.tfx",
    kernel: "persistent_memory",
    dims: { D: D / H },
    types: {},
    target: BASELINE,
  });
  const sizes = new Map(Object.entries({ H, D: D / H, P: memory }));
  return artifact.tensors
    .filter((t) => t.name === "mk" || t.name === "mv")
    .reduce((n, t) => n + evalSize(elements(t), sizes), 0);
};

const millions = (x: number | null): string => (x === null ? "-" : `${number(x / 1e6, 1)}M`);

export const parameterSection = (): string => `## Parameters: persistent memory

arXiv 1907.01470: L layers of attention with N persistent key-value vectors a head and no feed-forward sublayer, D = 512.
Layers in all (c): L (4 D^2 + 2 N D + 2 D): projections, persistent vectors, one LayerNorm. The figures of the models were read in the README
of the authors' code and on Papers with Code (r), not in the text of the paper, so none is marked (p).

${table([
  [
    "model",
    "L",
    "N",
    "mk and mv a layer, from `std/attention/persistent_memory` (c)",
    "layers in all (c)",
    "authors' code (r)",
    "Papers with Code (r)",
    "listed - layers (c)",
  ],
  ...PERSISTENT.map((m) => {
    const all = m.layers * layerParameters(m.D, m.memory);
    return [
      m.model,
      String(m.layers),
      number(m.memory),
      number(kernelMemory(m.D, m.memory)),
      millions(all),
      m.code === null ? "-" : `${m.code}M`,
      `${m.listed}M`,
      `${number(m.listed - all / 1e6, 1)}M`,
    ];
  }),
])}

The listed figures are whole millions. What they have beyond the layers are embeddings, positions and the output layer, of which the
words of WikiText-103 need most; they are not computed here. The sizes of text8's small model are taken to be enwik8's. N persistent vectors have exactly the weights of a feed-forward sublayer with N hidden units, 2 N D.
`;
