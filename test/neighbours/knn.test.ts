import { NdArray } from "constella";
import { expect, test } from "vitest";
import { kNeighbours, knnGraph } from "../../src/neighbours/knn";
import { describeDevices } from "../devices";
import { uniforms } from "../uniforms";

/** The k nearest by all distances in float64, ties by number. */
function nearest(x: Float64Array, y: Float64Array, d: number, k: number, own: boolean): number[] {
  const found: number[] = [];
  for (let i = 0; i < x.length / d; i++) {
    const all: (readonly [number, number])[] = [];
    for (let j = 0; j < y.length / d; j++) {
      let sum = 0;
      for (let c = 0; c < d; c++) sum += (x[i * d + c]! - y[j * d + c]!) ** 2;
      if (!own || i !== j) all.push([sum, j]);
    }
    all.sort((a, b) => a[0] - b[0] || a[1] - b[1]);
    found.push(...all.slice(0, k).map(([, j]) => j));
  }
  return found;
}

function points(n: number, d: number, seed: number, offset = 0): Float64Array {
  const random = uniforms(seed);
  return Float64Array.from({ length: n * d }, () => offset + Math.fround(random()));
}

describeDevices("knnGraph", (device) => {
  test.each([
    [2, 1, 1],
    [40, 3, 5],
    [131, 17, 7],
    [257, 50, 15],
    [67, 130, 33],
  ])("of [%i, %i], k = %i: those of all distances", async (n, d, k) => {
    const x = points(n, d, n);
    const { indices, distances } = await knnGraph(new NdArray(x, [n, d]), k, { device: await device() });
    expect([...indices.data]).toEqual(nearest(x, x, d, k, true));
    for (let e = 0; e < n * k; e++) {
      const [i, j] = [Math.floor(e / k), indices.data[e]!];
      let sum = 0;
      for (let c = 0; c < d; c++) sum += (x[i * d + c]! - x[j * d + c]!) ** 2;
      expect(distances.data[e]).toBeCloseTo(Math.sqrt(sum), 5);
    }
  });

  test("equally near ones come by number, duplicates among them", async () => {
    const x = Float64Array.from({ length: 400 }, (_, i) => (i * 7919) % 5);
    const { indices } = await knnGraph(new NdArray(x, [200, 2]), 9, { device: await device() });
    expect([...indices.data]).toEqual(nearest(x, x, 2, 9, true));
  });

  test("far from the origin the differences keep their digits", async () => {
    const near = points(90, 4, 3);
    const far = near.map((value) => value + 2 ** 30);
    const { indices } = await knnGraph(new NdArray(far, [90, 4]), 6, { device: await device() });
    expect([...indices.data]).toEqual(nearest(far, far, 4, 6, true));
  });

  test("cosine: 1 − cos, whatever the lengths", async () => {
    // directions at 0, 40, 90 and 170 degrees
    const at = (degrees: number, length: number): number[] => {
      const angle = (degrees * Math.PI) / 180;
      return [length * Math.cos(angle), length * Math.sin(angle)];
    };
    const x = [at(0, 1), at(40, 5), at(90, 0.1), at(170, 3)];
    const { indices, distances } = await knnGraph(x, 2, { metric: "cosine", device: await device() });
    expect([...indices.data]).toEqual([1, 2, 0, 2, 1, 3, 2, 1]);
    for (const [e, degrees] of [40, 90, 40, 50, 50, 80, 80, 130].entries())
      expect(distances.data[e]).toBeCloseTo(1 - Math.cos((degrees * Math.PI) / 180), 6);
  });

  test("itself first, at 0, where it counts", async () => {
    const given = new NdArray(points(30, 3, 8), [30, 3]);
    const own = await device();
    const [without, including] = [
      await knnGraph(given, 3, { device: own }),
      await knnGraph(given, 4, { includeSelf: true, device: own }),
    ];
    for (let i = 0; i < 30; i++) {
      const row = [...including.indices.data.subarray(4 * i, 4 * i + 4)];
      expect(row).toEqual([i, ...without.indices.data.subarray(3 * i, 3 * i + 3)]);
      expect(including.distances.data[4 * i]).toBe(0);
    }
  });

  test("kNeighbours: those of other points, all of them where k says so", async () => {
    const [x, y] = [points(9, 5, 1), points(70, 5, 2)];
    const { indices } = await kNeighbours(new NdArray(x, [9, 5]), new NdArray(y, [70, 5]), 70, {
      device: await device(),
    });
    expect([...indices.data]).toEqual(nearest(x, y, 5, 70, false));
  });

  test("what cannot be is refused in one line", async () => {
    const own = { device: await device() };
    const x = new NdArray(points(6, 2, 5), [6, 2]);
    await expect(knnGraph(x, 6, own)).rejects.toThrow(
      "knnGraph: k must be less than the number of points, got 6 for 6",
    );
    await expect(knnGraph([[0], [NaN], [2]], 1, own)).rejects.toThrow(
      "knnGraph: x must be finite, got NaN at row 1, column 0",
    );
    await expect(knnGraph([[0], [1]], 1, { ...own, metric: "taxi" as "cosine" })).rejects.toThrow(
      /metric must be euclidean or cosine/,
    );
    await expect(knnGraph([[0, 0], [1, 0]], 1, { ...own, metric: "cosine" })).rejects.toThrow(/zeros has no cosine, got one at row 0/); // prettier-ignore
    await expect(kNeighbours([[1e30]], [[0], [1]], 1, own)).rejects.toThrow(/must fit float32/);
    await expect(kNeighbours(x, [[1, 2, 3]], 1, own)).rejects.toThrow(
      "kNeighbours: queries must have 3 columns, got 2",
    );
    const signal = AbortSignal.abort(new Error("enough"));
    await expect(knnGraph(x, 1, { ...own, signal })).rejects.toThrow("enough");
  });
});

test("many points in the plane: the tree finds what all distances say", async () => {
  const x = points(8200, 2, 4).map((value, i) => (i % 7 === 0 ? Math.round(4 * value) / 4 : value));
  const { indices } = await knnGraph(new NdArray(x, [8200, 2]), 4);
  const some = x.subarray(0, 200);
  const want = nearest(some, x, 2, 5, false);
  for (let i = 0; i < 100; i++)
    expect([...indices.data.subarray(4 * i, 4 * i + 4)]).toEqual(want.slice(5 * i, 5 * i + 5).filter((j) => j !== i).slice(0, 4)); // prettier-ignore
});
