#!/usr/bin/env node
import { Command } from "commander";
import { version } from "../../package.json";
import { clusterCommand } from "./commands/cluster";
import { compareCommand } from "./commands/compare";
import { devicesCommand } from "./commands/devices";
import { run } from "./failure";
import { learnCommand } from "./commands/learn";
import { metricsCommand } from "./commands/metrics";
import { probeCommand } from "./commands/probe";
import { significanceCommand } from "./commands/significance";
import { simulateCommand } from "./commands/simulate";

const print = (text: string): void => void process.stdout.write(`${text}\n`);

const program = new Command("constella")
  .description("Deep clustering on WebGPU and WebAssembly.")
  .version(version)
  .helpCommand(false);
for (const command of [
  clusterCommand,
  learnCommand,
  metricsCommand,
  probeCommand,
  compareCommand,
  significanceCommand,
  simulateCommand,
  devicesCommand,
])
  program.addCommand(command(print));

await run(program);
