/** The command line `tfx` as a function. Commands are loaded when they are called. */
import { PRINT_AFTER } from "./level-names.ts";
import { readFileSync } from "node:fs";
import { Argument, Command, CommanderError, InvalidArgumentError, Option } from "commander";
import { TARGETS } from "../base/target.ts";
import { printable } from "../base/plain-text.ts";
import { DeviceError, exhausted, UsageError, type ExitCode } from "./errors.ts";
import { collectFiles, collectPairs } from "./options.ts";
import { FORMATS } from "./report.ts";
import { STDIN } from "./sources.ts";

const version = (): string => {
  const manifest: unknown = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8"));
  return (manifest as { readonly version: string }).version;
};

const wholeNumber = (text: string): number => {
  if (!/^-?\d+$/.test(text)) throw new InvalidArgumentError("Not a whole number.");
  return Number(text);
};

const positive = (text: string): number => {
  if (!/^[1-9]\d*$/.test(text)) throw new InvalidArgumentError("Not a positive whole number.");
  return Number(text);
};

const pairs = (flags: string, help: string): Option =>
  new Option(flags, `${help} (repeatable)`).argParser(collectPairs);
/** A file; `-` is what is piped in. */
const source = (text: string): string => (text === "-" ? STDIN : text);
const kernel = (): Option => new Option("-k, --kernel <name>", "the kernel; may be left out when the file has one");
const dim = (): Option => pairs("-d, --dim <NAME=N>", "a size that is known at compile time");
const fixed = (): Option => pairs("--static <name=value>", "a static parameter");
const type = (): Option => pairs("--type <T=type>", "the element type that a type variable stands for");
const format = (): Option =>
  new Option("--format <format>", "how diagnostics are written").choices(FORMATS).default("pretty");
const target = (): Option =>
  new Option("--target <name>", "what the kernel may use").choices(Object.keys(TARGETS)).default("baseline");

const verify = (): Option =>
  new Option("--verify", "check every level of the compiler between its passes (for work on TFX)");

type Run = (action: () => ExitCode | Promise<ExitCode>) => Promise<void>;

const withCompileOptions = (command: Command): Command =>
  command
    .addOption(kernel())
    .addOption(dim())
    .addOption(fixed())
    .addOption(type())
    .addOption(target())
    .addOption(verify())
    .addOption(format());

const addRun = (program: Command, run: Run): void => {
  program
    .command("run")
    .description("run a kernel on files of tensors or on random data, and say how exact and how fast it was")
    .argument("<file>", "a file, or - for standard input", source)
    .addOption(kernel())
    .addOption(
      new Option(
        "-i, --input <name=file>",
        "an input: .npy, or .npz and .safetensors (file:tensor where it has another name; file alone: all inputs that it has) (repeatable)",
      ).argParser(collectFiles),
    )
    .addOption(
      new Option(
        "-o, --output <name=file>",
        "where a result goes: .npy, .npz, .safetensors (the last two alone: all results) (repeatable)",
      ).argParser(collectFiles),
    )
    .addOption(pairs("-s, --set <name=value>", "a scalar parameter"))
    .addOption(fixed())
    .addOption(dim())
    .addOption(type())
    .option("--check", "compare with the f64 meaning of the file; exit code 1 when the error is too large")
    .option("--adapter <name>", "auto, cpu, swiftshader, lavapipe, or a part of a GPU's name", "auto")
    .addOption(
      new Option("--target <name>", "run the plan for another target, if the adapter can").choices(
        Object.keys(TARGETS),
      ),
    )
    .addOption(new Option("--subgroups <use>", "subgroup operations").choices(["on", "off"]).default("on"))
    .addOption(new Option("--random <seed>", "make up the inputs that have no file").argParser(wholeNumber))
    .option("--json", "print one JSON object")
    .addOption(verify())
    .addOption(format())
    .action((file, options) => run(async () => (await import("./commands/run.ts")).run(file, options)));
};

const addCommands = (program: Command, run: Run): void => {
  program
    .command("lsp")
    .description("the language server for editors, over standard input and output")
    .option("--stdio", "as editors call it; there is no other way")
    .action(() => run(async () => (await import("./commands/lsp.ts")).lsp()));
  program
    .command("check")
    .description("report everything that is wrong in files; - reads stdin")
    .argument("<file...>")
    .option("--notes", "also say which results take several passes, and why")
    .option("--watch", "again whenever a file changes")
    .addOption(format())
    .action((files, options) => run(async () => (await import("./commands/check.ts")).check(files, options)));
  withCompileOptions(program.command("compile"))
    .description("write NAME.wgsl and NAME.json for a kernel, or for all kernels of a file")
    .argument("<file>", "a file, or - for standard input", source)
    .option("--out <folder>", "where the files go", ".")
    .addOption(
      new Option(
        "--emit <form>",
        "json: for tfx-lang/runtime; ts: NAME.ts, which needs nothing but WebGPU; dts: FILE.d.tfx.ts, types of imports",
      )
        .choices(["json", "ts", "dts"])
        .default("json"),
    )
    .action((file, options) => run(async () => (await import("./commands/compile.ts")).compile(file, options)));
  addRun(program, run);
  withCompileOptions(program.command("explain"))
    .description("print how a kernel is computed and why so, or what a message's code means")
    .argument("<file-or-code>", "a file, - for standard input, or a code such as TFX2103", source)
    .addOption(pairs("--at <NAME=N>", "a size to count at that stays free in the kernel"))
    .addOption(pairs("-s, --set <name=value>", "a scalar parameter to count at"))
    .option("--no-map", "leave the mask map out")
    .addOption(
      new Option("--print-after <pass>", "print what a pass of the compiler made instead").choices(PRINT_AFTER),
    )
    .action((file, options) => run(async () => (await import("./commands/explain.ts")).explain(file, options)));
  program
    .command("grad")
    .description("print the gradient of a kernel as another program")
    .argument("<file>", "a file, or - for standard input", source)
    .addOption(kernel())
    .option("--of <results>", "the results that have cotangents, separated by commas; all of floats where left out")
    .option("--wrt <parameters>", "the parameters whose gradients are wanted; all tensors of floats where left out")
    .option(
      "--save <what>",
      "what a forward kernel hands on: none, auto, or results and lets separated by commas",
      "none",
    )
    .option("--out <file>", "where the program goes; standard output where left out")
    .addOption(format())
    .action((file, options) => run(async () => (await import("./commands/grad.ts")).grad(file, options)));
  program
    .command("jvp")
    .description("print a kernel with its derivative along a direction as another program")
    .argument("<file>", "a file, or - for standard input", source)
    .addOption(kernel())
    .option("--of <results>", "the results, separated by commas; all of floats where left out")
    .option("--wrt <parameters>", "the parameters that move; all tensors of floats where left out")
    .option("--out <file>", "where the program goes; standard output where left out")
    .addOption(format())
    .action((file, options) => run(async () => (await import("./commands/grad.ts")).forward(file, options)));
  program
    .command("init")
    .description("write a page that runs a kernel, with Vite")
    .argument("[folder]", "where", ".")
    .action((folder) => run(async () => (await import("./commands/init.ts")).init(folder, version())));
  program
    .command("doctor")
    .description("say what this machine has for running kernels, and run one")
    .action(() => run(async () => (await import("./commands/doctor.ts")).doctor(version())));
  program
    .command("diff")
    .description("say whether two kernels mean the same, on random data in f64, and how each is computed")
    .argument("<a>", "a file, or - for standard input", source)
    .argument("<b>", "another", source)
    .addOption(kernel())
    .option("--other <name>", "the kernel of the second file, where its name is another")
    .addOption(dim())
    .addOption(fixed())
    .addOption(type())
    .addOption(pairs("-s, --set <name=value>", "a scalar parameter"))
    .addOption(new Option("--random <seed>", "the data").argParser(wholeNumber).default(1))
    .addOption(format())
    .action((a, b, options) => run(async () => (await import("./commands/diff.ts")).diff(a, b, options)));
  program
    .command("bench")
    .description("time a kernel on made-up data, or two kernels in turns")
    .argument("<file>", "a file, or - for standard input", source)
    .argument("[other]", "another file, to compare with", source)
    .addOption(kernel())
    .option("--other <name>", "the kernel of the second file, where its name is another")
    .addOption(dim())
    .addOption(fixed())
    .addOption(type())
    .addOption(pairs("-s, --set <name=value>", "a scalar parameter"))
    .option("--adapter <name>", "auto, cpu, swiftshader, lavapipe, or a part of a GPU's name", "auto")
    .addOption(
      new Option("--target <name>", "time the plan for another target, if the adapter can").choices(
        Object.keys(TARGETS),
      ),
    )
    .addOption(new Option("--rounds <n>", "how often each is run").argParser(positive).default(15))
    .addOption(new Option("--random <seed>", "the data").argParser(wholeNumber).default(1))
    .option("--json", "print one JSON object")
    .addOption(format())
    .action((file, other, options) =>
      run(async () => (await import("./commands/bench.ts")).bench(file, other, options)),
    );
  program
    .command("completion")
    .description("print a script that completes commands, options and files in a shell")
    .addArgument(new Argument("<shell>", "which one").choices(["bash", "zsh", "fish"]))
    .action((shell) => run(async () => (await import("./commands/completion.ts")).completion(shell, program)));
  program
    .command("fmt")
    .description("lay files out canonically, in place; - reads stdin and writes stdout")
    .argument("<file...>")
    .option("--check", "write nothing; exit code 1 when a file would change")
    .addOption(format())
    .action((files, options) => run(async () => (await import("./commands/fmt.ts")).fmt(files, options)));
  program
    .command("list")
    .description("print the kernels of a file with their signatures, or the standard library with its plans")
    .argument("[file]", "a file, or a name as in std/attention/causal")
    .option("--json", "print a JSON array")
    .addOption(format())
    .action((file, options) => run(async () => (await import("./commands/list.ts")).list(file, options)));
};

const internal = (error: unknown): ExitCode => {
  console.error(`tfx: internal error: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
  console.error("This is a bug in TFX, not in your file.");
  return 70;
};

/** Runs the command line; never throws. */
export const main = async (argv: readonly string[]): Promise<ExitCode> => {
  let code: ExitCode = 0;
  const program = new Command("tfx")
    .description("compiles attention and normalization variants to fused WebGPU kernels")
    .version(version())
    .exitOverride()
    .configureHelp({ showGlobalOptions: true });
  addCommands(program, async (action) => {
    code = await action();
  });
  try {
    await program.parseAsync([...argv], { from: "user" });
    return code;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    const message = error instanceof UsageError || error instanceof DeviceError ? error.message : exhausted(error);
    if (message === null) return internal(error);
    console.error(`tfx: ${printable(message)}`);
    return error instanceof UsageError ? 2 : 1;
  }
};
