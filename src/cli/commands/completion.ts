import { Argument, Command } from "commander";
import { loadMethods, methodNames } from "../../methods";
import type { AnyMethod } from "../../methods";
import { completionScript, SHELLS, type Shell } from "../completion";
import { clusters, places } from "./cluster";

/** `constella completion SHELL`: a script that completes commands, options and values. */
export function completionCommand(print: (text: string) => void): Command {
  return new Command("completion")
    .description("print a script by which a shell completes commands, options and their values")
    .addArgument(new Argument("<shell>", "whose script").choices(SHELLS))
    .addHelpText(
      "after",
      [
        "",
        "Examples:",
        '  eval "$(constella completion bash)"     in ~/.bashrc',
        '  eval "$(constella completion zsh)"      in ~/.zshrc',
        "  constella completion fish | source      in config.fish",
      ].join("\n"),
    )
    .action(async (shell: Shell, _options: unknown, command: Command) => {
      const program = command.parent!;
      const methods = await loadMethods();
      const named = (wanted: (method: AnyMethod) => boolean): readonly string[] =>
        methods.filter(wanted).map(({ name }) => name);
      print(
        completionScript(shell, program, {
          help: [...program.commands.map((each) => each.name()), ...methodNames],
          "cluster --method": named(clusters),
          "embed --method": named(places),
        }),
      );
    });
}
