import { describe, expect, test } from "vitest";
import { LinearProbe } from "constella/vision";
import { describeDevices } from "../devices";
import { digits } from "./digits";

describeDevices("LinearProbe", (device) => {
  const { x, labels } = digits(300);
  const part = (from: number, to: number): { data: Float32Array; shape: number[] } => ({
    data: x.data.slice(from * 64, to * 64),
    shape: [to - from, 64],
  });

  test.each([[[]], [[24]]])("learns digits from their pixels, hidden layers %o", async (hidden) => {
    const probe = new LinearProbe({ hidden, batchSize: 32, device: await device() });
    await probe.fit(part(0, 200), labels.subarray(0, 200), { epochs: 25 });
    expect(await probe.score(part(0, 200), labels.subarray(0, 200))).toBeGreaterThan(0.95);
    expect(await probe.score(part(200, 300), labels.subarray(200))).toBeGreaterThan(0.75);
    expect((await probe.probabilities(part(200, 300))).shape).toEqual([100, 10]);
    expect(probe.history.length).toBe(25);
    probe.dispose();
  });

  test("a constant column is no harm", async () => {
    const data = Float32Array.from({ length: 40 }, (_, at) => (at % 2 === 0 ? 7 : at < 20 ? -1 : 1));
    const classes = Int32Array.from({ length: 20 }, (_, i) => Number(i >= 10));
    const probe = await new LinearProbe({ learningRate: 0.1, device: await device() }).fit(
      { data, shape: [20, 2] },
      classes,
    );
    expect(await probe.predict({ data, shape: [20, 2] })).toEqual(classes);
    probe.dispose();
  });

  test("use and labels", async () => {
    const probe = new LinearProbe({ nClasses: 3, device: await device() });
    await expect(probe.predict([[1, 2]])).rejects.toThrow("LinearProbe.predict: call fit first");
    await expect(
      probe.fit(
        [
          [1, 2],
          [3, 4],
        ],
        [0, 3],
      ),
    ).rejects.toThrow("Supervised.fit: labels must be from 0 to 2, got 3 at 1");
    await probe.fit(
      [
        [1, 2],
        [3, 4],
        [5, 7],
      ],
      [0, 1, 2],
      { epochs: 1 },
    );
    await expect(probe.predict([[1]])).rejects.toThrow("LinearProbe: the features must have 2 columns, got 1");
    probe.dispose();
  });
});

describe("LinearProbe's options", () => {
  test("are checked where they are given", () => {
    expect(() => new LinearProbe({ learningRate: -1 })).toThrow("LinearProbe: learningRate must be positive, got -1");
  });
});
