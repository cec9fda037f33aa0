#!/usr/bin/env node
import { Command } from "commander";
import { version } from "../../package.json";
import { clusterCommand } from "./cluster";
import { devicesCommand } from "./devices";
import { run } from "./failure";
import { metricsCommand } from "./metrics";

const print = (text: string): void => void process.stdout.write(`${text}\n`);

const program = new Command("constella")
  .description("Deep clustering on WebGPU and WebAssembly.")
  .version(version)
  .helpCommand(false);
for (const command of [clusterCommand(print), metricsCommand(print), devicesCommand(print)])
  program.addCommand(command);

await run(program);
