/** What GPU drivers and their loaders write to stderr though nothing is wrong: it is not the user's to read. */
import type { Readable, Writable } from "node:stream";

const NOISE = [
  /^Warning: max\w+ artificially reduced from \d+ to \d+/,
  /XDG_RUNTIME_DIR (is )?(invalid|not set)/,
  /is not a conformant vulkan implementation/i,
  /^(WARNING|INFO): \[Loader Message\]/,
  /^MESA(-\w+)?: (info|warning|debug):/i,
];

const isDriverNoise = (line: string): boolean => NOISE.some((pattern) => pattern.test(line));

/** Passes lines on, noise left out; ends when the source does. */
export const withoutNoise = (from: Readable, to: Writable): Promise<void> =>
  new Promise((done) => {
    let rest = "";
    from.setEncoding("utf8");
    from.on("data", (chunk: string) => {
      const lines = (rest + chunk).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) if (!isDriverNoise(line)) to.write(`${line}\n`);
    });
    from.on("end", () => {
      if (rest !== "" && !isDriverNoise(rest)) to.write(rest);
      done();
    });
  });
