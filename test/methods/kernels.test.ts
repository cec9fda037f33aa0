// What methods name: a device has compiled it before they launch it.
import { expect, test } from "vitest";
import { requestDevice } from "constella";
import type { Device } from "constella";
import { loadMethod, runMethod } from "../../src/methods";
import type { Kernel } from "../../src/kernel";
import { taskOf, trialOf } from "./trial";

/** Methods that launch what they name and nothing else, whatever their options are in a trial. */
const WHOLLY = ["kmeans", "mini-batch-kmeans", "dec", "stacked-autoencoder", "pca"];
/** Methods whose networks launch more. */
const PARTLY = ["idec", "deep-cluster", "online-deep-cluster", "self-labeling"];

/** What a run of a method launches on a device, in order, and what of that had been compiled by then. */
async function launchedBy(name: string, device: Device): Promise<{ launched: Set<string>; ready: Set<string> }> {
  const prepared = new Set<Kernel>();
  const [launched, ready] = [new Set<string>(), new Set<string>()];
  const { prepare, run } = device;
  device.prepare = async (kernels): Promise<void> => {
    await prepare.call(device, kernels);
    for (const kernel of kernels) prepared.add(kernel);
  };
  device.run = (kernel, args): void => {
    launched.add(kernel.name);
    if (prepared.has(kernel as Kernel)) ready.add(kernel.name);
    run.call(device, kernel, args);
  };
  try {
    const method = await loadMethod(name);
    const { estimator } = await runMethod(method, taskOf(trialOf(method), device));
    await estimator.dispose();
  } finally {
    Object.assign(device, { prepare, run });
  }
  return { launched, ready };
}

test.each(WHOLLY)("%s launches nothing that the device has not compiled before", async (name) => {
  const device = await requestDevice("wasm", { threads: 0 });
  const { launched, ready } = await launchedBy(name, device);
  expect(launched.size).toBeGreaterThan(2);
  expect([...launched].filter((kernel) => !ready.has(kernel))).toEqual([]);
  device.destroy();
});

test.each(PARTLY)("%s names what it launches whatever its network is", async (name) => {
  const device = await requestDevice("wasm", { threads: 0 });
  const { launched, ready } = await launchedBy(name, device);
  expect(ready.size).toBeGreaterThan(launched.size / 2);
  device.destroy();
});
