import { readFileSync } from "node:fs";
import { TARGETS } from "../../src/codegen/target.ts";
import { examplesOf } from "./examples.ts";
import { differences, onTiles, onStack, prepare, resolverOf, specOf } from "./run.ts";
const page = readFileSync(process.argv[2]!, "utf8");
const ex = examplesOf(page);
const resolveImport = resolverOf(ex);
const doStacks = process.argv.includes("--stacks");
let stacksList: any[] = [];
if (doStacks) { const { stacks } = await import("../gpu/stacks.ts"); stacksList = (await stacks(["swiftshader","deno"])) as any[]; for (const s of stacksList) console.log(s.name, s.available, s.reason); }
for (const e of ex) for (const run of e.runs) {
  for (const [name, known] of [["baseline", true], ["baseline", false], ["software-subgroups", false], ["subgroups", true]] as const) {
    const half = /f16/.test(e.text);
    const target = { ...TARGETS[name]!, f16: half };
    try {
      const p = prepare(e, run, target, known, resolveImport);
      if ("diagnostics" in p) { console.log(`REFUSED ${name} line ${run.line} ${run.kernel}: ${p.diagnostics.map((d) => `${d.code} ${d.message} @${e.text.slice(d.primary.span.start,d.primary.span.end)}`).join("; ")}`); break; }
      const d = differences(run, onTiles(p, target), 1e-9);
      if (d.length) console.log(`WRONG ${name} known=${known} line ${run.line} ${run.kernel}: ${d.join("; ")}`);
    } catch (err) { console.log(`CRASH ${name} known=${known} line ${run.line} ${run.kernel}: ${(err as Error).message.slice(0, 300)}`); if (process.argv.includes("-v")) console.log((err as Error).stack); }
  }
  for (const s of stacksList) { if (!s.available) continue; try { const p = prepare(e, run, s.target, run.line % 2 === 0, resolveImport); if ("diagnostics" in p) continue; const d = differences(run, await onStack(p, s), 2e-6); if (d.length) console.log(`WRONG on ${s.name} line ${run.line} ${run.kernel}: ${d.join("; ")}`); } catch (err) { console.log(`CRASH on ${s.name} line ${run.line} ${run.kernel}: ${(err as Error).message.slice(0, 300)}`);} }
}
console.log("done", ex.length);
process.exit(0);
