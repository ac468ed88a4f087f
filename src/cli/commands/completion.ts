/** `tfx completion SHELL`: what a shell completes, from the commands themselves. */
import type { Command, Option } from "commander";
import { standardFiles } from "../catalogue.ts";
import type { ExitCode } from "../errors.ts";

export type Shell = "bash" | "zsh" | "fish";

/** A command as a shell sees it. */
type Entry = {
  readonly name: string;
  readonly about: string;
  readonly options: readonly Option[];
  /** The words that may stand behind it in place of files. */
  readonly words: readonly string[];
};

const entriesOf = (program: Command): readonly Entry[] =>
  program.commands.map((c) => ({
    name: c.name(),
    about: c.description(),
    options: c.options.filter((o) => !o.hidden),
    words: c.registeredArguments.flatMap((a) => a.argChoices ?? []),
  }));

const flagsOf = (o: Option): readonly string[] => [o.short, o.long].filter((f) => f !== undefined && f !== null);

/** In single quotes, for a POSIX shell. */
const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;

const bash = (entries: readonly Entry[], files: readonly string[]): string => {
  const cases = entries.flatMap((e) =>
    e.options.flatMap((o) =>
      o.argChoices === undefined
        ? []
        : [
            `    ${flagsOf(o)
              .map((f) => quoted(`${e.name} ${f}`))
              .join("|")}) words=${quoted(o.argChoices.join(" "))} ;;`,
          ],
    ),
  );
  const options = entries.map(
    (e) => `      ${e.name}) words=${quoted([...e.options.flatMap(flagsOf), "--help"].join(" "))} ;;`,
  );
  const named = entries.filter((e) => e.words.length > 0);
  return `# Completion of tfx for bash: eval "$(tfx completion bash)", or into ~/.local/share/bash-completion/completions/tfx
_tfx() {
  local cur="\${COMP_WORDS[COMP_CWORD]}" prev="\${COMP_WORDS[COMP_CWORD-1]}" command="\${COMP_WORDS[1]}" words="" IFS=$' \\t\\n'
  COMPREPLY=()
  if [ "$COMP_CWORD" -eq 1 ]; then
    COMPREPLY=($(compgen -W ${quoted([...entries.map((e) => e.name), "--help", "--version"].join(" "))} -- "$cur"))
    return
  fi
  case "$command $prev" in
${cases.join("\n")}
  esac
  if [ -z "$words" ]; then
    case "$cur" in
      -*) case "$command" in
${options.join("\n")}
      esac ;;
    esac
  fi
  if [ -z "$words" ]; then
    case "$command" in
${named.map((e) => `      ${e.name}) words=${quoted(e.words.join(" "))} ;;`).join("\n")}
    esac
  fi
  if [ -n "$words" ]; then
    COMPREPLY=($(compgen -W "$words" -- "$cur"))
    return
  fi
  compopt -o filenames 2>/dev/null
  local IFS=$'\\n'
  COMPREPLY=($(compgen -f -X '!*.tfx' -- "$cur") $(compgen -d -- "$cur"))
  case "$cur" in
    std*) IFS=$' \\t\\n' COMPREPLY+=($(compgen -W ${quoted(files.join(" "))} -- "$cur")) ;;
  esac
}
complete -F _tfx tfx
`;
};

/** A description inside of _arguments: brackets and colons have a meaning there. */
const described = (text: string): string => text.replace(/[[\]:\\]/g, (c) => `\\${c}`);

const zsh = (entries: readonly Entry[], files: readonly string[]): string => {
  const argument = (o: Option): string =>
    !o.required && !o.optional
      ? ""
      : o.argChoices === undefined
        ? ":value:_files"
        : `:value:(${o.argChoices.join(" ")})`;
  const option = (o: Option): readonly string[] =>
    flagsOf(o).map((f) => quoted(`*${f}[${described(o.description)}]${argument(o)}`));
  const rest = (e: Entry): string => (e.words.length > 0 ? `*:word:(${e.words.join(" ")})` : "*:file:_tfx_files");
  return `#compdef tfx
# Completion of tfx for zsh: into a folder of $fpath as _tfx, or eval "$(tfx completion zsh)" behind compinit
_tfx_files() {
  _files -g '*.tfx'
  local -a library=(${files.join(" ")})
  compadd -a library
}
_tfx() {
  local -a commands=(
${entries.map((e) => `    ${quoted(`${e.name}:${e.about.replaceAll(":", "\\:")}`)}`).join("\n")}
  )
  if (( CURRENT == 2 )); then
    _describe command commands
    return
  fi
  local command="$words[2]"
  shift words
  (( CURRENT -= 1 ))
  case "$command" in
${entries.map((e) => `    ${e.name}) _arguments ${[...e.options.flatMap(option), quoted(rest(e))].join(" ")} ;;`).join("\n")}
  esac
}
if [ "$funcstack[1]" = "_tfx" ]; then _tfx "$@"; else compdef _tfx tfx; fi
`;
};

const fish = (entries: readonly Entry[], files: readonly string[]): string => {
  const text = (words: string): string => `'${words.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
  const lines = entries.flatMap((e) => {
    const here = `-n '__fish_seen_subcommand_from ${e.name}'`;
    return [
      `complete -c tfx -n __fish_use_subcommand -f -a ${e.name} -d ${text(e.about)}`,
      ...e.options.map((o) => {
        const short = o.short === undefined || o.short === null ? "" : ` -s ${o.short.slice(1)}`;
        const value = !o.required ? "" : o.argChoices === undefined ? " -r" : ` -xa ${text(o.argChoices.join(" "))}`;
        return `complete -c tfx ${here} -l ${(o.long ?? "").slice(2)}${short}${value} -d ${text(o.description)}`;
      }),
      ...(e.words.length === 0 ? [] : [`complete -c tfx ${here} -f -a ${text(e.words.join(" "))}`]),
    ];
  });
  return `# Completion of tfx for fish: into ~/.config/fish/completions/tfx.fish
${lines.join("\n")}
complete -c tfx -n 'not __fish_use_subcommand' -a ${text(files.join(" "))}
`;
};

/** The script of a shell for the commands of `program`. */
const completionScript = (shell: Shell, program: Command): string => {
  const [entries, files] = [entriesOf(program), standardFiles()];
  switch (shell) {
    case "bash":
      return bash(entries, files);
    case "zsh":
      return zsh(entries, files);
    case "fish":
      return fish(entries, files);
  }
};

export const completion = (shell: Shell, program: Command): ExitCode => {
  process.stdout.write(completionScript(shell, program));
  return 0;
};
