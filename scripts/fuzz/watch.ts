/** Tells which program of a campaign takes long, from a thread of its own: a driver that does not come back stops everything else. */
import { writeSync } from "node:fs";
import { isMainThread, Worker, workerData } from "node:worker_threads";

/** Seconds after which a program is named. */
const LONG = 60;

/** Begins to watch; the function is told the seed of each program that begins. */
export const watch = (): ((seed: number) => void) => {
  const seeds = new Float64Array(new SharedArrayBuffer(8));
  new Worker(new URL(import.meta.url), { workerData: seeds }).unref();
  return (seed) => {
    seeds[0] = seed;
  };
};

if (!isMainThread) {
  const seeds = workerData as Float64Array;
  let [last, since] = [seeds[0], Date.now()];
  setInterval(() => {
    if (seeds[0] !== last) [last, since] = [seeds[0], Date.now()];
    else if (Date.now() - since > 1000 * LONG) {
      writeSync(2, `\nseed ${last} has taken ${LONG} s and goes on\n`);
      since = Infinity;
    }
  }, 1000);
}
