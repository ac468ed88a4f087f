/** The session: what is kept, what is made again, and symbols that are those of the checker. */
import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { printSpec } from "../../src/check/print-spec.ts";
import type { Spec } from "../../src/check/spec.ts";
import { BASELINE } from "../../src/base/target.ts";
import { createSession, type Session } from "../../src/session/session.ts";
import type { Definition } from "../../src/session/symbols.ts";
import { PRELUDE_TEXT, resolver } from "../check/helpers.ts";

const LIB = `/// Twice.
fn twice(x) = 2 * x
fn shift[j](x) {
  let m = max[j](x)
  x - m
}
`;
const MAIN = `use { twice } from "./lib"

kernel first<T: f32 | f16>(q: T[b: B, i: N, d: D], k: T[b, j: N, d], static W: i32 = 2) -> (o: f32[b, i], t: f32[b, i, j]) {
  let s = twice(sum[d](q * k)) where abs(i - j) < W
  let w[b, i, j] = s + sum[u: 0..W](s[j = min(j + u, N - 1)])
  o = sum[j](w)
  t = w
}
`;

const opened = (main = MAIN, lib = LIB): Session => {
  const files: Record<string, string> = { "main.tfx": main, "lib.tfx": lib };
  const session = createSession((path, from) => resolver(files)(path, from));
  session.set("main.tfx", main);
  return session;
};

const at = (text: string, what: string, nth = 0): number => {
  let offset = -1;
  for (let n = 0; n <= nth; n++) offset = text.indexOf(what, offset + 1);
  if (offset < 0) throw new Error(`no ${what}`);
  return offset;
};

/** The text with every use of a definition renamed. */
const renamed = (text: string, session: Session, file: string, definition: Definition, name: string): string => {
  const spans = session
    .symbols(file)
    .references.filter((r) => r.to.span.start === definition.span.start && r.to.span.file === file)
    .map((r) => r.span);
  return spans.toReversed().reduce((t, s) => t.slice(0, s.start) + name + t.slice(s.end), text);
};

describe("symbols", () => {
  const session = opened();
  const main = (offset: number): Definition | null => session.definitionAt("main.tfx", offset);

  test.each([
    ["a tensor", at(MAIN, "q * k"), "tensor", at(MAIN, "q: T[")],
    ["an index", at(MAIN, "d](q"), "axis", at(MAIN, "d: D")],
    ["a size", at(MAIN, "N - 1"), "size", at(MAIN, "N, d: D")],
    ["a scalar", at(MAIN, "W\n"), "scalar", at(MAIN, "W: i32")],
    ["a let", at(MAIN, "s + sum"), "let", at(MAIN, "s = twice")],
    ["the index of a range", at(MAIN, "u, N - 1"), "axis", at(MAIN, "u: 0")],
    ["a type", at(MAIN, "T[b, j"), "type", at(MAIN, "T: f32 |")],
    ["a result", at(MAIN, "o = sum"), "result", at(MAIN, "o: f32")],
  ])("%s leads to where it is introduced", (_, offset, kind, start) => {
    expect(main(offset)).toMatchObject({ kind, span: { file: "main.tfx", start } });
  });

  test("an import leads to the other file, with its doc; a function of the prelude to the prelude; a builtin nowhere", () => {
    expect(main(at(MAIN, "twice", 1))).toMatchObject({ kind: "function", doc: "Twice.", span: { file: "lib.tfx" } });
    expect(main(at(MAIN, "twice"))).toBe(main(at(MAIN, "twice", 1)));
    const other = opened("kernel k(x: f32[i: N]) -> y: f32[i] {\n  y = softmax[i](x) + abs(x)\n}\n");
    expect(other.definitionAt("main.tfx", at(other.text("main.tfx") ?? "", "softmax"))).toMatchObject({
      kind: "function",
      span: { file: "std/prelude.tfx" },
    });
    expect(other.definitionAt("main.tfx", at(other.text("main.tfx") ?? "", "abs"))).toBeNull();
  });

  test("references of a function in all files that are set", () => {
    const twice = main(at(MAIN, "twice", 1));
    if (twice === null) throw new Error("no definition");
    const places = session.referencesTo(twice).map((s) => `${s.file} ${s.start}`);
    expect(places).toEqual([
      `lib.tfx ${at(LIB, "twice")}`,
      `main.tfx ${at(MAIN, "twice")}`,
      `main.tfx ${at(MAIN, "twice", 1)}`,
    ]);
  });

  test("what can be named: a let only from its statement on, a range's index only inside", () => {
    const names = (offset: number): readonly string[] => session.scopeAt("main.tfx", offset).map((d) => d.name);
    expect(names(at(MAIN, "twice(sum"))).not.toContain("w");
    expect(names(at(MAIN, "o = sum"))).toContain("w");
    expect(names(at(MAIN, "o = sum"))).not.toContain("u");
    expect(names(at(MAIN, "u, N - 1"))[0]).toBe("u");
    expect(names(at(MAIN, "o = sum"))).toEqual(expect.arrayContaining(["q", "i", "N", "twice", "softmax", "first"]));
  });

  test("a file with errors has symbols", () => {
    const broken = opened(MAIN.replace("o = sum[j](w)", "o = nothing[j](w)"));
    expect(broken.check("main.tfx").diagnostics.length).toBeGreaterThan(0);
    expect(broken.definitionAt("main.tfx", at(MAIN, "d](q"))?.kind).toBe("axis");
  });
});

const LIBRARY = readdirSync(new URL("../../stdlib/", import.meta.url), { recursive: true, encoding: "utf8" })
  .filter((f) => f.endsWith(".tfx"))
  .sort();

describe("a name renamed wherever it refers leaves the meaning as it was", () => {
  test.each(LIBRARY)("stdlib/%s", (file) => {
    const text = readFileSync(new URL(`../../stdlib/${file}`, import.meta.url), "utf8");
    const resolve = (path: string) => {
      const name = path.replace(/^std\//, "");
      const found = LIBRARY.find((f) => f === name || f === `${name}.tfx`);
      if (found === undefined) return null;
      return { file: found, text: readFileSync(new URL(`../../stdlib/${found}`, import.meta.url), "utf8") };
    };
    const session = createSession(resolve);
    session.set(file, text);
    // `p.2` is a second value of that name: whether there are two depends on the names.
    const plain = (specs: readonly Spec[]): string =>
      specs
        .map(printSpec)
        .join(" ")
        .replaceAll(/([a-z]\w*)\.\d+/g, "$1")
        .replaceAll(/\s+/g, " ");
    const before = plain(session.check(file).specs);
    const all = session.symbols(file).definitions.filter((d) => !["kernel", "function"].includes(d.kind));
    // Long files: some of each. Every name of a kernel is of one of a few kinds.
    const some = all.filter((_, n) => n % Math.ceil(all.length / 8) === 0);
    for (const d of some) {
      const name = /^[A-Z]/.test(d.name) ? `ZZ${d.name}` : `zz_${d.name}`;
      const other = createSession(resolve);
      other.set(file, renamed(text, session, file, d, name));
      const { specs, diagnostics } = other.check(file);
      expect(diagnostics.filter((x) => x.severity === "error").map((x) => `${d.kind} ${d.name}: ${x.message}`)).toEqual(
        [],
      );
      expect(plain(specs).replaceAll(name, d.name), `${d.kind} ${d.name}`).toBe(before);
    }
  });
});

describe("what is kept", () => {
  test("a check is made again just when a text it was made from has changed", () => {
    const session = opened();
    const first = session.check("main.tfx");
    expect(session.check("main.tfx")).toBe(first);
    session.set("other.tfx", "kernel k(x: f32[i: N]) -> y: f32[i] { y = x }");
    expect(session.check("main.tfx")).toBe(first);
    session.set("lib.tfx", LIB.replace("2 * x", "3 * x"));
    const second = session.check("main.tfx");
    expect(second).not.toBe(first);
    expect(printSpec(second.specs[0]!)).not.toBe(printSpec(first.specs[0]!));
    session.set("lib.tfx", null);
    expect(printSpec(session.check("main.tfx").specs[0]!)).toBe(printSpec(first.specs[0]!));
  });

  test("an import that comes and goes", () => {
    const session = createSession((path) =>
      path === "std/prelude" ? { file: "std/prelude.tfx", text: PRELUDE_TEXT } : null,
    );
    session.set("main.tfx", MAIN);
    expect(session.check("main.tfx").diagnostics.map((d) => d.code)).toContain("TFX5001");
    expect(session.importsOf("main.tfx")).toEqual(["std/prelude.tfx"]);
  });

  test("it compiles what is in the buffer", () => {
    const session = opened();
    const { artifacts, diagnostics } = session.compile("main.tfx", { target: BASELINE, dims: { D: 8 } });
    expect(diagnostics.filter((d) => d.severity === "error")).toEqual([]);
    expect(artifacts.map((a) => a.kernel)).toEqual(["first"]);
    expect(() => session.check("nowhere.tfx")).toThrow("nothing was set under nowhere.tfx");
  });
});
