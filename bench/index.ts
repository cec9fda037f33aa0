import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { availableParallelism, cpus, loadavg } from "node:os";
import { parseArgs } from "node:util";
import { race, type Outcome } from "./harness";
import { CLOCK, contenderProcess, roofProcess, serveContender, serveRoof } from "./process";
import { growthTable, outcomeTable, roofTable, type Roofs } from "./report";
import { RELAXED, ROOFS, type Roof } from "./roofs/roof";
import { markdownTable, plainTable } from "./table";
import type { AnyWorkload } from "./workload";
import { WORKLOADS } from "./workloads";

const USAGE = `npm run bench -- [options]
  --only REGEX      workloads whose name matches
  --against REGEX   contenders whose name matches
  --device DEVICE   wasm or webgpu workloads only
  --quick           small workloads, few rounds
  --cpu             CPU time of the contender's process instead of time on the wall: for a busy machine; threads add up
  --python          libraries of the user's own Python beside them, where python3 has them (--torch: the same)
  --json FILE       every timing, the roofs and the machine
  --markdown FILE   the tables as Markdown
  --list            the names, nothing is run`;

/** What the command line asks for. @throws on an unknown option or a value that does not parse */
function options(): ReturnType<typeof parse> {
  try {
    return parse();
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}\n${USAGE}`);
    process.exit(2);
  }
}

function parse(): {
  only: RegExp;
  against: RegExp;
  device: string | undefined;
  quick: boolean;
  cpu: boolean;
  python: boolean;
  json: string | undefined;
  markdown: string | undefined;
  list: boolean;
  help: boolean;
} {
  const text = { type: "string" } as const;
  const flag = { type: "boolean", default: false } as const;
  const { values } = parseArgs({
    options: {
      only: text,
      against: text,
      device: text,
      json: text,
      markdown: text,
      quick: flag,
      cpu: flag,
      python: flag,
      torch: flag,
      list: flag,
      help: flag,
    },
  });
  const { only, against, device, json, markdown, quick, cpu, list, help } = values;
  if (device !== undefined && device !== "wasm" && device !== "webgpu")
    throw new Error(`--device: wasm or webgpu, not ${device}`);
  return {
    only: new RegExp(only ?? ""),
    against: new RegExp(against ?? ""),
    device,
    json,
    markdown,
    quick,
    cpu,
    python: values.python || values.torch,
    list,
    help,
  };
}

/** Installs the peers once per lock file. */
function installPeers(): void {
  const lock = createHash("sha256").update(readFileSync("bench/package-lock.json")).digest("hex");
  const stamp = "bench/node_modules/.constella-lock";
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === lock) return;
  console.log("installing the peers (once) …");
  const npm = process.env.npm_execpath;
  const [command, first] = npm ? [process.execPath, [npm]] : ["npm", []];
  const args = [...first, "ci", "--no-audit", "--no-fund", "--loglevel=error"];
  const { status } = spawnSync(command, args, { cwd: "bench", stdio: ["ignore", "ignore", "inherit"] });
  if (status === 0) writeFileSync(stamp, lock);
  else console.error("npm ci in bench/ failed: the peers that are missing are named below");
}

async function main(): Promise<number> {
  const { only, against, device, quick, cpu, python, json, markdown, list, help } = options();
  const chosen = WORKLOADS.filter((w) => only.test(w.name) && (!device || w.device === device) && (w.quick || !quick));
  if (help) console.log(USAGE);
  if (list) for (const w of chosen) console.log(`${w.name}: ${w.contenders.map(({ name }) => name).join("; ")}`);
  if (help || list) return 0;
  if (chosen.length === 0) {
    console.error(`--only ${only.source}: no such workload; there are ${WORKLOADS.map(({ name }) => name).join(", ")}`);
    return 2;
  }
  installPeers();
  if (cpu) process.env[CLOCK] = "cpu";

  const progress = (text: string): void => {
    if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${text}`);
  };
  const machine = `${cpus()[0]?.model.trim() ?? "CPU"}, ${availableParallelism()} threads, Node ${process.versions.node} (V8 ${process.versions.v8}), ${new Date().toISOString().slice(0, 10)}`;
  const load = loadavg()[0]!;
  console.log(machine);
  if (load > 0.5) console.log(`load average ${load.toFixed(1)}: other work disturbs the figures`);
  console.log(cpu ? "milliseconds of CPU time\n" : "");

  const contenders = new Map(
    chosen.map((w) => [w, w.contenders.filter((c) => against.test(c.name) && (!c.python || python))] as const),
  );
  const wanted = new Set([...contenders.values()].flat().map(({ roof }) => roof));
  const roofs: Roofs = {};
  for (const roof of ROOFS.filter((name) => wanted.has(name))) {
    progress(`measuring the roof of ${roof}`);
    roofs[roof] = await roofProcess(roof, roof.includes("relaxed") ? RELAXED : []).catch(
      (error: Error) => error.message,
    );
  }
  const tables = [roofTable(roofs)];
  progress("");
  console.log(`${plainTable(tables[0]!)}\n`);

  const measured: { workload: AnyWorkload; outcomes: Outcome[] }[] = [];
  for (const [w, racing] of contenders) {
    const outcomes = await race(
      racing.map((contender) => contenderProcess(w, contender)),
      {
        rounds: quick ? 5 : 15,
        budgetMs: quick ? 3000 : 15_000,
        ...(w.warmup !== undefined && { warmup: w.warmup }),
        onProgress: (message) => progress(`${w.name}: ${message}`),
      },
    );
    progress("");
    const table = outcomeTable(w, racing, outcomes, roofs);
    tables.push(table);
    measured.push({ workload: w, outcomes });
    console.log(`${plainTable(table)}\n`);
  }
  const growth = growthTable(measured);
  if (growth) {
    tables.push(growth);
    console.log(`${plainTable(growth)}\n`);
  }
  const results = measured.map(({ workload, outcomes }) => ({ workload: workload.name, outcomes }));
  if (json) writeFileSync(json, `${JSON.stringify({ machine, roofs, results }, null, 2)}\n`);
  if (markdown) writeFileSync(markdown, `Measured on ${machine}.\n\n${tables.map(markdownTable).join("\n\n")}\n`);
  return 0;
}

const [role, ...rest] = process.argv.slice(2);
if (role === "--contender")
  serveContender(
    WORKLOADS.find(({ name }) => name === rest[0])!,
    rest[1]!,
  );
else if (role === "--roof") serveRoof(rest[0] as Roof);
else process.exitCode = await main();
