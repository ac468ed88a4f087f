/**
 * What test files see as `vitest` when mutants are run: the same `expect`, and a runner so small that one warm process can run one
 * test a thousand times. Collects tests; `worker.ts` runs them.
 */
import { readFileSync } from "node:fs";
import { format } from "node:util";
import { expect as original } from "vitest";

export type Test = { readonly file: string; readonly name: string; readonly run: () => Promise<void> };

/** Thrown by `context.skip`. */
export class Skipped extends Error {}

type Body = (...args: never[]) => unknown;
type Options = Readonly<Record<string, unknown>> | number;

export const tests: Test[] = [];
let file = "";
let path: readonly string[] = [];
let before: (() => unknown)[] = [];

/** The file whose tests are collected next. */
export const enter = (url: string): void => {
  file = url;
  path = [];
  before = [];
};

const context = {
  skip: (reason?: string): never => {
    throw new Skipped(reason);
  },
};

const bodyOf = (a: Options | Body, b?: Options | Body): Body => (typeof a === "function" ? a : (b as Body));

const add = (name: string, run: () => unknown): void => {
  const [where, title, setup] = [file, [...path, name].join(" > "), before];
  tests.push({
    file: where,
    name: title,
    run: async () => {
      current = where;
      for (const f of setup.splice(0)) await f();
      await run();
    },
  });
};

const titled = (name: string, row: unknown): string =>
  format(name, ...(Array.isArray(row) ? (row as readonly unknown[]) : [row]).slice(0, name.split(/%[a-z]/).length - 1));

const testOnce = (name: string, a: Options | Body, b?: Options | Body): void =>
  add(name, () => (bodyOf(a, b) as (c: unknown) => unknown)(context));
const skipTest = (): void => {};

type Table = readonly unknown[];
const eachTest =
  (table: Table) =>
  (name: string, a: Options | Body, b?: Options | Body): void => {
    for (const row of table)
      add(titled(name, row), () =>
        (bodyOf(a, b) as (...args: readonly unknown[]) => unknown)(...(Array.isArray(row) ? row : [row])),
      );
  };
const forTest =
  (table: Table) =>
  (name: string, a: Options | Body, b?: Options | Body): void => {
    for (const row of table)
      add(titled(name, row), () => (bodyOf(a, b) as (row: unknown, c: unknown) => unknown)(row, context));
  };

export const test = Object.assign(testOnce, {
  each: eachTest,
  for: forTest,
  skip: skipTest,
  skipIf: (skip: unknown) =>
    skip
      ? Object.assign(skipTest, { each: () => skipTest, for: () => skipTest })
      : Object.assign(testOnce, { each: eachTest, for: forTest }),
});
export const it: typeof test = test;

const group = (name: string, a: Options | Body, b?: Options | Body): void => {
  const [outer, setup] = [path, before];
  path = [...path, name];
  before = [...before];
  (bodyOf(a, b) as () => unknown)();
  path = outer;
  before = setup;
};
const eachGroup =
  (table: Table) =>
  (name: string, a: Options | Body, b?: Options | Body): void => {
    for (const row of table)
      group(titled(name, row), () =>
        (bodyOf(a, b) as (...args: readonly unknown[]) => unknown)(...(Array.isArray(row) ? row : [row])),
      );
  };
export const describe = Object.assign(group, {
  each: eachGroup,
  skip: skipTest,
  skipIf: (skip: unknown) => (skip ? skipTest : group),
});

export const beforeAll = (f: () => unknown): void => void before.push(f);
export const afterAll = (): void => {};

let current = "";

/** An inline snapshot without its indentation. */
const dedent = (text: string): string => {
  const lines = text
    .replace(/^\n/, "")
    .replace(/\n\s*$/, "")
    .split("\n");
  const indent = /^\s*/.exec(lines[0] ?? "")?.[0].length ?? 0;
  return lines.map((l) => l.slice(Math.min(indent, /^\s*/.exec(l)?.[0].length ?? 0))).join("\n");
};

const fail = (why: string): never => {
  throw new Error(why);
};

/** The two matchers that ask Vitest's runner where they are; the others are Vitest's own. */
const snapshots = (received: unknown): Readonly<Record<string, (expected: string) => void>> => ({
  toMatchFileSnapshot: (name) => {
    if (received !== readFileSync(new URL(name, current), "utf8")) fail(`differs from ${name}`);
  },
  toMatchInlineSnapshot: (text) => {
    if (dedent(text) !== `"${String(received)}"`) fail("differs from the inline snapshot");
  },
});

export const expect: typeof original = new Proxy(original, {
  apply: (f, self, args: Parameters<typeof original>) =>
    new Proxy(Reflect.apply(f, self, args) as object, {
      get: (assertion, name) => snapshots(args[0])[String(name)] ?? (Reflect.get(assertion, name) as unknown),
    }),
});
