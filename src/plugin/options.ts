/** What a user of the plugin says: sizes, types and target, for all files or for one import. */

/** Names that a kernel has not are for other kernels; those of a query must be of the file. */
export type TfxOptions = {
  /** Sizes that are known at compile time. */
  readonly dims?: Readonly<Record<string, number>>;
  /** Values of static parameters. */
  readonly statics?: Readonly<Record<string, number>>;
  /** Element types of type variables. */
  readonly types?: Readonly<Record<string, string>>;
  /** What kernels may use: a name of `TARGETS`. */
  readonly target?: string;
  /** Writes `x.d.tfx.ts` beside each file that is loaded, for exact types; `x.grad.d.ts` for `x.tfx?grad`. */
  readonly dts?: boolean;
};

/** An import's path and what its query asks for. */
export type Request = {
  readonly file: string;
  /** The shader's text instead of the factories. */
  readonly wgsl: boolean;
  /** Kernels with their gradients instead: a forward and a backward one each. */
  readonly grad: boolean;
  readonly kernel: string | null;
  readonly target: string | null;
  /** Sizes, static parameters and types by name. */
  readonly choices: ReadonlyMap<string, string>;
};

/** Parts of a query that bundlers add. */
const THEIRS = ["import", "t", "v"];
/** Queries that ask the bundler for something else: the text, a URL, a worker. */
const ELSEWHERE = ["raw", "url", "inline", "no-inline", "worker", "sharedworker", "init"];

/** What is asked for; null where it is not this plugin that is asked. */
export const readRequest = (id: string): Request | null => {
  const [file = "", query = ""] = id.split("?", 2);
  if (!file.endsWith(".tfx") || file.startsWith("\0")) return null;
  const asked = new Map(new URLSearchParams(query));
  if (ELSEWHERE.some((key) => asked.has(key))) return null;
  const own = ["wgsl", "grad", "kernel", "target", ...THEIRS];
  return {
    file,
    wgsl: asked.has("wgsl"),
    grad: asked.has("grad"),
    kernel: asked.get("kernel") ?? null,
    target: asked.get("target") ?? null,
    choices: new Map([...asked].filter(([key]) => !own.includes(key))),
  };
};
