#!/usr/bin/env node
import { Command } from "commander";
import { version } from "../../package.json";
import { clusterCommand } from "./cluster";
import { compareCommand } from "./compare";
import { devicesCommand } from "./devices";
import { run } from "./failure";
import { metricsCommand } from "./metrics";
import { probeCommand } from "./probe";
import { significanceCommand } from "./significance";
import { simulateCommand } from "./simulate";

const print = (text: string): void => void process.stdout.write(`${text}\n`);

const program = new Command("constella")
  .description("Deep clustering on WebGPU and WebAssembly.")
  .version(version)
  .helpCommand(false);
for (const command of [
  clusterCommand,
  metricsCommand,
  probeCommand,
  compareCommand,
  significanceCommand,
  simulateCommand,
  devicesCommand,
])
  program.addCommand(command(print));

await run(program);
