// Lloyd's passes over many centres: those of `Lloyd`, launched ahead of what is read.
import { KMeans, NdArray, tensor } from "constella";
import type { Device, Tensor } from "constella";
import { expect, test } from "vitest";
import { isLarge, LargeLloyd } from "../../src/cluster/kmeans/large-lloyd";
import { Lloyd } from "../../src/cluster/kmeans/lloyd";
import type { LloydPasses } from "../../src/cluster/kmeans/lloyd";
import { Frame } from "../../src/cluster/frame";
import { onDevice } from "../../src/cluster/streams/point-set";
import * as kernels from "../../src/kernels/large-k";
import * as sorting from "../../src/kernels/sorting";
import { empty, run, untidied, watched } from "../../src/tensor";
import { describeDevices } from "../devices";
import { uniforms } from "../uniforms";
import { close, expectSame, ran } from "./passes";

const tools = { empty, run };

/** Points [n, d], and k of them as centres. */
function problem(n: number, d: number, k: number, seed = 5): { x: Float32Array; centers: Float32Array } {
  const random = uniforms(seed);
  const x = Float32Array.from({ length: n * d }, (_, at) => random() + (Math.floor(at / d) % 3 === 0 ? 0.5 : 0));
  const step = Math.floor(n / k);
  return { x, centers: Float32Array.from({ length: k * d }, (_, at) => x[Math.floor(at / d) * step * d + (at % d)]!) };
}

const both = (x: Tensor, k: number): readonly [LloydPasses, LargeLloyd] => [
  new Lloyd(x, k, 256),
  new LargeLloyd(x, k, tools),
];

async function withBoth(
  device: Device,
  { x, d, k, weights }: { x: Float32Array; d: number; k: number; weights?: Float32Array },
  use: (plain: LloydPasses, large: LargeLloyd) => Promise<void>,
): Promise<void> {
  await device.prepare([...Object.values(kernels), ...Object.values(sorting)]);
  const points = tensor(device, x, [x.length / d, d]);
  const [plain, large] = both(points, k);
  const before = device.memory().buffers;
  if (weights) for (const lloyd of [plain, large]) lloyd.setWeights(weights);
  try {
    await use(plain, large);
  } finally {
    plain.dispose();
    large.dispose();
    points.dispose();
  }
  expect(device.memory().buffers).toBeLessThan(before);
}

describeDevices("k-means of many centres", (device) => {
  test.each([
    ["until labels repeat", 400, 5, 270, 60, 0],
    ["until centres rest", 400, 5, 270, 60, 0.2],
    ["as often as asked", 513, 3, 257, 3, 0],
    ["of one column and few points", 131, 1, 17, 30, 0],
    ["of one centre", 700, 70, 1, 10, 0],
    ["of as many centres as points", 65, 9, 65, 10, 0],
  ] as const)("is that of the passes that are waited for, %s", async (_, n, d, k, maxIter, threshold) => {
    const { x, centers } = problem(n, d, k);
    await withBoth(await device(), { x, d, k }, async (plain, large) => {
      const found = await ran(large, centers, maxIter, threshold);
      expectSame(found, await ran(plain, centers, maxIter, threshold));
      expect(await ran(large, centers, maxIter, threshold)).toEqual(found); // bit for bit
    });
  });

  test("counts weights, and fills empty clusters with the points that are farthest", async () => {
    const [n, d, k] = [400, 4, 260];
    const { x, centers } = problem(n, d, k);
    const random = uniforms(8);
    const weights = Float32Array.from({ length: n }, () => Math.floor(4 * random()));
    centers.fill(-1e3, 7 * d, 10 * d); // nobody is near
    centers.copyWithin(0, d, 2 * d); // twice the same
    for (const weighted of [{}, { weights }])
      await withBoth(await device(), { x, d, k, ...weighted }, async (plain, large) => {
        const found = await ran(large, centers, 4, 0);
        expectSame(found, await ran(plain, centers, 4, 0));
        const zeros = found.passes[0]!.counts.filter((count) => count === 0).length;
        expect(zeros).toBeLessThanOrEqual("weights" in weighted ? 8 : 0); // of a cluster whose only point that counts was the farthest
        for (const lloyd of [plain, large]) lloyd.setCenters(centers);
        const [empty, alike] = [await large.iterate(false), await plain.iterate(false)];
        expect(empty.counts).toContain(0);
        close(empty.counts, alike.counts);
      });
  });

  test("gives equal points to the lowest of equally near centres, and ends where all points are on theirs", async () => {
    const [n, d, k] = [520, 3, 260];
    for (const kinds of [1, 5]) {
      const x = Float32Array.from({ length: n * d }, (_, at) => (Math.floor(at / d) % kinds) + (at % d));
      const centers = x.slice(0, k * d);
      await withBoth(await device(), { x, d, k }, async (plain, large) => {
        const found = await ran(large, centers, 9, 0);
        expectSame(found, await ran(plain, centers, 9, 0));
        expect([...found.labels]).toEqual([...found.labels].map((_, i) => i % kinds));
        expect(found.inertia).toBe(0);
      });
    }
  });

  test("stands where it was last told of, whatever is under way, and goes on from there", async () => {
    const [n, d, k] = [400, 5, 270];
    const { x, centers } = problem(n, d, k);
    await withBoth(await device(), { x, d, k }, async (plain, large) => {
      for (const lloyd of [plain, large]) lloyd.setCenters(centers);
      for (let i = 0; i < 4; i++) {
        const [found, expected] = [await large.iterate(true, 0, 100), await plain.iterate(true)];
        expect(found.changed).toBe(expected.changed);
        expect(await large.labels()).toEqual(await plain.labels());
        close(await large.centers(), await plain.centers());
      }
      const [stood, labels, { origin }] = [await large.centers(), await large.labels(), large];
      const on = await large.iterate(true, 0, 100);
      large.resume(stood, labels, origin);
      expect(await large.iterate(true)).toEqual(on);
    });
  });

  test("launches passes ahead, and as many kernels whatever the number of points", async () => {
    const launched = async (n: number, left: number): Promise<string[]> => {
      const { x, centers } = problem(n, 2, 300);
      const names: string[] = [];
      await withBoth(await device(), { x, d: 2, k: 300 }, async (_, large) => {
        large.setCenters(centers);
        const made = (): void => undefined;
        await watched({ made, ran: ({ name }) => void names.push(name) }, () => large.iterate(true, 0, left));
      });
      return names;
    };
    const one = await launched(600, 1);
    expect(one).toHaveLength(11); // distances, two digits of three, bounds, sums, centres, state
    expect(await launched(6000, 1)).toEqual(one);
    expect(await launched(600, 9)).toEqual([...one, ...one, ...one]);
  });

  test("goes on where it was stopped and saved, to the same bytes", async () => {
    const [n, d, k] = [4000, 16, 300];
    const x = new NdArray(problem(n, d, k).x, [n, d]);
    const options = { nClusters: k, init: "random", nInit: 1, maxIter: 5, device: await device() } as const;
    const whole = await new KMeans(options).fit(x);
    const stop = new AbortController();
    const stopped = new KMeans(options);
    const onStep = ({ step }: { step: number }): void => void (step === 2 && stop.abort(new Error("enough")));
    await expect(stopped.fit(x, { signal: stop.signal, onStep })).rejects.toThrow("enough");
    const model = await KMeans.load(await stopped.save(), { device: await device() });
    await model.fit(x);
    expect(model.labels).toEqual(whole.labels);
    expect(model.clusterCenters).toEqual(whole.clusterCenters);
    expect(model.history).toEqual(whole.history);
    expect(model.history).toHaveLength(5);
  });

  test("is chosen where it pays", async () => {
    expect(isLarge(2_500_000, 45, 65_536)).toBe(true); // sums have room for one chunk
    expect(isLarge(4000, 16, 300)).toBe(true); // sums of chunks are more to write than rows to sort
    expect(isLarge(4000, 1, 300)).toBe(false);
    expect(isLarge(512, 16, 300)).toBe(false);
    expect(isLarge(1e9, 45, 256)).toBe(false);
    const [now, frame] = [await device(), new Frame(undefined, 1)];
    const points = untidied(() => empty(now, [4000, 16]));
    const lloyds = await Promise.all([300, 256].map((k) => onDevice(points, frame).lloyd(k)));
    expect(lloyds.map((lloyd) => lloyd instanceof LargeLloyd)).toEqual([now.type === "webgpu", false]);
    for (const lloyd of lloyds) lloyd.dispose();
    points.dispose();
  });
});
