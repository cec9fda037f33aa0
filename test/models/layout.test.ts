// Pictures with their channels last: every model that takes items takes them as it takes those with their channels first, and says so.
import { DEC, NdArray, requestDevice } from "constella";
import type { Device } from "constella";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { RowSource } from "../../src/data/datasets/row-source";
import { VAE } from "../../src/generative";
import { toSet } from "../../src/models/learning-to-cluster/sets";
import { DeepCluster, SelfLabeling } from "../../src/vision";

const [n, c, h, w] = [24, 3, 8, 6];
const first = Float32Array.from({ length: n * c * h * w }, (_, i) => Math.sin(0.37 * i * (1 + (i % 5))));
const last = new Float32Array(first.length);
for (let i = 0; i < n; i++)
  for (let t = 0; t < c; t++)
    for (let p = 0; p < h * w; p++) last[(i * h * w + p) * c + t] = first[(i * c + t) * h * w + p]!;
const channelsFirst = new NdArray(first, [n, c, h, w]);
const channelsLast = new NdArray(last, [n, h, w, c]);
/** The same, read when it is needed. */
const source: RowSource = {
  length: n,
  rowShape: [h, w, c],
  rows: async (index) => Float32Array.from(Array.from(index).flatMap((row) => Array.from(rowsOf(row, row + 1)))),
  range: async (begin, end) => rowsOf(begin, end).slice(),
};
const rowsOf = (begin: number, end: number): Float32Array => last.subarray(begin * c * h * w, end * c * h * w);

let device: Device;
beforeAll(async () => {
  device = await requestDevice("wasm", { threads: 0 });
});
afterAll(() => device.destroy());

interface Taking {
  readonly layout: "channels-first" | "channels-last" | undefined;
  fit(x: NdArray | RowSource, options: { epochs: number }): Promise<unknown>;
}
type Sizes = readonly [number, number, number];
const vgg = (input: Sizes) => ({ type: "vgg", input, blocks: 1, channels: 4, hidden: 8 }) as const;
const network = (input: Sizes) => ({ network: vgg(input), nClusters: 3, batchSize: 8, seed: 1, device }) as const;
const outcomes: [string, () => Taking, (model: never, x: NdArray) => Promise<ArrayLike<number>>][] = [
  [
    "DEC",
    () => new DEC({ layers: [c * h * w, 8, 2], nClusters: 3, layerEpochs: 1, pretrainEpochs: 1, seed: 1, device }),
    async (model: DEC, x) => (await model.transform(x)).data,
  ],
  ["DeepCluster", () => new DeepCluster(network([c, h, w])), (model: DeepCluster, x) => model.predict(x)],
  ["SelfLabeling", () => new SelfLabeling(network([c, h, w])), (model: SelfLabeling, x) => model.predict(x)],
  [
    "VAE",
    () => new VAE({ inputShape: [c, h, w], latents: 2, epochs: 1, batchSize: 8, seed: 1, device }),
    async (model: VAE, x) => (await model.transform(x)).data,
  ],
];

describe("pictures [n, height, width, 3]", () => {
  test.each(outcomes)("%s", async (_, make, outcome) => {
    const found: number[][] = [];
    for (const x of [channelsFirst, channelsLast, source]) {
      const model = make();
      await model.fit(x, { epochs: 1 });
      expect(model.layout).toBe(x === channelsFirst ? "channels-first" : "channels-last");
      for (const pictures of [channelsFirst, channelsLast])
        found.push(Array.from(await outcome(model as never, pictures)));
    }
    expect(new Set(found[0]).size).toBeGreaterThan(1);
    // a source shuffles in blocks, but one that holds all of them has the same order
    for (const other of found.slice(0, 4)) expect(other).toEqual(found[0]);
    expect(found[5]).toEqual(found[4]);
  });

  test("a network that was made for as many channels as they have rows refuses them", async () => {
    const model = new DeepCluster(network([h, w, c]));
    await expect(model.fit(channelsLast, { epochs: 1 })).rejects.toThrow(
      "DeepCluster.fit: pictures [24, 8, 6, 3] have their channels last, the network takes 8 channels of 6 x 3; make it for [3, 8, 6]",
    );
  });

  test("a network says which it is where the shape does not", async () => {
    const x = new NdArray(new Float32Array(4 * 3 * 5 * 3).map(Math.random), [4, 3, 5, 3]);
    for (const [input, layout] of [
      [[3, 3, 5], "channels-last"],
      [[3, 5, 3], "channels-first"],
    ] as const) {
      const model = new VAE({ inputShape: input, latents: 2, epochs: 1, device });
      await model.fit(x);
      expect(model.layout).toBe(layout);
    }
    const model = new DEC({ layers: [45, 2], nClusters: 2, layerEpochs: 0, pretrainEpochs: 1, device });
    await model.fit(x, { epochs: 1 });
    expect(model.layout).toBe("channels-first");
  });

  test("rows stay as they are", async () => {
    const model = new DEC({ layers: [4, 2], nClusters: 2, layerEpochs: 0, pretrainEpochs: 1, device });
    await model.fit(new NdArray(first.slice(0, 80), [20, 4]), { epochs: 1 });
    expect(model.layout).toBeUndefined();
  });

  test("sets to cluster", () => {
    expect(toSet("predict", channelsLast, [c, h, w]).data).toEqual(first);
    expect(toSet("predict", channelsFirst, [c, h, w]).data).toEqual(first);
  });
});
