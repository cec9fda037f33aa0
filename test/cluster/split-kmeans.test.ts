import { expect, test } from "vitest";
import { Random, tensor } from "constella";
import { splitKMeans } from "../../src/cluster/kmeans/split-kmeans";
import { describeDevices } from "../devices";

describeDevices("k-means that splits clusters", (device) => {
  test("finds blobs, the same with one seed, and leaves nothing on the device", async () => {
    const made = await device();
    const before = made.memory().buffers;
    const data = new Float32Array(90 * 2);
    const random = new Random(1);
    for (let i = 0; i < 90; i++)
      for (let j = 0; j < 2; j++)
        data[2 * i + j] = 10 * ((i % 3) * (1 - j) + (i % 3 === 1 ? j : 0)) + 0.1 * random.normal();
    const x = tensor(made, data, [90, 2]);
    const found = await splitKMeans(x, 6, { random: new Random(4) });
    expect(await splitKMeans(x, 6, { random: new Random(4) })).toEqual(found);
    // six clusters divide the three blobs, none mixes two
    for (let k = 0; k < 6; k++)
      expect(
        new Set([...found.labels.keys()].filter((i) => found.labels[i] === k).map((i) => i % 3)).size,
      ).toBeLessThan(2);
    x.dispose();
    expect(made.memory().buffers).toBe(before);
  });

  test("clusters that begin empty are filled by splitting", async () => {
    // two of the three centres begin at the same place
    const data = Float32Array.from({ length: 40 }, (_, i) => (i < 38 ? 0.01 * i : 5));
    data.fill(0.2, 0, 20);
    const x = tensor(await device(), data, [40, 1]);
    for (let seed = 0; seed < 8; seed++) {
      const { labels, centers } = await splitKMeans(x, 3, { random: new Random(seed) });
      expect(new Set(labels).size).toBe(3);
      expect(centers.every(Number.isFinite)).toBe(true);
    }
    x.dispose();
  });

  test("points that are all the same end", async () => {
    const x = tensor(await device(), new Float32Array(30).fill(2), [10, 3]);
    const { labels, centers } = await splitKMeans(x, 4, { random: new Random(1) });
    expect(labels.length).toBe(10);
    expect(centers.every(Number.isFinite)).toBe(true);
    x.dispose();
  });
});
