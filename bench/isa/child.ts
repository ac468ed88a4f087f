/** Makes the pipelines of `job.json` in the process whose Vulkan is the shim; what it wrote of each gets the name of the entry point. */
import { readFileSync, renameSync } from "node:fs";
import { join } from "node:path";
import { create, globals } from "webgpu";
import type { Program } from "./driver.ts";

Object.assign(globalThis, globals);
const [job = "", work = ""] = process.argv.slice(2);
const programs = JSON.parse(readFileSync(job, "utf8")) as readonly Program[];
const gpu = create(["backend=vulkan", "enable-dawn-features=allow_unsafe_apis,disable_blob_cache"]);
const adapter = await gpu.requestAdapter();
if (adapter === null) throw new Error("Dawn finds no adapter");
const wanted = ["maxComputeWorkgroupStorageSize", "maxStorageBuffersPerShaderStage"] as const;
const device = await adapter.requestDevice({
  requiredFeatures: (["subgroups", "shader-f16"] as const).filter((f) => adapter.features.has(f)),
  requiredLimits: Object.fromEntries(wanted.map((l) => [l, adapter.limits[l]])),
});
for (const [n, { wgsl, entryPoints }] of programs.entries())
  for (const entryPoint of entryPoints) {
    await device.createComputePipelineAsync({
      layout: "auto",
      compute: { module: device.createShaderModule({ code: wgsl }), entryPoint },
    });
    for (const kind of ["stats", "text"]) renameSync(join(work, kind), join(work, `${n}-${entryPoint}.${kind}`));
  }
process.exit(0);
