/** Talks to `worker.ts` in another process: one request after the other, started on first use, never keeping the caller alive. */
import { type ChildProcess, spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { createReader, encode, type Message } from "./wire.ts";
import type { Request } from "./worker.ts";

/** The process took too long and is gone. */
export class NoAnswer extends Error {}

export type Child = {
  /** `limit`: milliseconds after which the process is killed and the answer is `NoAnswer`. */
  readonly ask: (request: Request, limit?: number) => Promise<Message>;
  readonly kill: () => void;
};

const WORKER = fileURLToPath(new URL("./worker.ts", import.meta.url));

type Waiting = { readonly resolve: (message: Message) => void; readonly reject: (error: Error) => void };

/** Only while an answer is awaited may the child keep this process alive. */
const hold = (child: ChildProcess, on: boolean): void => {
  for (const part of [child, child.stdin, child.stdout, child.stderr] as readonly ({
    ref?: () => void;
    unref?: () => void;
  } | null)[]) {
    if (on) part?.ref?.();
    else part?.unref?.();
  }
};

/** `command` and its arguments start a JavaScript runtime; the worker's file name is appended. */
export const startChild = (command: readonly string[], env: Readonly<Record<string, string>>): Child => {
  const [file = "", ...args] = command;
  const child = spawn(file, [...args, WORKER], { env: { ...process.env, ...env }, stdio: ["pipe", "pipe", "pipe"] });
  const waiting: Waiting[] = [];
  const read = createReader();
  let log = "";
  let failure: Error | null = null;
  const fail = (why: string): void => {
    failure = new Error(`${file} ${why}\n${log}`);
    for (const { reject } of waiting.splice(0)) reject(failure);
  };
  child.stderr.on("data", (chunk: Buffer) => (log = (log + chunk.toString()).slice(-4000)));
  child.on("error", (error) => fail(error.message));
  child.on("exit", (code, signal) => fail(`ended with ${code ?? signal}`));
  child.stdin.on("error", () => {});
  child.stdout.on("data", (chunk: Buffer) => {
    for (const message of read(chunk)) {
      const next = waiting.shift();
      if (typeof message["error"] === "string") next?.reject(new Error(message["error"]));
      else next?.resolve(message);
    }
    if (waiting.length === 0) hold(child, false);
  });
  hold(child, false);
  return {
    ask: (request, limit) => {
      const answer = new Promise<Message>((resolve, reject) => {
        if (failure !== null) return reject(failure);
        waiting.push({ resolve, reject });
        hold(child, true);
        child.stdin.write(encode(request));
      });
      if (limit === undefined) return answer;
      const late = new Promise<never>((_, reject) => {
        const timer = setTimeout(() => {
          reject(new NoAnswer(`no answer in ${limit} ms`));
          child.kill("SIGKILL");
        }, limit);
        void answer.catch(() => {}).finally(() => clearTimeout(timer));
      });
      return Promise.race([answer, late]);
    },
    kill: () => void child.kill("SIGKILL"),
  };
};
