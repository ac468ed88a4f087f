/** Running the kernel: on the visitor's GPU beside what it means in f64, or in the interpreter alone, with the reason. */
import { h } from "../dom.ts";
import type { RunEvent, State } from "../protocol.ts";
import { startRun } from "../client.ts";
import { bytes, milliseconds, short } from "./units.ts";

type Meaning = Extract<RunEvent, { kind: "meaning" }>;

/** After this many milliseconds the comparison is given up: the sizes are too large for the interpreter. */
const PATIENCE = 60_000;

const checksTable = (m: Meaning): HTMLElement => {
  const verdict = (ok: boolean): HTMLElement => h("span", { class: ok ? "ok" : "bad" }, ok ? "within" : "too far off");
  return h(
    "div",
    { class: "scroll" },
    h(
      "table",
      {},
      h("tr", {}, ...["result", "largest error", "allowed", ""].map((t) => h("th", {}, t))),
      ...m.checks.map((c) =>
        h(
          "tr",
          {},
          h("td", {}, h("code", {}, c.output)),
          h("td", {}, short(c.error)),
          h("td", {}, short(c.allowed)),
          h(
            "td",
            {},
            verdict(c.ok),
            c.undefinedCells === 0 ? "" : ` (${c.undefinedCells} cells are not a number in the meaning itself)`,
          ),
        ),
      ),
    ),
    h(
      "p",
      { class: "summary" },
      "Error: against the f64 meaning of the formula. Allowed: twice the error of the naive formula in f32.",
    ),
  );
};

const valuesTable = (m: Meaning): HTMLElement =>
  h(
    "div",
    { class: "scroll" },
    h(
      "table",
      {},
      ...m.outputs.map((o) =>
        h(
          "tr",
          {},
          h("td", {}, h("code", {}, `${o.name} [${o.shape.join(", ")}]`)),
          h("td", {}, h("code", {}, `${o.values.map(short).join("  ")}${o.values.length < 8 ? "" : " …"}`)),
        ),
      ),
    ),
  );

const gpuLine = (g: Extract<RunEvent, { kind: "gpu" }>): HTMLElement => {
  const [least = 0, most = 0] = [Math.min(...g.times), Math.max(...g.times)];
  return h(
    "p",
    {},
    "On ",
    h("strong", {}, g.adapter),
    `: ${milliseconds(g.median)} (median of ${g.times.length}, ${milliseconds(least)} to ${milliseconds(most)}), ${bytes(g.bytes)} of buffers; ${short(g.gflops)} GFLOP/s, ${short(g.gbps)} GB/s of inputs and results`,
  );
};

export type Run = { readonly element: HTMLElement; readonly start: () => void; readonly clear: () => void };

export const createRun = (stateOf: () => State): Run => {
  const button = h("button", { type: "button", class: "primary", id: "run" }, "Run");
  const status = h("span", { role: "status", id: "run-status" });
  const result = h("div", { class: "card cards", style: "padding: 0", id: "run-result" });
  const words = h(
    "p",
    { class: "summary" },
    "On random inputs at the sizes above, on the GPU of this device. Ctrl or ⌘ + Enter runs too.",
  );
  const cards = h("div", { class: "cards" }, h("div", { class: "row" }, button, status), words, result);
  const element = h("div", { class: "pane", tabindex: 0 }, cards);
  let stop: (() => void) | null = null;
  const end = (text: string): void => {
    stop?.();
    stop = null;
    status.textContent = text;
    button.textContent = "Run";
  };
  const start = (): void => {
    if (stop !== null) return end("stopped");
    result.replaceChildren();
    button.textContent = "Stop";
    let measured = false;
    const patience = setTimeout(
      () =>
        end(
          measured
            ? "timed; at these sizes the interpreter takes too long to compare with"
            : "no answer within a minute: smaller sizes?",
        ),
      PATIENCE,
    );
    stop = startRun(stateOf(), (event) => {
      switch (event.kind) {
        case "step":
          status.textContent = event.text;
          return;
        case "nogpu":
          result.append(
            h("p", {}, `Not on a GPU: ${event.why}. The interpreter computes what the formula means, in f64.`),
          );
          return;
        case "gpu":
          measured = true;
          result.append(gpuLine(event));
          return;
        case "meaning":
          if (event.checks.length > 0) result.append(checksTable(event));
          result.append(valuesTable(event), h("p", { class: "summary" }, `Interpreter: ${milliseconds(event.ms)}`));
          return;
        case "failed":
          result.append(h("p", { class: "bad" }, event.why));
          clearTimeout(patience);
          return end("failed");
        case "done":
          clearTimeout(patience);
          return end("done");
      }
    });
  };
  button.addEventListener("click", start);
  return {
    element,
    start,
    clear: () => {
      if (stop !== null) end("stopped");
      result.replaceChildren();
      status.textContent = "";
    },
  };
};
