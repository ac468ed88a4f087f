/** A folder of TypeScript that uses the package, as its own `tsc` sees it. */
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/** What `tsc` says of the files of a folder; `more`: compiler options beyond the usual ones. */
export const typecheck = (folder: string, more: Readonly<Record<string, boolean>> = {}): string => {
  writeFileSync(join(folder, "package.json"), '{ "type": "module" }');
  writeFileSync(
    join(folder, "tsconfig.json"),
    JSON.stringify({
      compilerOptions: {
        target: "es2024",
        lib: ["esnext", "dom"],
        module: "nodenext",
        moduleResolution: "nodenext",
        strict: true,
        noEmit: true,
        skipLibCheck: true,
        allowImportingTsExtensions: true,
        types: [join(ROOT, "node_modules/@webgpu/types/dist/index.d.ts")],
        paths: { "tfx-lang/*": [join(ROOT, "src/*/index.ts")] },
        ...more,
      },
      include: ["*.ts"],
    }),
  );
  const tsc = join(ROOT, "node_modules/typescript/bin/tsc");
  const { stdout, status } = spawnSync(process.execPath, [tsc, "--pretty", "false", "-p", folder], {
    encoding: "utf8",
    cwd: folder,
  });
  if (status === null) throw new Error("tsc did not end by itself");
  return stdout;
};
