/** WGSL as a backend. */
import type { Backend } from "../backend.ts";
import { liveKernels, readsParams } from "../live.ts";
import { lowerToWgsl, printLines, textOf } from "../lower-to-wgsl.ts";

export const WGSL: Backend = {
  name: "wgsl",
  write: (program, target) => {
    const live = liveKernels(program);
    const module = lowerToWgsl(program, target, live);
    const lines = printLines(module);
    return {
      text: textOf(lines),
      origins: lines.map((l) => l.origin),
      features: module.features,
      entries: live.map((k, n) => ({
        name: module.entries[n]?.name ?? k.kernel.name,
        kernel: k.kernel,
        readsUniforms: readsParams(k),
        storage: program.storage.flatMap((b, at) =>
          k.uses.loaded.has(b.name) || k.uses.stored.has(b.name) ? [at] : [],
        ),
      })),
      uniforms: module.params.map((p) => ({ name: p.uniform, type: p.type })),
    };
  },
};
