/** The scripts that `tfx completion` prints, tried in the shells that this machine has. */
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { here } from "./tfx.ts";

const folder = mkdtempSync(join(tmpdir(), "tfx-completion-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
writeFileSync(join(folder, "attention.tfx"), "");
writeFileSync(join(folder, "attention.txt"), "");

const script = async (shell: string): Promise<string> => {
  const { code, out } = await here(folder, ["completion", shell]);
  expect(code).toBe(0);
  return out;
};
const has = (shell: string): boolean => spawnSync(shell, ["-c", "true"]).status === 0;

test("a shell that is not known is told", async () => {
  const { code, err } = await here(folder, ["completion", "tcsh"]);
  expect([code, err]).toEqual([2, expect.stringContaining("Allowed choices are bash, zsh, fish")]);
});

describe("bash", () => {
  const TRIED: readonly (readonly [line: string, words: string])[] = [
    ["tfx ex", "explain"],
    ["tfx run --tar", "--target"],
    ["tfx run --target sub", "subgroups subgroups-f16"],
    ["tfx compile --emit d", "dts"],
    ["tfx completion z", "zsh"],
    ["tfx check att", "attention.tfx"],
    ["tfx list std/attention/ca", "std/attention/causal"],
  ];
  test("commands, options, their values, files and the library", async (context) => {
    if (!has("bash")) return context.skip("no bash");
    const tries = TRIED.map(([line]) => `try ${line}`).join("\n");
    const program = `${await script("bash")}
try() { COMP_WORDS=("$@"); COMP_CWORD=$((\${#COMP_WORDS[@]}-1)); _tfx; echo "\${COMPREPLY[@]}"; }
${tries}`;
    const out = execFileSync("bash", ["-c", program], { cwd: folder, encoding: "utf8" });
    expect(out.trim().split("\n")).toEqual(TRIED.map(([, words]) => words));
  });
});

describe.each(["zsh", "fish"])("%s", (shell) => {
  test("names every command and option", async () => {
    const text = await script(shell);
    const { out } = await here(folder, ["--help"]);
    const commands = [...out.matchAll(/^ {2}([a-z]+) /gm)].map((m) => m[1] ?? "").filter((c) => c !== "help");
    expect(commands.length).toBeGreaterThan(12);
    for (const c of commands) expect(text).toMatch(new RegExp(`\\b${c}\\b`));
    for (const option of ["print-after", "subgroups", "rounds"]) expect(text).toContain(option);
  });

  test("is a script of that shell", async (context) => {
    if (!has(shell)) return context.skip(`no ${shell}`);
    writeFileSync(join(folder, shell), await script(shell));
    expect(spawnSync(shell, ["-n", join(folder, shell)], { encoding: "utf8" }).stderr).toBe("");
  });
});
