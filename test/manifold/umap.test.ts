// UMAP in more dimensions than a register has, and what becomes of it when it is kept.
import { NdArray, tensor, empty } from "constella";
import { expect, test } from "vitest";
import { umapEpoch, umapEpochWide } from "../../src/kernels/manifold";
import { UMAP } from "../../src/manifold";
import { indices, run } from "../../src/tensor";
import { accuracy } from "../../src/metrics";
import { KMeans } from "../../src/cluster";
import { describeDevices } from "../devices";
import { uniforms } from "../uniforms";

/** k groups about corners of a cube in `d` dimensions, item i in group i mod k. */
function groups(n: number, d: number, k: number): { readonly x: NdArray<Float32Array>; readonly truth: Int32Array } {
  const random = uniforms(7);
  const data = Float32Array.from({ length: n * d }, (_, at) => {
    const [i, c] = [Math.floor(at / d), at % d];
    return random() + (c === i % k ? 6 : 0);
  });
  return { x: new NdArray(data, [n, d]), truth: Int32Array.from({ length: n }, (_, i) => i % k) };
}

describeDevices("UMAP in many dimensions", (deviceOf) => {
  test("the kernel for any number of dimensions moves points as that of up to four, and leaves what fills rows up", async () => {
    const device = await deviceOf();
    const [n, degree, dim] = [67, 5, 3];
    const random = uniforms(2);
    const places = Float32Array.from({ length: n * dim }, () => 8 * random() - 4);
    places.copyWithin(0, dim, 2 * dim); // two points in one place
    const edges = Array.from({ length: n * degree }, () => Math.floor(n * random()));
    const common = {
      starts: indices(
        device,
        Uint32Array.from({ length: n + 1 }, (_, i) => i * degree),
      ),
      columns: indices(device, Uint32Array.from(edges)),
      periods: tensor(
        device,
        Float32Array.from(edges, () => 1 + random()),
      ),
    };
    const settings = { n, m: n, negative: 7, seed: 5, a: 1.9, b: 0.79, alpha: 0.7, gamma: 1 };
    const wide = new Float32Array(n * 8);
    for (let i = 0; i < n; i++) wide.set(places.subarray(i * dim, (i + 1) * dim), i * 8);
    const [y, w] = [tensor(device, places, [n, dim]), tensor(device, wide, [n, 8])];
    const [moved, movedWide, work] = [empty(device, [n, dim]), empty(device, [n, 8]), empty(device, [n, 16])];
    for (const [epoch, both, part, parts] of [
      [1, 1, 0, 1],
      [3, 0, 0, 1],
      [2, 1, 1, 3],
    ] as const) {
      const step = { ...settings, epoch, both, part, parts };
      run(umapEpoch, { ...common, y, others: y, moved, ...step, dim });
      run(umapEpochWide, { ...common, y: w, others: w, moved: movedWide, work, ...step, quads: 2 });
      const [few, many] = [await moved.data(), await movedWide.data()];
      let most = 0;
      for (let i = 0; i < n; i++)
        for (let c = 0; c < 8; c++) {
          const want = c < dim ? few[i * dim + c]! : 0;
          expect(Math.abs(many[i * 8 + c]! - want)).toBeLessThan(2e-3 * (1 + Math.abs(want)));
          if (c < dim) most = Math.max(most, Math.abs(want - places[i * dim + c]!));
        }
      expect(most).toBeGreaterThan(0.5); // they do move
    }
    for (const each of [...Object.values(common), y, w, moved, movedWide, work]) each.dispose();
  });

  test("each edge is in one part of an epoch, the same for both its ends", async () => {
    const device = await deviceOf();
    const [n, parts] = [40, 4]; // items 2 i and 2 i + 1 have one edge
    const y = tensor(
      device,
      Float32Array.from({ length: n }, (_, i) => i + (i % 2)),
      [n, 1],
    );
    const starts = indices(
      device,
      Uint32Array.from({ length: n + 1 }, (_, i) => i),
    );
    const columns = indices(
      device,
      Uint32Array.from({ length: n }, (_, i) => i ^ 1),
    );
    const periods = tensor(device, new Float32Array(n).fill(1));
    const moved = empty(device, [n, 1]);
    const rest = { n, m: n, dim: 1, epoch: 5, negative: 0, seed: 5, both: 1, a: 1.9, b: 0.79, alpha: 0.5, gamma: 1 };
    const before = await y.data();
    const often = new Int32Array(n);
    const used = new Set<number>();
    for (let part = 0; part < parts; part++) {
      run(umapEpoch, { y, others: y, starts, columns, periods, moved, ...rest, part, parts });
      const after = await moved.data();
      for (let i = 0; i < n; i += 2) {
        expect(after[i] !== before[i]).toBe(after[i + 1] !== before[i + 1]);
        if (after[i] === before[i]) continue;
        often[i]!++;
        used.add(part);
      }
    }
    for (let i = 0; i < n; i += 2) expect(often[i]).toBe(1);
    expect(used.size).toBe(parts);
    for (const each of [y, starts, columns, periods, moved]) each.dispose();
  });

  test("six dimensions keep six groups apart; one seed gives the same bytes; places that were kept place others the same", async () => {
    const device = await deviceOf();
    const { x, truth } = groups(90, 8, 6);
    const options = { nComponents: 6, nNeighbors: 8, minDist: 0, nEpochs: 40, seed: 3, device };
    const umap = await new UMAP(options).fit(x);
    expect(umap.embedding.shape).toEqual([90, 6]);
    expect((await new UMAP(options).fit(x)).embedding).toEqual(umap.embedding);
    const found = await new KMeans({ nClusters: 6, seed: 0, device }).fitPredict(umap.embedding);
    expect(accuracy(truth, found)).toBe(1);
    const others = groups(12, 8, 6).x;
    const kept = await UMAP.placed(x, umap.embedding, options);
    expect(await kept.transform(others)).toEqual(await umap.transform(others));
    expect(() => kept.graph).toThrow("UMAP.graph: call fit first");
  });

  test("rows that were fitted keep their places, among others too", async () => {
    const device = await deviceOf();
    const { x } = groups(40, 4, 3);
    const umap = await new UMAP({ nNeighbors: 6, nEpochs: 30, device }).fit(x);
    const mixed = new NdArray(Float32Array.from([...x.data.subarray(8, 12), 0.1, 0.2, 0.3, 6.5]), [2, 4]);
    const places = await umap.transform(mixed);
    expect([...places.data.subarray(0, 2)]).toEqual([...umap.embedding.data.subarray(4, 6)]);
    expect(await umap.transform(x)).toEqual(umap.embedding);
  });
});

test("places must belong to their points", async () => {
  await expect(UMAP.placed([[1], [2]], [[1, 2]])).rejects.toThrow("UMAP.placed: places must be [2, 2], got [1, 2]");
});
