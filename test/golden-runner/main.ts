// npm run golden -- [DIR] [--device wasm|webgpu] [--ops REGEX]: every case of a golden folder against the public API.
import { parseArgs } from "node:util";
import { requestDevice } from "constella";
import { DEVICES } from "../device-types";
import { adapterOf, missingAdapter } from "./adapters";
import { GoldenFolder } from "./format";
import { runCase } from "./run-case";

const USAGE = "usage: npm run golden -- [DIR] [--device wasm|webgpu] [--ops REGEX]";

function fail(message: string): never {
  console.error(`${message}\n${USAGE}`);
  process.exit(2);
}

function options(): { folder: GoldenFolder; types: readonly (typeof DEVICES)[number][]; ops: RegExp } {
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: { device: { type: "string" }, ops: { type: "string" } },
    });
    if (positionals.length > 1) fail(`golden: one folder at a time, ${positionals.join(" ")}`);
    const types = DEVICES.filter((type) => values.device === undefined || values.device === type);
    if (types.length === 0) fail(`golden: the devices are ${DEVICES.join(" and ")}, ${values.device}`);
    return { folder: new GoldenFolder(positionals[0] ?? "test/golden"), types, ops: new RegExp(values.ops ?? "") };
  } catch (error) {
    return fail(error instanceof Error ? error.message : String(error));
  }
}

const { folder, types, ops } = options();
const skipped = new Map<string, string[]>();
let passed = 0;
let failed = 0;

async function report(label: string, run: () => Promise<string | undefined>): Promise<void> {
  const problem = await run().catch((error: unknown) => (error instanceof Error ? error.message : String(error)));
  if (problem === undefined) passed++;
  else {
    failed++;
    console.log(`FAIL ${label}: ${problem}`);
  }
}

const devices = await Promise.all(types.map((type) => requestDevice(type)));
for (const test of folder.cases.filter(({ op }) => ops.test(op))) {
  const { name, op } = test;
  const adapter = adapterOf(op);
  if (adapter?.kind === "host") await report(`${name} (${op})`, () => runCase(adapter, test, folder));
  else if (adapter)
    for (const device of devices)
      await report(`${name} (${op}, ${device.type})`, () => runCase(adapter, test, folder, device));
  else if (missingAdapter(op)) await report(`${name} (${op})`, () => Promise.resolve(missingAdapter(op)));
  else skipped.set(op, [...(skipped.get(op) ?? []), name]);
}
for (const device of devices) device.destroy();
for (const [op, names] of skipped) console.log(`SKIP ${op}, not built yet: ${names.join(" ")}`);
const count = [...skipped.values()].reduce((total, names) => total + names.length, 0);
console.log(`${passed} passed, ${failed} failed, ${count} skipped`);
process.exit(failed === 0 ? 0 : 1);
