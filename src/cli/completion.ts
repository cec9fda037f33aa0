// Scripts by which shells complete commands, options and their values, made of what the argument parser knows.
import type { Command, Option } from "commander";

/** Shells that a script can be made for. */
export const SHELLS = ["bash", "zsh", "fish"] as const;
/** A shell that a script of completion can be made for. */
export type Shell = (typeof SHELLS)[number];

/** What can follow a command. */
interface Completed {
  /** Words that lead to it: `cluster`, `simulate showers`. */
  readonly path: string;
  readonly summary: string;
  readonly options: readonly { readonly flag: string; readonly help: string; readonly values: readonly string[] }[];
  /** Words in place of an argument: commands below it, or what `help` explains. */
  readonly words: readonly string[];
}

const sentence = (command: Command): string => command.summary() || command.description().split("\n")[0]!;

/** The values that an option chooses among, by its placeholder `<a|b>`. */
function valuesOf({ flags }: Option): readonly string[] {
  const choice = /[<[]([^>\]]*\|[^>\]]*)[>\]]/.exec(flags)?.[1];
  return choice !== undefined && /^[a-z0-9.,-]+(\|[a-z0-9.,-]+)+$/.test(choice) ? choice.split("|") : [];
}

function completed(program: Command, values: Readonly<Record<string, readonly string[]>>): readonly Completed[] {
  const below = (command: Command, path: string): readonly Completed[] => [
    {
      ...{ path, summary: sentence(command) },
      options: command.options
        .filter(({ long }) => long)
        .map((option) => ({
          ...{ flag: option.long!, help: option.description.split("\n")[0]! },
          values: values[`${path} ${option.long!}`] ?? valuesOf(option),
        })),
      words: [...command.commands.map((each) => each.name()), ...(values[path] ?? [])],
    },
    ...command.commands.flatMap((each) => below(each, `${path} ${each.name()}`)),
  ];
  return program.commands.flatMap((command) => below(command, command.name()));
}

function bash(name: string, commands: readonly Completed[]): string {
  const all = commands.filter(({ path }) => !path.includes(" "));
  const deeper = commands.filter(({ path }) => path.includes(" ")).map(({ path }) => `"${path}"`);
  const values = commands.flatMap(({ path, options }) =>
    options.flatMap(({ flag, values }) =>
      values.length > 0 ? [`      "${path} ${flag}") words="${values.join(" ")}" ;;`] : [],
    ),
  );
  const words = commands.flatMap(({ path, options, words }) => [
    `      "${path} -"*) words="${options.map(({ flag }) => flag).join(" ")}" ;;`,
    ...(words.length > 0 ? [`      "${path} "*) words="${words.join(" ")}" ;;`] : []),
  ]);
  return `_${name}() {
  local current="\${COMP_WORDS[COMP_CWORD]}" before="\${COMP_WORDS[COMP_CWORD-1]}" command="\${COMP_WORDS[1]}" words=""
  if [ "$COMP_CWORD" -eq 1 ]; then
    words="${all.map(({ path }) => path).join(" ")} --help --version"
  else
    if [ "$COMP_CWORD" -gt 2 ]; then
      case "$command \${COMP_WORDS[2]}" in
        ${deeper.join("|")}) command="$command \${COMP_WORDS[2]}" ;;
      esac
    fi
    case "$command $before" in
${values.join("\n")}
      *) case "$command $current" in
${words.join("\n")}
      esac ;;
    esac
  fi
  COMPREPLY=()
  if [ -n "$words" ]; then
    while IFS= read -r word; do COMPREPLY+=("$word"); done < <(compgen -W "$words" -- "$current")
  fi
  if [ "\${#COMPREPLY[@]}" -eq 0 ] && [ "$COMP_CWORD" -gt 1 ]; then
    compopt -o filenames 2>/dev/null
    while IFS= read -r word; do COMPREPLY+=("$word"); done < <(compgen -f -- "$current")
  fi
}
complete -F _${name} ${name}`;
}

const quoted = (text: string): string => `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;

function fish(name: string, commands: readonly Completed[]): string {
  const lines = commands.flatMap(({ path, summary, options, words }) => {
    const steps = path.split(" ");
    const seen = steps.map((step) => `__fish_seen_subcommand_from ${step}`).join("; and ");
    const parent = steps.length === 1 ? "__fish_use_subcommand" : `__fish_seen_subcommand_from ${steps[0]}`;
    const begin = `complete -c ${name}`;
    return [
      `${begin} -n ${quoted(parent)} -f -a ${steps.at(-1)} -d ${quoted(summary)}`,
      ...options.map(({ flag, help, values }) => {
        const choice = values.length > 0 ? ` -x -a ${quoted(values.join(" "))}` : "";
        return `${begin} -n ${quoted(seen)} -l ${flag.slice(2)}${choice}${help ? ` -d ${quoted(help)}` : ""}`;
      }),
      ...(steps.length === 1 && words.length > 0 && !commands.some((other) => other.path.startsWith(`${path} `))
        ? [`${begin} -n ${quoted(seen)} -f -a ${quoted(words.join(" "))}`]
        : []),
    ];
  });
  return lines.join("\n");
}

/** The script for a shell. @param values words in place of a command's argument, by its path, or of an option's value, by path and flag */
export function completionScript(
  shell: Shell,
  program: Command,
  values: Readonly<Record<string, readonly string[]>>,
): string {
  const commands = completed(program, values);
  const name = program.name();
  if (shell === "fish") return fish(name, commands);
  if (shell === "bash") return bash(name, commands);
  return `autoload -U +X compinit && compinit\nautoload -U +X bashcompinit && bashcompinit\n${bash(name, commands)}`;
}
