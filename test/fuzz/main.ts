// npm run fuzz [-- COUNT [NAME …]]: COUNT (default 20,000) changed files of every model's checkpoint and of every format, each target in a process of
// its own, so that one that hangs, aborts or takes more than a gigabyte is told too. --seed N: other changes.
import { fork } from "node:child_process";
import { endTargets, fuzz, TARGETS } from "./targets";

/** Megabytes that a process may ever have had. */
const MOST = 1000;
/** Milliseconds without a word after which a process hangs. */
const SILENCE = 120_000;
/** Faults that are shown of each kind of file. */
const SHOWN = 5;

const args = process.argv.slice(2);
const at = args.indexOf("--seed");
const seed = at < 0 ? 1 : Number(args.splice(at, 2)[1]);
const [role, ...rest] = args;

/** One target in this process: tells its parent how far it is, and at the end what there was. */
async function child(name: string, count: number): Promise<void> {
  const target = TARGETS.find((each) => each.name === name)!;
  let last = 0;
  const tally = await fuzz(target, count, seed, (run) => {
    if (performance.now() - last < 1000) return;
    last = performance.now();
    process.send!({ run });
  });
  await endTargets();
  process.send!({ tally, megabytes: process.resourceUsage().maxRSS / 1024 });
  process.disconnect();
}

interface Word {
  readonly run?: number;
  readonly tally?: Awaited<ReturnType<typeof fuzz>>;
  readonly megabytes?: number;
}

/** Runs a target; whether it held. */
function parent(name: string, count: number): Promise<boolean> {
  return new Promise((resolve) => {
    const process_ = fork(process.argv[1]!, ["--target", name, String(count), "--seed", String(seed)]);
    let [run, done] = [0, false];
    const give = (): NodeJS.Timeout => setTimeout(() => process_.kill("SIGKILL"), SILENCE);
    let silence = give();
    process_.on("message", (word: Word) => {
      clearTimeout(silence);
      silence = give();
      run = word.run ?? run;
      if (!word.tally) return;
      done = true;
      const { read, refused, faults } = word.tally;
      const large = word.megabytes! > MOST;
      console.log(
        `${name.padEnd(24)} ${count} changed: ${read} read, ${refused} refused, ${faults.length} faults, ${word.megabytes!.toFixed(0)} MB at most`,
      );
      for (const { run: which, message } of faults.slice(0, SHOWN)) console.log(`  ${which}: ${message}`);
      resolve(faults.length === 0 && !large);
    });
    process_.on("exit", (code, signal) => {
      clearTimeout(silence);
      if (done) return;
      console.log(`${name}: the process ended by ${signal ?? `exit ${code}`} after file ${run} of ${count}`);
      resolve(false);
    });
  });
}

if (role === "--target") await child(rest[0]!, Number(rest[1]));
else {
  const names = TARGETS.map(({ name }) => name);
  const unknown = rest.find((name) => !names.includes(name));
  if (unknown !== undefined) throw new Error(`fuzz: there is no ${unknown}, there are ${names.join(", ")}`);
  let held = true;
  for (const name of rest.length > 0 ? rest : names) held = (await parent(name, Number(role ?? 20_000))) && held;
  process.exitCode = held ? 0 : 1;
}
