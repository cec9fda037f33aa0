// Every op row once on both devices, for runtimes other than Node: prints what fails and ends with "N passed, N failed".
import { requestDevice } from "constella";
import { CASES } from "./cases";
import { DEVICES } from "./device-types";
import { checkCase } from "./ops";

let passed = 0;
let failed = 0;
for (const type of DEVICES) {
  const device = await requestDevice(type);
  for (const row of CASES)
    for (const shapes of row.shapes) {
      const problem = await checkCase(device, row, shapes).catch((error: unknown) => String(error));
      if (problem === undefined) passed++;
      else {
        failed++;
        console.log(`FAIL ${type} ${row.op} ${row.variant ?? ""} ${JSON.stringify(shapes)}: ${problem}`);
      }
    }
  device.destroy();
}
console.log(`${passed} passed, ${failed} failed`);
