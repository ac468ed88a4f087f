/** The catalogue of the standard library: headers say what the compiler derives, no hidden N x M buffer, a current table. */
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { bufferSizes, documentOf, errorsIn, keyOf } from "../../scripts/stdlib-doc.ts";
import { compileEntry, headerOf, readCatalogue, standardFiles, type Entry } from "../../src/cli/catalogue.ts";
import { BASELINE } from "../../src/base/target.ts";
import { naiveBytes } from "../../src/explain/naive.ts";

const catalogue = readCatalogue();
const { entries } = catalogue;

test("every file is read and every kernel is planned", () => {
  expect(catalogue.failed).toEqual([]);
  expect(entries.length).toBeGreaterThan(200);
  const kernels = standardFiles().flatMap((file) => {
    const text = readFileSync(new URL(`../../stdlib/${file.slice("std/".length)}.tfx`, import.meta.url), "utf8");
    return [...text.matchAll(/^kernel (\w+)/gm)].map((m) => `${file} ${m[1]}`);
  });
  expect(entries.map(keyOf).sort()).toEqual(kernels.sort());
});

describe("headers", () => {
  test("give a title that is one sentence, and a class", () => {
    const without = entries.filter(
      (e) => e.header.title === "" || e.header.title.length > 200 || e.header.class === null,
    );
    expect(without.map(keyOf)).toEqual([]);
  });

  test("state the passes that the compiler derives", () => {
    const wrong = entries.flatMap((e) => {
      const most = Math.max(...e.kernels.map((k) => k.passes));
      return e.header.passes === most ? [] : [`${keyOf(e)}: header ${e.header.passes}, derived ${most}`];
    });
    expect(wrong).toEqual([]);
  });

  test("state the number of kernels, where they do", () => {
    const wrong = entries.flatMap((e) => {
      const stated = /\b(\d+) kernels\b/.exec(e.spec.doc.replace(/\s+/g, " "))?.[1];
      return stated === undefined || Number(stated) === e.kernels.length
        ? []
        : [`${keyOf(e)}: ${stated}, not ${e.kernels.length}`];
    });
    expect(wrong).toEqual([]);
  });

  test("are read to the end of a sentence", () => {
    expect(headerOf("Norm of X et al. 2016 (cf. Y, arXiv 1607.06450), eq. 3. More text.\nClass N1, 2 passes.")).toEqual(
      {
        title: "Norm of X et al. 2016 (cf. Y, arXiv 1607.06450), eq. 3",
        papers: ["1607.06450"],
        class: "N1",
        passes: 2,
      },
    );
    expect(headerOf("Plain: `x + y` of both.\n\nClass EW, elementwise.")).toMatchObject({ title: "Plain", passes: 0 });
    expect(headerOf("Nothing else")).toEqual({ title: "Nothing else", papers: [], class: null, passes: null });
  });
});

describe("tfx list", () => {
  const tfx = (...args: readonly string[]): ReturnType<typeof spawnSync> & { readonly stdout: string } =>
    spawnSync(process.execPath, [fileURLToPath(new URL("../../bin/tfx.js", import.meta.url)), "list", ...args], {
      encoding: "utf8",
    }) as never;

  test("shows every entry with class, passes, bytes, paper and title", () => {
    const { stdout, status } = tfx();
    expect(status).toBe(0);
    const lines = stdout.split("\n");
    expect(
      entries
        .filter((e) => !lines.some((l) => l.startsWith(`  ${e.kernel} `) && l.endsWith(` ${e.header.title}`)))
        .map(keyOf),
    ).toEqual([]);
    expect(lines.filter((l) => entries.some((e) => l === e.file)).length).toBe(
      new Set(entries.map((e) => e.file)).size,
    );
    // O is 64 numbers, m and l are two.
    expect(lines).toContainEqual(
      expect.stringMatching(/^ {2}causal_attention +K1 +1 pass +264 B +2205\.14135 +Causal attention/),
    );
    expect(lines).toContainEqual(expect.stringMatching(/^ {2}topk_attention +Kk +2 passes +296 B/));
    expect(lines).toContainEqual(expect.stringMatching(/^ {2}dyt +EW +elementwise +0 B/));
  });

  test("gives the same as data", () => {
    const rows = JSON.parse(tfx("--json").stdout) as readonly { readonly file: string; readonly kernel: string }[];
    expect(rows.map(keyOf)).toEqual(entries.map(keyOf));
    expect(rows.find((r) => r.kernel === "sigmoid_attention")).toEqual({
      file: "std/attention/sigmoid",
      kernel: "sigmoid_attention",
      title: "Sigmoid attention (arXiv 2409.04431)",
      papers: ["2409.04431"],
      class: "K0",
      sizes: { D: 64, E: 64 },
      kernels: [{ name: "sigmoid_attention", passes: 1, stream: "j", carried: ["sum[e]"], stateBytes: 256 }],
    });
  });

  test("takes a file of the library by its name", () => {
    expect(tfx("std/norm/dyt").stdout).toMatch(
      /^\/\/\/ Dynamic Tanh[\s\S]*\nkernel dyt<T: f32 \| f16>\(x: T\[t: N, d: D\]/,
    );
    expect(tfx("std/norm/none")).toMatchObject({ status: 2, stderr: "tfx: std/norm/none: no such file\n" });
  });
});

/** Results that grow with N x M, because the caller asks for the scores. */
const SCORES = (e: Entry, tensor: string): boolean =>
  (e.kernel === "residual_attention" && tensor === "s") || (e.folder === "onnx" && tensor === "qk");

describe("no entry allocates N x M", () => {
  const attention = entries.filter((e) => ["attention", "position", "onnx"].includes(e.folder));
  const lengths = ["N", "M", "MI", "MJ"];
  test("there are attention entries", () => expect(attention.length).toBeGreaterThan(100));

  test.each(attention.map((e) => [keyOf(e), e] as const))("%s", (_, e) => {
    const compiled = compileEntry(e, e.sizes.full, BASELINE);
    const told = lengths.filter((l) => e.told.includes(l));
    expect(told).toEqual([]);
    const at = (n: number): ReturnType<typeof bufferSizes> =>
      bufferSizes(compiled, {
        ...e.sizes.full,
        ...Object.fromEntries(lengths.filter((l) => l in e.sizes.full).map((l) => [l, n])),
      });
    const [once, twice] = [at(4096), at(8192)];
    const quadratic = once.filter((t, k) => t.role !== "input" && (twice[k]?.bytes ?? 0) > 2 * t.bytes + 64);
    expect(quadratic.filter((t) => !SCORES(e, t.name)).map((t) => `${t.role} ${t.name}`)).toEqual([]);
  });

  test("and the test would see one", () => {
    const e = entries.find((x) => x.kernel === "residual_attention")!;
    const compiled = compileEntry(e, e.sizes.full, BASELINE);
    const s = bufferSizes(compiled, e.sizes.full).find((t) => t.name === "s");
    expect(s).toEqual({ name: "s", role: "output", bytes: 4 * 8 * 4096 * 4096 });
  });
});

describe("naive bytes", () => {
  const [B, H, N, M] = [2, 3, 50, 70];
  const bytes = (kernel: string): number => {
    const e = entries.find((x) => x.kernel === kernel)!;
    const { graph } = compileEntry(e, e.sizes.full, BASELINE);
    return naiveBytes(graph, (name) => ({ B, H, N, M, E: 64, D: 64 })[name] ?? 0);
  };
  const [cell, rows] = [4 * B * H * N * M, 4 * B * H * N];

  // Written out by hand from the formula: what lives while the largest operation runs.
  test("of softmax attention are the scores and the weights, with a row maximum and a row sum", () =>
    expect(bytes("dense_attention")).toBe(2 * cell + 2 * rows));
  test("without lse the maximum is free when the weights are divided; exp holds scores, weights and the maximum", () =>
    expect(bytes("alibi")).toBe(2 * cell + rows));
  test("of sigmoid attention are the scores and the weights", () => expect(bytes("sigmoid_attention")).toBe(2 * cell));
  test("of RMSNorm is a number a row: squares are summed as they are formed", () =>
    expect(bytes("rmsnorm")).toBe(4 * N));
  test("of an elementwise kernel are none", () => expect(bytes("dyt")).toBe(0));
});

test("what is listed agrees with the compiled artifact", () => {
  const wrong = entries.filter((e) => {
    const { plan } = compileEntry(e, e.sizes.full, BASELINE);
    // A stream that is cut for the target has a second kernel that merges the parts.
    const whole = plan.kernels.filter((k) => k.part === null || !k.stream.includes(k.part));
    return whole.map((k) => (k.stream.length === 0 ? 0 : k.passes)).join() !== e.kernels.map((k) => k.passes).join();
  });
  expect(wrong.map(keyOf)).toEqual([]);
});

test("docs/stdlib.md is what scripts/stdlib-table.ts writes, but for the measured errors", () => {
  const text = readFileSync(new URL("../../docs/stdlib.md", import.meta.url), "utf8");
  const errors = errorsIn(text);
  expect(errors.size).toBe(entries.length);
  expect(documentOf(catalogue, errors)).toBe(text);
});

test("docs/stdlib.md has measured errors, none above what is allowed", () => {
  const errors = [...errorsIn(readFileSync(new URL("../../docs/stdlib.md", import.meta.url), "utf8"))];
  const cells = errors.flatMap(([key, of]) => Object.entries(of).map(([stack, text]) => ({ key, stack, text })));
  expect(cells.filter(({ text }) => !/^(?:0|\d\.\de-\d+|\d\.\de\+0|not here)$/.test(text))).toEqual([]);
  expect(cells.filter(({ stack, text }) => stack === "swiftshader" && text === "not here")).toEqual([]);
});
