#!/usr/bin/env node
import { Command } from "commander";
import { version } from "../../package.json";
import { clusterCommand, embedCommand } from "./commands/cluster";
import { compareCommand } from "./commands/compare";
import { completionCommand } from "./commands/completion";
import { devicesCommand } from "./commands/devices";
import { exportCommand } from "./commands/export";
import { helpCommand } from "./commands/help";
import { learnCommand } from "./commands/learn";
import { metricsCommand } from "./commands/metrics";
import { predictCommand } from "./commands/predict";
import { probeCommand } from "./commands/probe";
import { significanceCommand } from "./commands/significance";
import { simulateCommand } from "./commands/simulate";
import { run } from "./failure";
import { versionInWords } from "./version";
import { skyCommand } from "./commands/sky";

const print = (text: string): void => void process.stdout.write(`${text}\n`);

const program = new Command("constella")
  .description("Deep clustering on WebGPU and WebAssembly.")
  .version(version, "-V, --version", "print the version, and what there is to compute on")
  .configureHelp({ helpWidth: 80 })
  .helpCommand(false);
for (const command of [
  clusterCommand,
  embedCommand,
  predictCommand,
  exportCommand,
  learnCommand,
  metricsCommand,
  probeCommand,
  compareCommand,
  significanceCommand,
  simulateCommand,
  skyCommand,
  devicesCommand,
  completionCommand,
  helpCommand,
])
  program.addCommand((await command(print)).configureHelp({ helpWidth: 80 }));

if (process.argv[2] === "--version" || process.argv[2] === "-V") print(await versionInWords());
else await run(program);
