/** What the page's worker answers, without a browser: links, places, messages, a run where there is no GPU. */
import { expect, test } from "vitest";
import type { RunEvent, State } from "../../playground/protocol.ts";
import { checkState, compileState, specOf } from "../../playground/service/compile.ts";
import { compareStates } from "../../playground/service/compare.ts";
import { messagesOf } from "../../playground/service/messages.ts";
import { run } from "../../playground/service/run.ts";
import { targetRow } from "../../playground/service/targets.ts";
import { valuesOfState } from "../../playground/service/values.ts";
import { viewOf } from "../../playground/service/view.ts";
import { START, fromHash, keptOf, toHash } from "../../playground/state.ts";

const outcomeOf = (state: State) => compileState(state, specOf(checkState(state).specs, state));

test("a link gives back what it is of; a damaged one gives nothing", async () => {
  const state: State = {
    ...START,
    text: "kernel k() -> y: f32 { y = 1.0 } // ⊙",
    values: { N: 7 },
    fixed: ["N"],
    at: [1],
  };
  const hash = await toHash(state);
  expect(hash).toMatch(/^[\w-]+$/);
  expect(await fromHash(`#${hash}`)).toEqual(state);
  expect(await fromHash("")).toEqual(START);
  expect(await fromHash(`#${hash.slice(0, -9)}`)).toBeNull();
  expect(await fromHash("#what is this")).toBeNull();
});

test("every line of the code has its place in the formula", () => {
  const { compiled, parameters } = outcomeOf(START);
  if (compiled === null) throw new Error("does not compile");
  const { panes, kernels } = viewOf(compiled, parameters, START);
  expect(panes.wgsl.filter((l) => l.text.trim() !== "" && l.at.length === 0)).toEqual([]);
  expect(panes.tile.filter((l) => l.text.trim() !== "" && l.at.length === 0)).toEqual([]);
  const textOf = (l: (typeof panes.plan)[number] | undefined): string => START.text.slice(...(l?.at[0] ?? [0, 0]));
  const carried = kernels[0]?.sections.find((s) => s.title === "carried")?.lines;
  expect(textOf(carried?.find((l) => l.text.startsWith("p_v_sum")))).toBe("sum[j](softmax[j](s) * v)");
  expect(textOf(panes.plan.find((l) => l.text.includes("p_v_sum[d] =")))).toBe("sum[j](softmax[j](s) * v)");
});

test("a size that the plan asks for is fixed and said so; one that would help is offered", () => {
  const text = START.text
    .replace("v: f32[b, h, j, d]", "v: f32[b, h, j, e: E]")
    .replace("o: f32[b, h, i, d]", "o: f32[b, h, i, e]");
  const { parameters, diagnostics } = outcomeOf({ ...START, text });
  expect(parameters.filter((p) => p.fixed === "asked").map((p) => p.name)).toEqual(["D"]);
  expect(messagesOf(diagnostics, text).flatMap((m) => m.sizes)).toEqual(["E"]);
  expect(messagesOf(outcomeOf({ ...START, text, fixed: ["E"] }).diagnostics, text)).toEqual([]);
});

test("where there is no GPU the meaning is computed, and the reason told", async () => {
  const text = "kernel twice(x: f32[i: N]) -> (y: f32[i], s: f32) { y = 2.0 * x s = sum[i](y) }";
  const events: RunEvent[] = [];
  await run({ ...START, text, values: { N: 3 } }, (event) => events.push(event));
  expect(events.map((e) => e.kind).filter((k) => k !== "step")).toEqual(["nogpu", "meaning", "done"]);
  const meaning = events.find((e) => e.kind === "meaning");
  const [y, s] = meaning?.outputs ?? [];
  expect(y?.shape).toEqual([3]);
  expect(s?.values[0]).toBeCloseTo(
    (y?.values ?? []).reduce((a, b) => a + b, 0),
    12,
  );
});

test("a value over two indices is drawn as the interpreter has it", () => {
  const values = valuesOfState({ ...START, values: { N: 5, M: 7, D: 4 }, value: "s", at: [0, 1] });
  expect(values?.size).toEqual([5, 7]);
  // Query i sees the keys up to i + M - N.
  const seen = (values?.cells ?? []).map((v, n) => n % 7 <= Math.floor(n / 7) + 2 === (v !== 0));
  expect(seen.length).toBe(35);
  expect(seen.every(Boolean)).toBe(true);
});

test("another target has another plan, or a reason", () => {
  const text = "kernel twice<T: f32 | f16>(x: T[i: N]) -> y: T[i] { y = 2.0 * x }";
  const row = (target: string) => targetRow({ ...START, text, types: { T: "f16" }, target });
  expect(row("baseline").why).toContain("shader-f16");
  expect(row("f16").why).toBeNull();
  expect(row("f16").wgsl).toContain("enable f16;");
});

test("two states side by side: what each is made into, and whether both mean the same", () => {
  const literal = START.text.replace(
    "o = sum[j](softmax[j](s) * v)",
    "let w = exp(s - max[j](s))\n  o = sum[j](w * v) / sum[j](w)",
  );
  const same = compareStates(START, { ...START, text: literal, target: "software" });
  expect(same.meaning.same).toBe(true);
  expect(same.sides.map((s) => [s.target, s.kernels.length, s.why])).toEqual([
    ["baseline", 1, null],
    ["software", 1, null],
  ]);
  expect(same.sides[0].kernels[0]?.summary).toContain("1 pass over j");
  expect(same.sides[0].kernels[0]?.schedule).not.toBe(same.sides[1].kernels[0]?.schedule);
  const work = same.sides.map((s) => s.work);
  expect(Math.min(...work)).toBeGreaterThan(1e6);

  const other = compareStates(START, { ...START, text: START.text.replace("/ sqrt(D)", "/ (1 + sqrt(D))") });
  expect(other.meaning).toEqual({ same: false, words: expect.stringMatching(/^different: up to/) });
  const renamed = compareStates(START, { ...START, text: START.text.replace("lse:", "l:").replace("lse =", "l =") });
  expect(renamed.meaning.words).toMatch(/^not compared: results differ, .*lse.* and .*l\[/);
  const broken = compareStates(START, { ...START, text: START.text.replace("softmax", "softmx") });
  expect(broken.meaning).toEqual({ same: null, words: "not compared: one of them does not compile" });
});

test("what is kept comes back from a link", async () => {
  const state = {
    ...START,
    kept: keptOf({ ...START, text: "kernel k(x: f32[i: N]) -> y: f32[i] { y = x }", fixed: ["N"] }),
  };
  expect(await fromHash(await toHash(state))).toEqual(state);
});
