import { calinskiHarabasz, tensor } from "constella";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { mergeMoments } from "../../src/cluster/pca/moments";
import { BandPCA } from "../../src/astronomy/pca-cube";
import { painted, pixelItems, regionStatistics, superpixelItems } from "../../src/astronomy";
import { slic } from "../../src/astronomy/segments/slic";
import { connectRegions } from "../../src/astronomy/segments/connectivity";
import { describeDevices } from "../devices";
import { fillWithGarbage } from "../ops/garbage";
import { uniforms } from "../uniforms";

/** Bands of a noisy image of four flat quarters. */
function quarters(bands: number, height: number, width: number, seed = 3): { data: Float32Array; shape: number[] } {
  const random = uniforms(seed);
  const data = Float32Array.from({ length: bands * height * width }, (_, i) => {
    const [y, x, band] = [Math.floor(i / width) % height, i % width, Math.floor(i / (height * width))];
    const quarter = 2 * Number(y >= height / 2) + Number(x >= width / 2);
    return ((quarter * (band + 1)) % 4) + 0.1 * random();
  });
  return { data, shape: [bands, height, width] };
}

describeDevices("superpixels and components in memory full of NaN", (device) => {
  let restore = (): void => {};
  beforeAll(async () => {
    restore = fillWithGarbage(await device());
  });
  afterAll(() => restore());

  test.each([
    [1, 20, 23, 12],
    [3, 31, 17, 9],
    [9, 16, 40, 30],
  ])("%i bands of %i x %i: superpixels keep to the quarters", async (bands, height, width, nSegments) => {
    const image = quarters(bands, height, width);
    image.data[5] = NaN;
    const { labels, count } = await slic(image, { nSegments, compactness: 0.05, device: await device() });
    expect(labels.shape).toEqual([height, width]);
    expect(labels.data[5]).toBe(-1);
    expect(Math.max(...labels.data)).toBe(count - 1);
    const quarterOf = (i: number): number =>
      2 * Number(Math.floor(i / width) >= height / 2) + Number(i % width >= width / 2);
    // each superpixel lies in one quarter, but for few pixels
    const most = new Map<number, number[]>();
    labels.data.forEach((label, i) => {
      if (label < 0) return;
      const votes = most.get(label) ?? [0, 0, 0, 0];
      votes[quarterOf(i)]!++;
      most.set(label, votes);
    });
    const agreeing = [...most.values()].reduce((sum, votes) => sum + Math.max(...votes), 0);
    expect(agreeing / (height * width - 1)).toBeGreaterThan(bands === 1 ? 0.93 : 0.97);
  });

  test("a run repeats, seeds without pixels are out of it, odd shapes pass", async () => {
    const on = await device();
    const image = quarters(2, 12, 50);
    for (let i = 0; i < 600; i++) if (i % 50 < 25) image.data[i] = NaN;
    const first = await slic(image, { nSegments: 40, device: on });
    const second = await slic(image, { nSegments: 40, device: on });
    expect(second.labels.data).toEqual(first.labels.data);
    for (const [height, width] of [
      [1, 1],
      [1, 30],
      [40, 2],
      [3, 3],
    ] as const) {
      const { labels } = await slic(quarters(1, height, width), { nSegments: 10, device: on });
      expect(labels.data.every((label) => label >= 0)).toBe(true);
    }
  });

  test("components of strips are those of the whole, in the presence of an offset", async () => {
    const on = await device();
    const random = uniforms(5);
    const [bands, height, width] = [4, 90, 101];
    const data = Float32Array.from({ length: bands * height * width }, () => 1e4 + random() * 3);
    for (let i = 0; i < height * width; i++) data[i] = 1e4 + 2 * (data[height * width + i]! - 1e4) + random();
    data[77] = NaN;
    const whole = await new BandPCA({ device: on }).fit({ data, shape: [bands, height, width] });
    const parts = new BandPCA({ device: on });
    for (const [from, to] of [
      [0, 7],
      [7, 60],
      [60, 90],
    ] as const)
      await parts.add({
        data: Float32Array.from({ length: bands * (to - from) * width }, (_, i) => {
          const size = (to - from) * width;
          return data[Math.floor(i / size) * height * width + from * width + (i % size)]!;
        }),
        shape: [bands, to - from, width],
      });
    await parts.finish();
    expect(whole.n).toBe(height * width - 1);
    parts.components.data.forEach((value, i) => expect(value).toBeCloseTo(whole.components.data[i]!, 4));
    // the first component is the two bands that go together
    expect(whole.components.data[0]!).toBeGreaterThan(0.85);
    const images = whole.transform({ data, shape: [bands, height, width] });
    expect(images.data[77]).toBeNaN();
    const scores = images.data.subarray(0, height * width).filter((value) => value === value);
    const variance = scores.reduce((sum, value) => sum + value * value, 0) / (scores.length - 1);
    expect(variance / whole.explainedVariance[0]!).toBeCloseTo(1, 3);
  });

  test("nothing stays on the device", async () => {
    const on = await device();
    const before = on.memory().buffers;
    await slic(quarters(2, 9, 9), { nSegments: 4, device: on });
    await new BandPCA({ device: on }).fit(quarters(2, 9, 9));
    expect(on.memory().buffers).toBe(before);
    tensor(on, [1]).dispose();
  });
});

describe("on the host", () => {
  test("regions of one piece, small ones in a neighbour", () => {
    // two pieces of 0; one pixel of 2
    const labels = Int32Array.from([0, 0, 1, 0, 0, 0, 1, 0, 2, 1, 1, 0]);
    const { labels: found, count } = connectRegions(labels, 3, 4, 2, 100);
    expect([...found]).toEqual([0, 0, 1, 2, 0, 0, 1, 2, 0, 1, 1, 2]);
    expect(count).toBe(3);
    expect([...connectRegions(Int32Array.from([-1, 0, -1, 0]), 1, 4, 1, 9).labels]).toEqual([-1, 0, -1, 1]);
  });

  test("bad input is refused in one line", async () => {
    await expect(slic({ data: new Float32Array(4), shape: [4] })).rejects.toThrow(/image must be \[height, width\]/);
    await expect(slic({ data: [NaN, NaN], shape: [1, 2] })).rejects.toThrow("slic: no pixel has data in every band");
    await expect(slic({ data: [1, 2], shape: [1, 2] }, { compactness: 0 })).rejects.toThrow(
      /compactness must be positive/,
    );
    await expect(new BandPCA().fit({ data: [1], shape: [1, 1, 1] })).rejects.toThrow(/two pixels/);
    expect(() => new BandPCA().mean).toThrow(/call fit first/);
    expect(() => mergeMoments([])).toThrow(/one part or more/);
    expect(() => calinskiHarabasz([[1], [2]], [0, 0])).toThrow(/2 to n - 1/);
  });
});

describe("rows that stand for the pixels of a cube", () => {
  // two bands of 2 x 3 pixels, of which one lacks a value
  const cube = { data: [1, 2, 3, 4, NaN, 6, 10, 20, 30, 40, 50, 60], shape: [2, 2, 3] };

  test("pixels, painted back", () => {
    const { x, of } = pixelItems(cube);
    expect(x.shape).toEqual([5, 2]);
    expect([...x.data]).toEqual([1, 10, 2, 20, 3, 30, 4, 40, 6, 60]);
    expect([...of.data]).toEqual([0, 1, 2, 3, -1, 4]);
    const labels = painted([7, 7, 8, 8, 9], { of });
    expect([labels.shape, [...labels.data]]).toEqual([
      [2, 3],
      [7, 7, 8, 8, -1, 9],
    ]);
    expect(() => pixelItems({ data: [NaN, 1], shape: [2, 1, 1] })).toThrow("no pixel has data in every band");
  });

  test("superpixels, by their means; those without pixels are no rows", () => {
    const labels = { data: [0, 0, 3, 3, 3, 3], shape: [2, 3] };
    const { x, of } = superpixelItems(cube, labels);
    expect([...x.data]).toEqual([1.5, 15, Math.fround(13 / 3), Math.fround(130 / 3)]);
    expect([...of.data]).toEqual([0, 0, 1, 1, 1, 1]);
  });

  test("what regions have in common", () => {
    const { sizes, centers, means, deviations } = regionStatistics(cube, { data: [0, 0, 2, -1, 0, 2], shape: [2, 3] });
    expect([...sizes]).toEqual([2, 0, 2]);
    expect([...centers.data]).toEqual([0.5, 0, NaN, NaN, 2, 0.5]);
    expect([...means.data]).toEqual([1.5, 15, NaN, NaN, 4.5, 45]);
    expect([...deviations.data]).toEqual([Math.SQRT1_2, Math.sqrt(50), NaN, NaN, Math.sqrt(4.5), Math.sqrt(450)]);
    expect(() => regionStatistics(cube, { data: [0, 1], shape: [1, 2] })).toThrow(
      "regionStatistics: labels must be [2, 3], got [1, 2]",
    );
    expect(() => regionStatistics(cube, { data: [0, 0, 0, -2, 0, 0], shape: [2, 3] })).toThrow("from -1, got -2 at 3");
  });
});
