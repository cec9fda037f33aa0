import { Command } from "commander";
import { didYouMean } from "../../checks";
import { loadMethod, methodNames } from "../../methods";
import { methodHelp } from "../method-options";

/** `constella help METHOD`: a method, its source and its options; `constella help COMMAND` as well. */
export function helpCommand(print: (text: string) => void): Command {
  return new Command("help")
    .description("explain a method and its options, or a command")
    .argument("[topic]", "a method, such as dec, or a command")
    .action(async (topic: string | undefined, _options: unknown, command: Command) => {
      const program = command.parent!;
      if (topic === undefined) return print(program.helpInformation().trimEnd());
      const about = program.commands.find((each) => each.name() === topic);
      if (about) return about.outputHelp();
      if (!methodNames.includes(topic as (typeof methodNames)[number])) {
        const topics = [...program.commands.map((each) => each.name()), ...methodNames];
        throw new Error(`help: there is no method or command ${topic}${didYouMean(topic, topics)}`);
      }
      print(methodHelp(await loadMethod(topic)));
    });
}
