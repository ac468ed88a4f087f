/** CPU time of a process's descendants, from Linux's /proc: how long they worked, whatever else the machine was doing. */
import { readFileSync, readdirSync } from "node:fs";

type Stat = { readonly pid: number; readonly parent: number; readonly ms: number };

/** Milliseconds of a clock tick: sysconf(_SC_CLK_TCK) is 100 on every Linux that Node runs on. */
const TICK = 10;

const statOf = (pid: string): readonly Stat[] => {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "latin1");
    // After the name, which is in parentheses and may hold anything: state, parent, …, utime (12th), stime (13th).
    const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
    const ms = (Number(fields[11]) + Number(fields[12])) * TICK;
    return [{ pid: Number(pid), parent: Number(fields[1]), ms }];
  } catch {
    return []; // It has ended meanwhile.
  }
};

/** Milliseconds that all descendants of `root` that still run have worked, all cores together; NaN where there is no /proc. */
export const descendantsCpuMs = (root: number): number => {
  if (process.platform !== "linux") return NaN;
  const all = readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap(statOf);
  const children = Map.groupBy(all, (p) => p.parent);
  const sum = (pid: number): number => (children.get(pid) ?? []).reduce((ms, p) => ms + p.ms + sum(p.pid), 0);
  return sum(root);
};
