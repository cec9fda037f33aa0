import { CommanderError, type Command } from "commander";
import { didYouMean } from "../checks";
import { Interrupted } from "./run/interrupt";

const BAD_INPUT = 2;

const report = (text: string): void => void process.stderr.write(`constella: ${text}\n`);

/** Runs a program: what goes wrong is one line on stderr and an exit code, 2 for bad input. Help where nothing is asked of one with commands. */
export async function run(program: Command): Promise<void> {
  for (const command of [program, ...program.commands, ...program.commands.flatMap(({ commands }) => commands)])
    command.exitOverride().configureOutput({ outputError: () => undefined }); // reported below, in one line
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
    process.exit(0); // the reader, such as `head`, has seen enough
  });
  process.stderr.on("error", () => undefined); // its reader has gone; the work goes on
  try {
    if (process.argv.length <= 2 && program.commands.length > 0) program.outputHelp();
    else await program.parseAsync();
  } catch (error) {
    process.exitCode = exitCode(withMeant(program, error));
  }
}

/** An unknown option with the one that is meant: the parser itself looks only at those that its help shows. */
function withMeant(program: Command, error: unknown): unknown {
  if (!(error instanceof CommanderError) || error.code !== "commander.unknownOption") return error;
  const given = /'--([\w-]+)'/.exec(error.message)?.[1];
  const command = program.commands.find((each) => each.name() === process.argv[2]) ?? program;
  const meant =
    given &&
    didYouMean(
      given,
      command.options.map(({ long }) => long?.slice(2) ?? ""),
    );
  if (meant?.endsWith("?")) error.message = `unknown option --${given}${meant.replace("mean ", "mean --")}`;
  return error;
}

/** Reports the error in one line; with DEBUG=constella also where it comes from. */
function exitCode(error: unknown): number {
  if (error instanceof CommanderError && (error.exitCode === 0 || error.code === "commander.help")) return 0; // help and version
  if (!(error instanceof Error)) return (report(String(error)), 1);
  report(error.message.replace(/^error: /, "").replace(/\s*\n\s*/g, " "));
  if (process.env["DEBUG"] === "constella") console.error(error);
  if (error instanceof Interrupted) return error.code;
  const isDefect = error instanceof TypeError || error instanceof RangeError || error instanceof ReferenceError;
  return isDefect ? 1 : BAD_INPUT;
}
