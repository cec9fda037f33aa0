#!/usr/bin/env node
import { Command, CommanderError } from "commander";
import { version } from "../../package.json";
import { clusterCommand } from "./cluster";
import { devicesCommand } from "./devices";
import { INTERRUPTED, Interrupted } from "./interrupt";
import { metricsCommand } from "./metrics";

const BAD_INPUT = 2;
const print = (text: string): void => void process.stdout.write(`${text}\n`);
const report = (text: string): void => void process.stderr.write(`constella: ${text}\n`);

const program = new Command("constella")
  .description("Deep clustering on WebGPU and WebAssembly.")
  .version(version)
  .helpCommand(false);
for (const command of [clusterCommand(print), metricsCommand(print), devicesCommand(print)])
  program.addCommand(command);
for (const command of [program, ...program.commands])
  command.exitOverride().configureOutput({ outputError: () => undefined }); // reported below, in one line

try {
  if (process.argv.length <= 2) program.outputHelp();
  else await program.parseAsync();
} catch (error) {
  process.exitCode = exitCode(error);
}

/** Reports the error in one line (with DEBUG=constella also where it comes from). */
function exitCode(error: unknown): number {
  if (error instanceof CommanderError && error.exitCode === 0) return 0; // help and version
  if (!(error instanceof Error)) return (report(String(error)), 1);
  report(error.message.replace(/^error: /, "").replace(/\s*\n\s*/g, " "));
  if (process.env["DEBUG"] === "constella") console.error(error);
  if (error instanceof Interrupted) return INTERRUPTED;
  const isDefect = error instanceof TypeError || error instanceof RangeError || error instanceof ReferenceError;
  return isDefect ? 1 : BAD_INPUT;
}
