/** From a line of the WGSL to the characters of the spec, where it is known which ones they must be. */
import { describe, expect, test } from "vitest";
import { originOfLine, sourceMap } from "../../src/codegen/source-map.ts";
import { compileTiny, SOURCE, TINY } from "../plan/tiny.ts";

const caseOf = (kernel: string) => {
  const c = TINY.find((x) => x.kernel === kernel);
  if (c === undefined) throw new Error(`no case ${kernel}`);
  return c;
};

/** The texts that the lines matching `line` come from, each once. */
const textsOf = (kernel: string, line: RegExp, on = "baseline", parts?: number): readonly string[] => {
  const { artifact } = compileTiny(caseOf(kernel), on, parts);
  const found = artifact.wgsl.split("\n").flatMap((l, n) => {
    if (!line.test(l)) return [];
    const [first] = originOfLine(artifact.sourceMap, n + 1);
    return [first === undefined ? "nowhere" : SOURCE.slice(first.start, first.end)];
  });
  return [...new Set(found)].sort();
};

describe("attention", () => {
  test.each([
    ["the score's contraction", /^\s+let dot_\d(_\d+)? = /, ["sum[d](q * k)"]],
    ["the scaled score", /^\s+let s_log2(_\d+)? = /, ["scale * sum[d](q * k)"]],
    ["the exponential", /^\s+let p(_\d+)? = exp2\(/, ["softmax[j](s)"]],
    ["the running maximum", /^\s+(var m_log2|let m_log2_new|m_log2 = )/, ["softmax[j](s)"]],
    ["the rescale", /^\s+let correction(_\d+)? = exp2\(/, ["softmax[j](s)"]],
    ["the running sum", /^\s+p_sum = /, ["softmax[j](s)"]],
    ["the weighted sum", /^\s+p_v_sum_\d = /, ["sum[j](softmax[j](s) * v)"]],
    ["the logarithm", /= log\(/, ["logsumexp[j](s)"]],
    ["the store of one result", /^\s+o\[.*\] = /, ["sum[j](softmax[j](s) * v)"]],
    ["the store of the other", /^\s+lse\[.*\] = /, ["logsumexp[j](s)"]],
    ["the ends of the stream", /^\s+let j_(end|full_end) = /, ["causal(i, j)"]],
    ["the mask", /^\s+let (visible|cond)(_\d+)? = .*j_in/, ["causal(i, j)"]],
    ["the index of the stream", /^\s+let j(_in)?(_\d+)? = /, ["j: M"]],
    ["a binding", /var<storage, read> k:/, ["k: T[b, h, j: M, d]"]],
    ["a size", /^ {2}M: i32,/, ["j: M"]],
    ["the entry point", /^(@compute|fn flash_attention\()/, ["flash_attention"]],
    ["a helper, where it is called", /^fn negative_infinity/, ["logsumexp[j](s)"]],
  ] as const)("%s", (_, line, texts) => expect(textsOf("flash_attention", line)).toEqual(texts));

  test("a tile in workgroup memory is of the tensor it holds", () => {
    expect(textsOf("flash_attention", /^\s*(var<workgroup> k_tile|k_tile\[.*\] = )/)).toEqual(["k"]);
  });

  test("states of parts, and their merge, are of what they are states of", () => {
    expect(textsOf("flash_attention", /^\s+p_v_sum_part\[.*\] = /, "baseline", 2)).toEqual([
      "sum[j](softmax[j](s) * v)",
    ]);
    expect(textsOf("flash_attention", /^\s+o\[.*\] = /, "baseline", 2)).toEqual(["sum[j](softmax[j](s) * v)"]);
  });
});

describe("the map", () => {
  const at = (start: number, end: number, file = "a.tfx") => ({ file, start, end });
  const map = sourceMap([[], [at(1, 2)], [at(1, 2)], [at(5, 9, "std/b.tfx"), at(3, 4)], []], "a.tfx");

  test("has each file and span once, and runs of equal lines", () => {
    expect(map).toEqual({
      files: ["a.tfx", "std/b.tfx"],
      spans: [
        [0, 1, 2],
        [0, 3, 4],
        [1, 5, 9],
      ],
      lines: [
        [2, 3, 0],
        [4, 4, 1, 2],
      ],
    });
  });

  test("gives the kernel's own file first, and nothing for a blank line", () => {
    expect([1, 2, 3, 4, 5, 6].map((n) => originOfLine(map, n))).toEqual([
      [],
      [at(1, 2)],
      [at(1, 2)],
      [at(3, 4), at(5, 9, "std/b.tfx")],
      [],
      [],
    ]);
  });
});
