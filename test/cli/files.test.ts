/** Writing: whole or not at all, through links, never in place of what is no regular file. */
import { spawn, spawnSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { writeAll } from "../../src/cli/files.ts";

let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "tfx-files-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const at = (name: string): string => join(folder, name);
const text = (name: string): string => readFileSync(at(name), "utf8");
const write = (name: string, content: string): void => writeAll([{ path: at(name), content }]);
/** No temporary file stays. */
const leftovers = (): readonly string[] =>
  readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((f) => f.includes(".tmp"));

describe("what is in a place", () => {
  test("nothing: the file and the folders above it appear", () => {
    write("new/deep/a.txt", "a");
    expect(text("new/deep/a.txt")).toBe("a");
  });

  test("a file keeps its rights", () => {
    writeFileSync(at("mode.txt"), "old");
    chmodSync(at("mode.txt"), 0o640);
    write("mode.txt", "new");
    expect([text("mode.txt"), (statSync(at("mode.txt")).mode & 0o777).toString(8)]).toEqual(["new", "640"]);
  });

  test("a symbolic link stays one, and its file is written", () => {
    mkdirSync(at("target"));
    writeFileSync(at("target/real.txt"), "old");
    symlinkSync("target/real.txt", at("link.txt"));
    symlinkSync("link.txt", at("link2.txt"));
    write("link2.txt", "new");
    expect([text("target/real.txt"), readlinkSync(at("link2.txt")), readlinkSync(at("link.txt"))]).toEqual([
      "new",
      "link.txt",
      "target/real.txt",
    ]);
  });

  test("a link to a file that is not there yet makes it", () => {
    symlinkSync("later.txt", at("dangling.txt"));
    write("dangling.txt", "new");
    expect([text("later.txt"), lstatSync(at("dangling.txt")).isSymbolicLink()]).toEqual(["new", true]);
  });

  test("links in a circle", () => {
    symlinkSync("b.loop", at("a.loop"));
    symlinkSync("a.loop", at("b.loop"));
    expect(() => write("a.loop", "x")).toThrow(/cannot write .*a\.loop: ELOOP: too many symbolic links encountered$/);
  });

  test("a file that is read-only is left alone", () => {
    writeFileSync(at("fixed.txt"), "old");
    chmodSync(at("fixed.txt"), 0o444);
    expect(() =>
      writeAll([
        { path: at("other.txt"), content: "x" },
        { path: at("fixed.txt"), content: "new" },
      ]),
    ).toThrow(/fixed\.txt is read-only/);
    expect([text("fixed.txt"), existsSync(at("other.txt"))]).toEqual(["old", false]);
  });

  test("a device stays a device", () => {
    writeAll([{ path: "/dev/null", content: "x" }]);
    expect(lstatSync("/dev/null").isCharacterDevice()).toBe(true);
  });

  test("a full device: the other files are as they were", () => {
    writeFileSync(at("before.txt"), "old");
    expect(() =>
      writeAll([
        { path: at("before.txt"), content: "new" },
        { path: "/dev/full", content: "x" },
      ]),
    ).toThrow(/cannot write \/dev\/full: ENOSPC: no space left on device$/);
    expect(text("before.txt")).toBe("old");
  });

  test("a pipe gets the bytes and stays a pipe", async () => {
    spawnSync("mkfifo", [at("pipe")]);
    const reader = spawn("cat", [at("pipe")]);
    let got = "";
    reader.stdout.on("data", (chunk) => (got += String(chunk)));
    write("pipe", "through");
    await new Promise((done) => reader.on("close", done));
    expect([got, lstatSync(at("pipe")).isFIFO()]).toEqual(["through", true]);
  });

  test("a name longer than a file may have", () => {
    expect(() => write(`${"k".repeat(1e6)}.wgsl`, "x")).toThrow(
      /^cannot write .{1,150}…k+\.wgsl: ENAMETOOLONG: name too long$/,
    );
  });

  test.each([["/proc/x/y/z.txt"], ["/proc/z.txt"]])("%s: told, not tried for ever", (path) => {
    expect(() => writeAll([{ path, content: "x" }])).toThrow(/^cannot write \/proc.*: E[A-Z]+: [a-z ]+$/);
  });

  test("nothing is left behind", () => expect(leftovers()).toEqual([]));
});

describe("the commands", () => {
  const tfx = (
    ...args: readonly string[]
  ): { readonly code: number | null; readonly err: string; readonly out: string } => {
    const child = spawnSync(process.execPath, [resolve("bin/tfx.js"), ...args], {
      cwd: folder,
      encoding: "utf8",
      timeout: 20_000,
    });
    return { code: child.status, err: child.stderr, out: child.stdout };
  };
  const UGLY = "kernel k(x: f32[i: N])->y: f32[i] { y = 2*x }\n";
  const FINE = "kernel k(x: f32[i: N]) -> y: f32[i] {\n  y = 2 * x\n}\n";

  test("fmt writes through a link and keeps rights", () => {
    writeFileSync(at("ugly.tfx"), UGLY);
    chmodSync(at("ugly.tfx"), 0o600);
    symlinkSync("ugly.tfx", at("alias.tfx"));
    expect(tfx("fmt", "alias.tfx")).toMatchObject({ code: 0, err: "" });
    expect([
      text("ugly.tfx"),
      lstatSync(at("alias.tfx")).isSymbolicLink(),
      statSync(at("ugly.tfx")).mode & 0o777,
    ]).toEqual([FINE, true, 0o600]);
  });

  test("fmt of a read-only file", () => {
    writeFileSync(at("locked.tfx"), UGLY);
    chmodSync(at("locked.tfx"), 0o444);
    expect(tfx("fmt", "locked.tfx")).toEqual({
      code: 2,
      out: "",
      err: "tfx: cannot write locked.tfx: locked.tfx is read-only\n",
    });
    expect(text("locked.tfx")).toBe(UGLY);
  });

  test("compile into /proc", () => {
    writeFileSync(at("k.tfx"), FINE);
    expect(tfx("compile", "k.tfx", "--out", "/proc/x")).toMatchObject({
      code: 2,
      out: "",
      err: "tfx: cannot write /proc/x/k.wgsl: ENOENT: no such file or directory\n",
    });
  });

  test("a file that cannot be read, and one that is no text", () => {
    expect(tfx("check", "/proc/self/mem").err).toMatch(
      /^tfx: \/proc\/self\/mem: cannot be read \(E[A-Z]+: [^\n]*\)\n$/,
    );
    expect(tfx("run", process.execPath).err).toBe(`tfx: ${process.execPath}: not a text file\n`);
  });

  test("control characters of a file do not reach the terminal", () => {
    writeFileSync(at("odd.tfx"), `/// title\u001b[2J\u0007\u009b1m\u2028next\n${FINE}kernel \u001b]0;x\u0007\n`);
    for (const args of [
      ["list", "odd.tfx"],
      ["check", "odd.tfx"],
      ["explain", "odd.tfx"],
    ]) {
      const { out, err } = tfx(...args);
      expect(`${out}${err}`.length).toBeGreaterThan(20);
      expect(`${out}${err}`).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u2028\u2029]/);
    }
  });
});
