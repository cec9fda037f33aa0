// Runs of the playground leave nothing behind on the device, which serves the next one.
import { expect, test } from "vitest";
import { Current } from "../../examples/web/playground/worker/current";
import { hold } from "../../examples/web/playground/worker/devices";
import type { Run } from "../../examples/web/playground/worker/run";
import type { Session } from "../../examples/web/playground/worker/session";
import { sessionOf } from "../../examples/web/playground/worker/sessions";
import { NdArray, Random, requestDevice } from "../../src";

const METHODS = {
  kmeans: { nClusters: 3 },
  dec: { nClusters: 3, layers: [16, 8, 3], epochs: 1, layerEpochs: 0, pretrainEpochs: 1 },
};

const watch = { signal: new AbortController().signal, step: () => undefined, look: async () => undefined };

test.each(Object.entries(METHODS))("%s: what a run has on a device goes with it", async (method, values) => {
  const device = await requestDevice("wasm", { threads: 0 });
  const place = { on: hold(hold(Promise.resolve(device))) };
  const x = new NdArray(new Float32Array(90 * 16), [90, 16]);
  new Random(3).fillNormal(x.data);
  const before = device.memory().buffers;
  const rows = Uint32Array.from({ length: 90 }, (_, i) => i);
  const replaceDevice = (error: Error): never => {
    throw error;
  };
  const session = await sessionOf(method, { x, sample: x, rows, values, device, places: true, replaceDevice });
  const current = new Current({ end: () => undefined } as unknown as Run, session, place);
  await current.use(() => session.run(watch));
  expect((await session.result()).labels).toHaveLength(90);
  await current.end();
  expect(device.memory().buffers).toBe(before);
  device.destroy();
});

test("a run that is over stays while something is still made of it", async () => {
  const device = await requestDevice("wasm", { threads: 0 });
  const order: string[] = [];
  const session = { dispose: () => void order.push("disposed") } as unknown as Session;
  const run = { end: () => void order.push("ended") } as unknown as Run;
  const current = new Current(run, session, { on: hold(Promise.resolve(device)) });
  let save = (): void => undefined;
  const saved = new Promise<void>((done) => (save = done));
  const saving = current.use(async () => {
    await saved;
    order.push("saved");
  });
  await current.end();
  expect(order).toEqual(["ended"]);
  save();
  await saving;
  expect(order).toEqual(["ended", "saved", "disposed"]);
});
