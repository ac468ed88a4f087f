/** `tfx init` */
import { existsSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { BASELINE } from "../../base/target.ts";
import { compile } from "../../compile.ts";
import { declarations } from "../../emit/module.ts";
import { UsageError, type ExitCode } from "../errors.ts";
import { writeAll } from "../files.ts";

const KERNEL = `/// Causal attention of one head, as the paper writes it.
kernel attention(q: f32[i: N, d: D], k: f32[j: M, d], v: f32[j, d]) -> o: f32[i, d] {
  let s = sum[d](q * k) / sqrt(D) where causal(i, j)
  o = sum[j](softmax[j](s) * v)
}
`;

const MAIN = `import { requestDevice } from "tfx-lang/runtime";
import { attention } from "./attention.tfx";

const [N, D] = [256, 32];
const random = () => Float32Array.from({ length: N * D }, () => Math.random() - 0.5);

const adapter = await navigator.gpu?.requestAdapter();
if (!adapter) throw new Error("this browser has no WebGPU");
const device = await requestDevice(adapter, [attention.artifact]);
const kernel = await attention(device);
const { outputs, timeMs } = await kernel.run({ inputs: { q: random(), k: random(), v: random() } });

document.body.textContent = \`\${attention.artifact.plan}: \${outputs.o.length} numbers in \${timeMs.toFixed(2)} ms\`;
`;

const filesOf = (name: string, version: string): Readonly<Record<string, string>> => ({
  "package.json": `${JSON.stringify(
    {
      name,
      private: true,
      type: "module",
      scripts: { dev: "vite", build: "vite build", check: "tfx check src/attention.tfx && tsc" },
      dependencies: { "tfx-lang": `^${version}` },
      devDependencies: { "@webgpu/types": "^0.1.74", typescript: ">=5.9", vite: "^8.3.8" },
    },
    null,
    2,
  )}\n`,
  "vite.config.js": `import tfx from "tfx-lang/vite";

// \`dims\`: sizes that the compiler is told. \`dts\`: keeps src/*.d.tfx.ts, the exact types of the kernels.
export default { plugins: [tfx({ dims: { D: 32 }, dts: true })], build: { target: "esnext" } };
`,
  "tsconfig.json": `${JSON.stringify(
    {
      compilerOptions: {
        target: "es2024",
        lib: ["esnext", "dom"],
        module: "esnext",
        moduleResolution: "bundler",
        strict: true,
        noEmit: true,
        skipLibCheck: true,
        allowArbitraryExtensions: true,
        types: ["@webgpu/types"],
      },
      include: ["src"],
    },
    null,
    2,
  )}\n`,
  "index.html": `<!doctype html>
<meta charset="utf-8" />
<title>${name}</title>
<body></body>
<script type="module" src="/src/main.ts"></script>
`,
  "src/attention.tfx": KERNEL,
  "src/attention.d.tfx.ts": declarations(
    compile(KERNEL, { file: "attention.tfx", dims: { D: 32 }, target: BASELINE }).artifacts,
  ),
  "src/main.ts": MAIN,
});

/** Writes a page that runs a kernel, with Vite; nothing is overwritten. */
export const init = (folder: string, version: string): ExitCode => {
  const name =
    basename(resolve(folder))
      .toLowerCase()
      .replace(/[^a-z0-9-]+/g, "-") || "app";
  const files = Object.entries(filesOf(name, version)).map(([path, content]) => ({
    path: join(folder, path),
    content,
  }));
  const there = files.map((f) => f.path).filter((path) => existsSync(path));
  if (there.length > 0)
    throw new UsageError(`nothing was written: ${there.join(", ")} ${there.length === 1 ? "is" : "are"} there already`);
  writeAll(files);
  for (const { path } of files) console.log(path);
  console.error(`\nnext: ${folder === "." ? "" : `cd ${folder} && `}npm install && npm run dev`);
  return 0;
};
