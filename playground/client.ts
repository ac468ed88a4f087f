/** The page's side of its worker: one edit on the way at a time, the latest one next; questions with their answers. */
import type { Checked, Compiled, Reply, Request, RunEvent, State } from "./protocol.ts";

const start = (): Worker => new Worker(new URL("./worker.ts", import.meta.url), { type: "module", name: "tfx" });

type Answer<K> = Extract<Reply, { kind: K }>;

export type Client = {
  readonly edit: (state: State) => void;
  readonly complete: (text: string, offset: number) => Promise<Answer<"completions">>;
  readonly hover: (text: string, offset: number) => Promise<Answer<"hovered">>;
  readonly target: (state: State) => Promise<Answer<"targeted">>;
  readonly values: (state: State) => Promise<Answer<"valued">>;
  readonly compare: (state: State, other: State) => Promise<Answer<"compared">>;
  readonly library: (more: Readonly<Record<string, string>>) => Promise<Answer<"entries">>;
};

/** `told`: the answers to edits, and what went wrong in the worker. */
export const createClient = (told: (reply: Checked | Compiled) => void, failed: (message: string) => void): Client => {
  const worker = start();
  const open = new Map<number, (reply: Reply) => void>();
  let last = 0;
  let [onTheWay, next]: [number | null, State | null] = [null, null];
  const post = (request: Request): void => worker.postMessage(request);
  const send = (state: State): void => {
    onTheWay = ++last;
    post({ kind: "edit", id: onTheWay, state });
  };
  const goOn = (): void => {
    onTheWay = null;
    if (next === null) return;
    const state = next;
    next = null;
    send(state);
  };
  worker.onmessage = ({ data }: MessageEvent<Reply>) => {
    if (data.kind === "checked" || data.kind === "compiled") {
      told(data);
      if (data.kind === "compiled") goOn();
      return;
    }
    open.get(data.id)?.(data);
    open.delete(data.id);
  };
  worker.onerror = (event) => {
    failed(event.message);
    goOn();
  };
  const ask = <R extends Reply>(question: (id: number) => Request): Promise<R> =>
    new Promise((resolve) => {
      const id = ++last;
      open.set(id, resolve as (reply: Reply) => void);
      post(question(id));
    });
  return {
    edit: (state) => {
      if (onTheWay === null) send(state);
      else next = state;
    },
    complete: (text, offset) => ask((id) => ({ kind: "complete", id, text, offset })),
    hover: (text, offset) => ask((id) => ({ kind: "hover", id, text, offset })),
    target: (state) => ask((id) => ({ kind: "target", id, state })),
    values: (state) => ask((id) => ({ kind: "values", id, state })),
    compare: (state, other) => ask((id) => ({ kind: "compare", id, state, other })),
    library: (more) => ask((id) => ({ kind: "library", id, more })),
  };
};

/** Runs a state in a worker of its own; the returned function ends it. */
export const startRun = (state: State, on: (event: RunEvent) => void): (() => void) => {
  const worker = start();
  const end = (): void => worker.terminate();
  worker.onmessage = ({ data }: MessageEvent<Reply>) => {
    if (data.kind !== "ran") return;
    on(data.event);
    if (data.event.kind === "done" || data.event.kind === "failed") end();
  };
  worker.onerror = (event) => {
    on({ kind: "failed", why: event.message });
    end();
  };
  const request: Request = { kind: "run", id: 1, state };
  worker.postMessage(request);
  return end;
};
