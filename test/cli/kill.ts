// npm run kill [-- TIMES [METHOD …]]: kills runs of constella cluster at random moments, TIMES (default 20) a method, by each ending in turn, and lets them
// go on; one in five before the first checkpoint. --seed N: other moments. --cube: items are pixels of a FITS cube, where a method takes one.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stream } from "../../src/random";
import { ENDINGS, killable, Killing } from "./killed";

const args = process.argv.slice(2);
const at = args.indexOf("--seed");
const seed = at < 0 ? 1 : Number(args.splice(at, 2)[1]);
const cube = args.indexOf("--cube");
if (cube >= 0) args.splice(cube, 1);
const [times = "20", ...names] = args;
const folder = await mkdtemp(join(tmpdir(), "constella-kill-"));
const killing = new Killing(join(process.cwd(), "dist/cli.js"), folder, cube >= 0);
let faults = 0;
for (const method of await killable()) {
  if (names.length > 0 && !names.includes(method.name)) continue;
  const random = stream(seed, method.name);
  const begin = performance.now();
  let held = 0;
  for (let time = 0; time < Number(times); time++) {
    const ending = ENDINGS[time % ENDINGS.length]!;
    const share = 1.25 * random.uniform() - 0.25;
    const fault = await killing.once(method, ending, share);
    if (fault) console.log(`${method.name}, ${ending} at ${share.toFixed(3)}: ${fault}`);
    else held++;
  }
  faults += Number(times) - held;
  const seconds = (performance.now() - begin) / 1000;
  console.log(`${method.name.padEnd(20)} ${held} of ${times} ended with the same numbers, ${seconds.toFixed(0)} s`);
}
await rm(folder, { recursive: true, force: true });
process.exitCode = faults > 0 ? 1 : 0;
