// Every op row and every method once on both devices, and every shader, for runtimes other than Node: prints what fails and ends with "N passed, N failed".
import { requestDevice } from "constella";
import { CASES } from "./ops/cases";
import { DEVICES } from "./device-types";
import { kernels } from "./contract/kernels";
import { METHODS } from "./methods/easy";
import { checkCase } from "./ops/check-case";

let passed = 0;
let failed = 0;

/** Counts a trial, and prints what is wrong with it. */
async function trial(name: string, run: () => Promise<string | undefined>): Promise<void> {
  const problem = await run().catch((error: unknown) => String(error));
  if (problem === undefined) passed++;
  else {
    failed++;
    console.log(`FAIL ${name}: ${problem}`);
  }
}

for (const type of DEVICES) {
  await trial(type, async () => {
    const device = await requestDevice(type);
    for (const row of CASES)
      for (const shapes of row.shapes)
        await trial(`${type} ${row.op} ${row.variant ?? ""} ${JSON.stringify(shapes)}`, () =>
          checkCase(device, row, shapes),
        );
    for (const [name, run] of Object.entries(METHODS)) await trial(`${type} ${name}`, () => run(device));
    // what none of them launched is compiled now, and on the WASM device loaded
    for (const kernel of Object.values(kernels))
      await trial(`${type} kernel ${kernel.name}`, async () => {
        await device.prepare([kernel]);
        return undefined;
      });
    device.destroy();
    return undefined;
  });
}
console.log(`${passed} passed, ${failed} failed`);
