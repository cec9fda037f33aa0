import { expect, test } from "vitest";
import { umapProjection } from "../../src/report";
import { uniforms } from "../uniforms";

/** Three groups of points in five dimensions, far apart. */
function groups(n: number): Float32Array {
  const random = uniforms(3);
  return Float32Array.from({ length: n * 5 }, (_, at) => (Math.floor(at / 5) % 3 === at % 5 ? 20 : 0) + random());
}

test("groups that are apart stay apart, and the seed decides every number", async () => {
  const embedding = groups(90);
  const epochs: number[] = [];
  const options = { seed: 4, nEpochs: 60, nNeighbors: 8 };
  const one = await umapProjection(embedding, 90, { ...options, onEpoch: (epoch) => epochs.push(epoch) });
  expect(epochs).toEqual([10, 20, 30, 40, 50, 60]);
  expect(one.xy.length).toBe(180);
  expect(await umapProjection(embedding, 90, options)).toEqual(one);
  expect((await umapProjection(embedding, 90, { ...options, seed: 5 })).xy).not.toEqual(one.xy);
  for (let row = 0; row < 90; row++) {
    let nearest = -1;
    let least = Infinity;
    for (let other = 0; other < 90; other++) {
      const distance = Math.hypot(one.xy[2 * row]! - one.xy[2 * other]!, one.xy[2 * row + 1]! - one.xy[2 * other + 1]!);
      if (other !== row && distance < least) [least, nearest] = [distance, other];
    }
    expect(nearest % 3).toBe(row % 3);
  }
});

test("rows beyond maxPoints are left out and the rest are named", async () => {
  const { xy, index } = await umapProjection(groups(200), 200, { maxPoints: 50, nEpochs: 10 });
  expect(index!.length).toBe(50);
  expect(xy.length).toBe(100);
  expect(Array.from(xy).every(Number.isFinite)).toBe(true);
});

test("first positions decide the large-scale arrangement", async () => {
  const init = Float32Array.from({ length: 180 }, (_, at) => (at % 2 === 0 ? (at >> 1) % 3 : 0));
  for (const seed of [1, 2, 3]) {
    const { xy } = await umapProjection(groups(90), 90, { init, seed, nEpochs: 40, nNeighbors: 8 });
    const centres = [0, 0, 0];
    for (let row = 0; row < 90; row++) centres[row % 3]! += xy[2 * row]! / 30;
    expect(centres).toEqual([...centres].sort((a, b) => a - b));
  }
  await expect(umapProjection(groups(30), 30, { init: [1, 2] })).rejects.toThrow(
    "umapProjection: init must be [30, 2], got 2 values",
  );
});

test("few rows, equal rows, wrong shapes, NaN, an abort", async () => {
  for (const n of [1, 2, 3, 4, 6]) {
    const { xy } = await umapProjection(groups(n), n, { nEpochs: 3 });
    expect(xy.length).toBe(2 * n);
    expect(Array.from(xy).every(Number.isFinite)).toBe(true);
  }
  const { xy } = await umapProjection(new Float32Array(40).fill(2), 20, { nEpochs: 3 });
  expect(Array.from(xy).every(Number.isFinite)).toBe(true);
  await expect(umapProjection([1, 2, 3], 2)).rejects.toThrow("umapProjection: embedding must be [n, d]");
  await expect(umapProjection([1, NaN], 2)).rejects.toThrow(
    "umapProjection: every value must be finite, row 1 has NaN",
  );
  const stop = new AbortController();
  const running = umapProjection(groups(60), 60, { signal: stop.signal, onEpoch: () => stop.abort() });
  await expect(running).rejects.toThrow("abort");
});
