/**
 * `npm run vscode`: the extension as one file, `editors/vscode/tfx.vsix`: grammar, language server and standard library inside.
 * `code --install-extension editors/vscode/tfx.vsix` installs it. An argument: where the file goes.
 */
import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { strToU8, zipSync, type Zippable } from "fflate";

const HERE = fileURLToPath(new URL("./", import.meta.url));
const ROOT = join(HERE, "../..");

const bundled = async (entry: string, format: "cjs" | "esm"): Promise<Uint8Array> => {
  const { outputFiles } = await build({
    entryPoints: [join(HERE, "src", entry)],
    bundle: true,
    write: false,
    platform: "node",
    target: "node20",
    format,
    minify: true,
    external: ["vscode"],
    // What is CommonJS inside asks for Node's modules by `require`.
    ...(format === "esm"
      ? {
          banner: {
            js: 'import { createRequire } from "node:module"; const require = createRequire(import.meta.url);',
          },
        }
      : {}),
  });
  const [file] = outputFiles;
  if (file === undefined) throw new Error(`nothing was made of ${entry}`);
  return file.contents;
};

const folder = (path: string, under: string, ending: string): Zippable =>
  Object.fromEntries(
    readdirSync(path, { recursive: true, encoding: "utf8" })
      .filter((f) => f.endsWith(ending))
      .map((f) => [`${under}/${f.split(sep).join("/")}`, readFileSync(join(path, f))]),
  );

type Manifest = {
  readonly name: string;
  readonly publisher: string;
  readonly version: string;
  readonly displayName: string;
  readonly description: string;
  readonly categories: readonly string[];
  readonly engines: { readonly vscode: string };
};

/** What the editor reads of a package before it is installed (the format of VSIX, an Open Packaging Convention archive). */
const vsixManifest = (m: Manifest): string => `<?xml version="1.0" encoding="utf-8"?>
<PackageManifest Version="2.0.0" xmlns="http://schemas.microsoft.com/developer/vsx-schema/2011">
  <Metadata>
    <Identity Language="en-US" Id="${m.name}" Version="${m.version}" Publisher="${m.publisher}" />
    <DisplayName>${m.displayName}</DisplayName>
    <Description xml:space="preserve">${m.description}</Description>
    <Categories>${m.categories.join(",")}</Categories>
    <Properties>
      <Property Id="Microsoft.VisualStudio.Code.Engine" Value="${m.engines.vscode}" />
    </Properties>
  </Metadata>
  <Installation>
    <InstallationTarget Id="Microsoft.VisualStudio.Code" />
  </Installation>
  <Dependencies />
  <Assets>
    <Asset Type="Microsoft.VisualStudio.Code.Manifest" Path="extension/package.json" Addressable="true" />
  </Assets>
</PackageManifest>
`;

const CONTENT_TYPES = `<?xml version="1.0" encoding="utf-8"?>
<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">
${["json", "js", "mjs", "tfx", "md", "vsixmanifest"]
  .map((e) => `  <Default Extension=".${e}" ContentType="${e === "json" ? "application/json" : "text/plain"}" />`)
  .join("\n")}
</Types>
`;

/** Writes the package and gives its size in bytes. */
export const pack = async (to: string): Promise<number> => {
  const manifest = readFileSync(join(HERE, "manifest.json"));
  const bytes = zipSync({
    "[Content_Types].xml": strToU8(CONTENT_TYPES),
    "extension.vsixmanifest": strToU8(vsixManifest(JSON.parse(manifest.toString("utf8")) as Manifest)),
    "extension/package.json": manifest,
    "extension/README.md": readFileSync(join(HERE, "README.md")),
    "extension/extension.js": await bundled("extension.ts", "cjs"),
    "extension/server/cli/server.mjs": await bundled("server.ts", "esm"),
    ...folder(join(ROOT, "grammar"), "extension/grammar", ".json"),
    ...folder(join(ROOT, "stdlib"), "extension/stdlib", ".tfx"),
  });
  writeFileSync(to, bytes);
  return bytes.byteLength;
};

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const to = process.argv[2] ?? join(HERE, "tfx.vsix");
  console.log(`${to}: ${Math.round((await pack(to)) / 1024)} KiB`);
}
