// npm run kill [-- TIMES [METHOD …]]: kills runs of constella cluster at random moments, TIMES (default 20) a method and ending, and resumes them.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ENDINGS, killable, Killing } from "./killed";

const [times = "20", ...names] = process.argv.slice(2);
const folder = await mkdtemp(join(tmpdir(), "constella-kill-"));
const killing = new Killing(join(process.cwd(), "dist/cli.js"), folder);
let faults = 0;
for (const method of await killable()) {
  if (names.length > 0 && !names.includes(method.name)) continue;
  for (const ending of ENDINGS) {
    let held = 0;
    for (let time = 0; time < Number(times); time++) {
      const fault = await killing.once(method, ending, Math.random());
      if (fault) console.log(`${method.name}, ${ending}: ${fault}`);
      else held++;
    }
    faults += Number(times) - held;
    console.log(`${method.name.padEnd(20)} ${ending.padEnd(13)} ${held} of ${times} went on to the same end`);
  }
}
await rm(folder, { recursive: true, force: true });
process.exitCode = faults > 0 ? 1 : 0;
