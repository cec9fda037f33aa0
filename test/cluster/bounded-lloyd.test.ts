// Lloyd's passes that leave distances out by bounds: they find what the passes find that take all distances.
import { KMeans, NdArray, tensor } from "constella";
import type { Device } from "constella";
import { expect, test } from "vitest";
import { boundedLloyd } from "../../src/cluster/kmeans/bounded-lloyd";
import { Frame } from "../../src/cluster/frame";
import { Lloyd, LLOYD_KERNELS } from "../../src/cluster/kmeans/lloyd";
import type { LloydPasses } from "../../src/cluster/kmeans/lloyd";
import { onDevice } from "../../src/cluster/streams/point-set";
import { empty, run, untidied, watched } from "../../src/tensor";
import { describeDevices } from "../devices";
import { uniforms } from "../uniforms";
import { expectSame, ran } from "./passes";

const tools = { Lloyd, empty, run };

interface Problem {
  readonly x: Float32Array;
  readonly d: number;
  readonly k: number;
  readonly centers: Float32Array;
}

/** Points [n, d] about k places, `spread` from them, `far` from the origin; and the first k points as centres. */
function problem(n: number, d: number, k: number, { spread = 0.5, far = 0 } = {}): Problem {
  const random = uniforms(n + d + k);
  const places = Float32Array.from({ length: k * d }, () => random());
  const x = Float32Array.from(
    { length: n * d },
    (_, at) => far + places[(Math.floor(at / d) % k) * d + (at % d)]! + spread * (random() - 0.5),
  );
  return { x, d, k, centers: x.slice(0, k * d) };
}

async function withBoth(
  device: Device,
  { x, d, k }: Problem,
  use: (plain: LloydPasses, bounded: Lloyd) => Promise<void>,
): Promise<void> {
  await device.prepare(LLOYD_KERNELS);
  const before = device.memory().buffers;
  const points = untidied(() => tensor(device, x, [x.length / d, d]));
  const [plain, bounded] = [new Lloyd(points, k), boundedLloyd(points, k, tools)];
  try {
    await use(plain, bounded);
  } finally {
    for (const own of [plain, bounded, points]) own.dispose();
  }
  expect(device.memory().buffers).toBe(before);
}

describeDevices("k-means by bounds", (device) => {
  /** To the bit where both sum in one order. */
  const same = async (found: Parameters<typeof expectSame>[0], expected: typeof found): Promise<void> => {
    if ((await device()).type === "wasm") expect(found).toEqual(expected);
    else expectSame(found, expected);
  };

  test.each([
    ["of clusters apart", 1100, 20, 7, { spread: 0.5 }],
    ["of clusters that overlap", 1100, 20, 7, { spread: 4 }],
    ["of as many centres as there may be", 700, 65, 31, { spread: 2 }],
    ["of a number that no vector has", 650, 67, 5, { spread: 2 }],
    ["of two centres in one column", 531, 1, 2, { spread: 1.5 }],
    ["of one centre", 300, 3, 1, {}],
    ["of as many centres as points", 9, 64, 9, {}],
    ["far from the origin", 900, 30, 10, { spread: 2, far: 1000 }],
  ] as const)("is that of the passes that take all distances, %s", async (_, n, d, k, how) => {
    const given = problem(n, d, k, how);
    await withBoth(await device(), given, async (plain, bounded) => {
      const expected = await ran(plain, given.centers, 40, 0);
      const found = await ran(bounded, given.centers, 40, 0);
      await same(found, expected);
      expect(await ran(bounded, given.centers, 40, 0)).toEqual(found); // other bounds than before
    });
  });

  test("gives equal points to the lowest of equally near centres", async () => {
    const [n, d, k] = [400, 64, 8];
    const x = Float32Array.from({ length: n * d }, (_, at) => (Math.floor(at / d) % 3) + (at % d));
    await withBoth(await device(), { x, d, k, centers: x.slice(0, k * d) }, async (plain, bounded) => {
      const found = await ran(bounded, x.slice(0, k * d), 6, -1);
      await same(found, await ran(plain, x.slice(0, k * d), 6, -1));
    });
  });

  test("fills empty clusters with the points that are farthest, pass after pass", async () => {
    const given = problem(900, 70, 9, { spread: 3 });
    const centers = given.centers.slice();
    centers.fill(-1e3, 2 * 70, 5 * 70); // nobody is near
    await withBoth(await device(), given, async (plain, bounded) => {
      const found = await ran(bounded, centers, 30, 0);
      await same(found, await ran(plain, centers, 30, 0));
      expect(found.passes[0]!.counts).not.toContain(0);
      for (const lloyd of [plain, bounded]) lloyd.setCenters(centers);
      expect((await bounded.iterate(false)).counts).toContain(0);
    });
  });

  test("goes on from where others stood, and after labels that were asked for between passes", async () => {
    const given = problem(1300, 64, 12, { spread: 4 });
    await withBoth(await device(), given, async (plain, bounded) => {
      for (const lloyd of [plain, bounded]) {
        lloyd.setCenters(given.centers);
        for (let i = 0; i < 3; i++) await lloyd.iterate(true);
      }
      await bounded.settle(); // labels of the centres as they are: others than the bounds are of
      const [centers, labels, { origin }] = [await plain.centers(), await plain.labels(), plain];
      const on = async (lloyd: LloydPasses): Promise<unknown[]> => {
        const passes = [];
        for (let i = 0; i < 4; i++) passes.push((({ counts }) => [...counts])(await lloyd.iterate(true)));
        return [passes, await lloyd.labels()];
      };
      const expected = await on(plain);
      expect(await on(bounded)).toEqual(expected);
      bounded.resume(centers, labels, origin); // an origin that the passes before had
      expect(await on(bounded)).toEqual(expected);
    });
  });

  test("counts weights as the passes do that know them", async () => {
    const given = problem(600, 64, 6, { spread: 4 });
    const random = uniforms(3);
    const weights = Float32Array.from({ length: 600 }, () => Math.floor(4 * random()));
    await withBoth(await device(), given, async (plain, bounded) => {
      const before = await ran(bounded, given.centers, 20, 0);
      for (const lloyd of [plain, bounded]) lloyd.setWeights(weights);
      const found = await ran(bounded, given.centers, 20, 0);
      expect(found).toEqual(await ran(plain, given.centers, 20, 0));
      expect(found.inertia).not.toBe(before.inertia);
    });
  });

  test("launches two kernels a pass", async () => {
    const given = problem(600, 64, 6);
    await withBoth(await device(), given, async (_, bounded) => {
      bounded.setCenters(given.centers);
      await bounded.iterate(true); // the first one prepares the kernel
      const names: string[] = [];
      await watched({ made: () => undefined, ran: ({ name }) => void names.push(name) }, () => bounded.iterate(true));
      expect(names).toEqual(["kmeans_bounded", "kmeans_centers"]);
    });
  });

  test("is chosen where it pays, and its fit goes on where it was stopped and saved, to the same bytes", async () => {
    const [now, frame] = [await device(), new Frame(undefined, 1)];
    for (const [n, d, k, pays] of [
      [8192, 128, 16, true],
      [8191, 128, 16, false],
      [40_000, 63, 16, false],
      [8192, 128, 32, false],
    ] as const) {
      // prettier-ignore
      const points = untidied(() => empty(now, [n, d]));
      const lloyd = await onDevice(points, frame).lloyd(k);
      expect(lloyd.constructor !== Lloyd).toBe(pays && now.type === "wasm");
      lloyd.dispose();
      points.dispose();
    }
    const { x } = problem(8192, 128, 16, { spread: 6 });
    const rows = new NdArray(x, [8192, 128]);
    const options = { nClusters: 16, init: "random", nInit: 2, maxIter: 5, device: now } as const;
    const whole = await new KMeans(options).fit(rows);
    const stop = new AbortController();
    const stopped = new KMeans(options);
    const onStep = ({ step }: { step: number }): void => void (step === 3 && stop.abort(new Error("enough")));
    await expect(stopped.fit(rows, { signal: stop.signal, onStep })).rejects.toThrow("enough");
    const model = await KMeans.load(await stopped.save(), { device: now });
    await model.fit(rows);
    expect(model.labels).toEqual(whole.labels);
    expect(model.clusterCenters).toEqual(whole.clusterCenters);
    expect(model.history).toEqual(whole.history);
  });
});
