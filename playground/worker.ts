/** The worker of the page: everything that is not drawing. The page starts a second one for runs, which take longer. */
import type { Reply, Request, RunEvent } from "./protocol.ts";
import { compareStates } from "./service/compare.ts";
import { checkState, compileState, specOf } from "./service/compile.ts";
import { complete, entries, hover } from "./service/language.ts";
import { messagesOf } from "./service/messages.ts";
import { run } from "./service/run.ts";
import { targetRow } from "./service/targets.ts";
import { valuesOfState } from "./service/values.ts";
import { viewOf } from "./service/view.ts";

const port = globalThis as unknown as {
  readonly postMessage: (message: Reply) => void;
  onmessage: ((event: MessageEvent<Request>) => void) | null;
};

const edit = ({ id, state }: Extract<Request, { kind: "edit" }>): void => {
  const start = performance.now();
  const checked = checkState(state);
  const spec = specOf(checked.specs, state);
  port.postMessage({
    kind: "checked",
    id,
    messages: messagesOf(checked.diagnostics, state.text),
    kernels: checked.specs.map((s) => s.name),
    kernel: spec?.name ?? null,
  });
  const isWrong = checked.diagnostics.some((d) => d.severity === "error");
  const { compiled, diagnostics, parameters, types } = compileState(state, isWrong ? null : spec);
  port.postMessage({
    kind: "compiled",
    id,
    messages: messagesOf([...checked.diagnostics, ...diagnostics], state.text),
    parameters,
    types,
    compilation: compiled === null ? null : viewOf(compiled, parameters, state),
    ms: performance.now() - start,
  });
};

port.onmessage = ({ data }) => {
  switch (data.kind) {
    case "edit":
      return edit(data);
    case "complete":
      return port.postMessage({ kind: "completions", id: data.id, ...complete(data.text, data.offset) });
    case "hover":
      return port.postMessage({ kind: "hovered", id: data.id, ...hover(data.text, data.offset) });
    case "library":
      return port.postMessage({ kind: "entries", id: data.id, entries: entries(data.more) });
    case "target":
      return port.postMessage({ kind: "targeted", id: data.id, row: targetRow(data.state) });
    case "values":
      return port.postMessage({ kind: "valued", id: data.id, values: valuesOfState(data.state) });
    case "compare":
      return port.postMessage({
        kind: "compared",
        id: data.id,
        comparison: compareStates(data.state, data.other),
      });
    case "run": {
      const tell = (event: RunEvent): void => port.postMessage({ kind: "ran", id: data.id, event });
      void run(data.state, tell).catch((error: unknown) =>
        tell({ kind: "failed", why: error instanceof Error ? error.message : String(error) }),
      );
      return;
    }
  }
};
