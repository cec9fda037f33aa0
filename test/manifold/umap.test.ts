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

/** Wellons' lowbias32. */
function mix(value: number): number {
  let x = value >>> 0;
  x = Math.imul(x ^ (x >>> 16), 0x7feb352d);
  x = Math.imul(x ^ (x >>> 15), 0x846ca68b);
  return (x ^ (x >>> 16)) >>> 0;
}

interface Step {
  readonly n: number;
  readonly negative: number;
  readonly seed: number;
  readonly a: number;
  readonly b: number;
  readonly alpha: number;
  readonly gamma: number;
  readonly epoch: number;
  readonly part: number;
  readonly parts: number;
}

/** Moves of points [n, dim] in a part of an epoch in float64: by parts of points, or (`wide`) by parts of edges, whose other ends move as well with `both`. */
function movedPlaces(
  y: ArrayLike<number>,
  dim: number,
  edges: {
    readonly starts: ArrayLike<number>;
    readonly columns: ArrayLike<number>;
    readonly periods: ArrayLike<number>;
  },
  { n, negative, seed, a, b, alpha, gamma, epoch, part, parts }: Step,
  wide?: { readonly both: number },
): Float64Array {
  const moved = Float64Array.from(y);
  const xor = (p: number, q: number): number => (p ^ q) >>> 0;
  const clip = (v: number): number => Math.min(4, Math.max(-4, v));
  const add = (to: Float64Array, by: (s: number) => number, own: Float64Array, other: ArrayLike<number>): void => {
    let s = 0;
    for (let c = 0; c < dim; c++) s += (own[c]! - other[c]!) ** 2;
    if (s > 0) for (let c = 0; c < dim; c++) to[c]! += clip(by(s) * (own[c]! - other[c]!));
  };
  const pull = (s: number): number => (-2 * a * b * s ** (b - 1)) / (1 + a * s ** b);
  const push = (s: number): number => (2 * gamma * b) / ((0.001 + s) * (1 + a * s ** b));
  const at = (row: number): Float64Array => Float64Array.from({ length: dim }, (_, c) => y[row * dim + c]!);
  for (let i = 0; i < n; i++) {
    const t = Math.floor(i / parts);
    if (!wide && t * parts + ((part + (mix(xor(epoch, mix(t))) % parts)) % parts) !== i) continue;
    const own = moved.subarray(i * dim, (i + 1) * dim);
    for (let e = edges.starts[i]!; e < edges.starts[i + 1]!; e++) {
      const [j, period] = [edges.columns[e]!, edges.periods[e]!];
      if (Math.floor((epoch + 1) / period) <= Math.floor(epoch / period)) continue;
      const pair = mix(xor(epoch, mix(xor(Math.min(i, j), mix(Math.max(i, j))))));
      if (wide && parts > 1 && pair % parts !== part) continue;
      const to = at(j);
      const key = mix(xor(seed, mix(xor(epoch, mix(e)))));
      for (let half = 0; half < 2; half++) {
        const force = new Float64Array(dim);
        add(force, pull, own, to);
        if (wide?.both) for (let c = 0; c < dim; c++) to[c]! -= alpha * force[c]!;
        for (let s = wide ? half : 0; s < (wide ? negative : half * negative); s += wide ? 2 : 1)
          add(force, push, own, at(mix(key + s) % n));
        for (let c = 0; c < dim; c++) own[c]! += alpha * force[c]!;
      }
    }
  }
  return moved;
}

describeDevices("UMAP in many dimensions", (deviceOf) => {
  test("the kernels move points as float64 does, and the one for any number of dimensions leaves what fills rows up", async () => {
    const device = await deviceOf();
    const [n, degree] = [67, 5];
    const random = uniforms(2);
    const starts = Uint32Array.from({ length: n + 1 }, (_, i) => i * degree);
    const columns = Uint32Array.from({ length: n * degree }, () => Math.floor(n * random()));
    const periods = Float32Array.from(columns, () => 1 + random());
    const common = {
      starts: indices(device, starts),
      columns: indices(device, columns),
      periods: tensor(device, periods),
    };
    const settings = { n, m: n, negative: 7, seed: 5, a: 1.9, b: 0.79, alpha: 0.7, gamma: 1 };
    const work = empty(device, [n, 16]);
    const close = (got: number, want: number): void =>
      expect(Math.abs(got - want)).toBeLessThan(2e-3 * (1 + Math.abs(want)));
    for (const [dim, epoch, both, part, parts] of [
      [2, 1, 1, 0, 1],
      [2, 4, 1, 5, 8],
      [3, 3, 0, 2, 7],
      [1, 2, 1, 1, 3],
      [4, 2, 0, 0, 4],
    ] as const) {
      const places = Float32Array.from({ length: n * dim }, () => 8 * random() - 4);
      places.copyWithin(0, dim, 2 * dim); // two points in one place
      const filled = new Float32Array(n * 8);
      for (let i = 0; i < n; i++) filled.set(places.subarray(i * dim, (i + 1) * dim), i * 8);
      const [y, w] = [tensor(device, places, [n, dim]), tensor(device, filled, [n, 8])];
      const [moved, movedWide] = [tensor(device, places, [n, dim]), empty(device, [n, 8])];
      const step = { ...settings, epoch, part, parts };
      run(umapEpoch, { ...common, y, others: y, moved, ...step, dim });
      run(umapEpochWide, { ...common, y: w, others: w, moved: movedWide, work, ...step, both, quads: 2 });
      const want = movedPlaces(places, dim, { starts, columns, periods }, step);
      (await moved.data()).forEach((place, at) => close(place, want[at]!));
      expect(Math.max(...want.map((place, at) => Math.abs(place - places[at]!)))).toBeGreaterThan(0.5); // they do move
      const wantWide = movedPlaces(places, dim, { starts, columns, periods }, step, { both });
      (await movedWide.data()).forEach((place, at) =>
        close(place, at % 8 < dim ? wantWide[Math.floor(at / 8) * dim + (at % 8)]! : 0),
      );
      for (const each of [y, w, moved, movedWide]) each.dispose();
    }
    for (const each of [...Object.values(common), work]) each.dispose();
  });

  test("each point moves in one part of an epoch, towards where the parts before it have left the others", async () => {
    const device = await deviceOf();
    const [n, parts, epoch] = [43, 4, 5]; // items 2 i and 2 i + 1 have one edge, the last one has none
    const [a, b, alpha] = [1.9, 0.79, 0.5];
    const start = Float32Array.from({ length: n }, (_, i) => 3 * i + (i % 2));
    let [y, moved] = [tensor(device, start, [n, 1]), tensor(device, start, [n, 1])];
    const starts = indices(
      device,
      Uint32Array.from({ length: n + 1 }, (_, i) => Math.min(i, n - 1)),
    );
    const columns = indices(
      device,
      Uint32Array.from({ length: n - 1 }, (_, i) => i ^ 1),
    );
    const periods = tensor(device, new Float32Array(n - 1).fill(1));
    const want = Float64Array.from(start);
    const often = new Int32Array(n);
    for (let part = 0; part < parts; part++) {
      const given = { y, others: y, starts, columns, periods, moved, n, m: n, dim: 1, epoch, part, parts };
      const before = want.slice();
      run(umapEpoch, { ...given, negative: 0, seed: 5, a, b, alpha, gamma: 1 });
      const after = await moved.data();
      for (let i = 0; i < n - 1; i++) {
        if (after[i] === Math.fround(before[i]!)) continue;
        often[i]!++;
        for (let pull = 0; pull < 2; pull++) {
          const away = want[i]! - before[i ^ 1]!;
          const force = (-2 * a * b * Math.abs(away) ** (2 * b - 2)) / (1 + a * Math.abs(away) ** (2 * b));
          want[i]! += alpha * Math.min(4, Math.max(-4, force * away));
        }
      }
      after.forEach((place, i) => expect(Math.abs(place - want[i]!)).toBeLessThan(1e-4));
      want.set(after);
      [y, moved] = [moved, y];
    }
    expect([...often]).toEqual(Array.from(often, (_, i) => (i < n - 1 ? 1 : 0)));
    for (const each of [y, starts, columns, periods, moved]) each.dispose();
  });

  test("in more dimensions each edge is in one part of an epoch, the same for both its ends", async () => {
    const device = await deviceOf();
    const [n, parts] = [40, 4]; // items 2 i and 2 i + 1 have one edge
    const start = Float32Array.from({ length: 4 * n }, (_, at) => (at % 4 === 0 ? at / 4 + ((at / 4) % 2) : 0));
    const y = tensor(device, start, [n, 4]);
    const starts = indices(
      device,
      Uint32Array.from({ length: n + 1 }, (_, i) => i),
    );
    const columns = indices(
      device,
      Uint32Array.from({ length: n }, (_, i) => i ^ 1),
    );
    const periods = tensor(device, new Float32Array(n).fill(1));
    const [moved, work] = [empty(device, [n, 4]), empty(device, [n, 8])];
    const rest = { n, m: n, quads: 1, epoch: 5, negative: 0, seed: 5, both: 1, a: 1.9, b: 0.79, alpha: 0.5, gamma: 1 };
    const often = new Int32Array(n);
    const used = new Set<number>();
    for (let part = 0; part < parts; part++) {
      run(umapEpochWide, { y, others: y, starts, columns, periods, moved, work, ...rest, part, parts });
      const after = await moved.data();
      for (let i = 0; i < n; i += 2) {
        const isMoved = after[4 * i] !== start[4 * i];
        expect(after[4 * i + 4] !== start[4 * i + 4]).toBe(isMoved);
        if (!isMoved) continue;
        often[i]!++;
        used.add(part);
      }
    }
    for (let i = 0; i < n; i += 2) expect(often[i]).toBe(1);
    expect(used.size).toBe(parts);
    for (const each of [y, starts, columns, periods, moved, work]) each.dispose();
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
