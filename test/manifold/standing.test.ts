// Layouts that were stopped go on from there, to the same bytes.
import { NdArray } from "constella";
import { describe, expect, test, vi } from "vitest";
import type { StepReport } from "../../src/lifecycle/progress";
import { SparseMatrix, TSNE, UMAP } from "../../src/manifold";
import type { UMAPOptions } from "../../src/manifold";
import { TsneDescent } from "../../src/manifold/tsne/descent";
import { deviceOf } from "../devices";
import { edited } from "../lifecycle/models";
import { uniforms } from "../uniforms";

const [n, d] = [60, 5];
const random = uniforms(5);
const x = new NdArray(
  Float64Array.from({ length: n * d }, (_, at) => 2 * (Math.floor(at / d) % 4) * Number(at % d === 0) + random()),
  [n, d],
);
const moved = new NdArray(
  x.data.map((value) => value + 1),
  [n, d],
);

describe.each([2, 6])("UMAP in %i dimensions", (nComponents) => {
  const options = { nComponents, nNeighbors: 6, nEpochs: 40, seed: 3 };
  /** Stopped at so many epochs, as `save` has it. */
  const stoppedAt = async (epochs: number, init: UMAPOptions["init"] = "spectral"): Promise<Uint8Array> => {
    const model = new UMAP({ ...options, init, device: await deviceOf("wasm") });
    const stop = new AbortController();
    const onStep = ({ epoch, step }: StepReport): void => {
      if (epoch * step >= epochs) stop.abort(new Error("enough"));
    };
    await expect(model.fit(x, { signal: stop.signal, onStep })).rejects.toThrow("enough");
    expect(() => model.embedding).toThrow("UMAP.embedding: call fit first");
    return model.save();
  };

  test.each([0, 10, 30, 40])("stopped at epoch %i it ends as one that was not", async (epochs) => {
    const device = await deviceOf("wasm");
    const whole = await new UMAP({ ...options, device }).fit(x);
    const bytes = await stoppedAt(epochs);
    const model = await UMAP.load(bytes, { device });
    expect(await model.save()).toEqual(bytes);
    await expect(model.transform(x)).rejects.toThrow("UMAP.transform: call fit first");
    await expect(model.fit(moved)).rejects.toThrow(/a fit goes on with the same points, got others of the same size/);
    await expect(model.fit(new NdArray(x.data.slice(d), [n - 1, d]))).rejects.toThrow("[60, 5] before, [59, 5] now");
    await expect(model.fit([[1, 2]])).rejects.toThrow("neighbours need two points, got 1");
    const seen: number[] = [];
    await model.fit(x, { onStep: ({ epoch, step }) => seen.push(epoch * step) });
    expect(seen).toEqual([0, 10, 20, 30, 40].filter((at) => at >= epochs)); // none of them again
    expect(model.embedding).toEqual(whole.embedding);
    expect(await model.save()).toEqual(await whole.save());
    const again = await UMAP.load(await model.save(), { device });
    expect(await again.transform(moved)).toEqual(await whole.transform(moved));
    expect(again.graph).toEqual(whole.graph);
  });

  test("places that were given are kept until the first epochs are done", async () => {
    const device = await deviceOf("wasm");
    const init = new NdArray(
      Float64Array.from({ length: n * nComponents }, () => 10 * random()),
      [n, nComponents],
    );
    const whole = await new UMAP({ ...options, init, device }).fit(x);
    const model = await UMAP.load(await stoppedAt(0, init), { device });
    expect((await model.fit(x)).embedding).toEqual(whole.embedding);
  });

  test("a file that is none is refused by one line", async () => {
    const device = await deviceOf("wasm");
    const bytes = await stoppedAt(10, "random");
    const load = (change: (state: Record<string, unknown>) => unknown) => UMAP.load(edited(bytes, change), { device });
    const setting = (settings: object) => (state: Record<string, unknown>) => ({
      ...state,
      settings: { ...(state["settings"] as object), ...settings },
    });
    await expect(load((state) => ({ ...state, epoch: 41 }))).rejects.toThrow("epoch must be a whole number from 0 to 40, got 41"); // prettier-ignore
    await expect(load((state) => ({ ...state, hash: -1 }))).rejects.toThrow("hash must be a whole number from 0, got -1"); // prettier-ignore
    await expect(load((state) => ({ ...state, d: undefined }))).rejects.toThrow("d must be a whole number from 1");
    await expect(load(setting({ nComponents: 3 }))).rejects.toThrow("places must have the shape [60, 3]");
    await expect(load(setting({ minDist: 2 }))).rejects.toThrow("minDist must be from 0 to 1, got 2");
    await expect(load(setting({ metric: "mine" }))).rejects.toThrow("metric must be euclidean or cosine, got mine");
    await expect(UMAP.load(bytes.subarray(0, bytes.length - 9), { device })).rejects.toThrow("file is truncated");
  });
});

test("what one device has placed, the other places rows with, and goes on from", async () => {
  const options = { nNeighbors: 6, nEpochs: 20, seed: 3 };
  const first = await new UMAP({ ...options, device: await deviceOf("wasm") }).fit(x);
  const there = await UMAP.load(await first.save(), { device: await deviceOf("webgpu") });
  expect(there.embedding).toEqual(first.embedding);
  expect(await there.transform(x)).toEqual(first.embedding);
  const [here, found] = [await first.transform(moved), await there.transform(moved)];
  const apart = found.data.map((value, at) => Math.abs(value - here.data[at]!));
  expect(Math.max(...apart)).toBeLessThan(0.1);
  const stop = new AbortController();
  const onStep = ({ epoch, step }: StepReport): void => void (epoch * step === 10 && stop.abort(new Error("enough")));
  const model = new UMAP({ ...options, device: await deviceOf("webgpu") });
  await expect(model.fit(x, { signal: stop.signal, onStep })).rejects.toThrow("enough");
  const bytes = await model.save();
  const whole = await model.fit(x);
  const again = await UMAP.load(bytes, { device: await deviceOf("webgpu") });
  expect((await again.fit(x)).embedding).toEqual(whole.embedding); // to the same bytes on WebGPU too
  const elsewhere = await UMAP.load(bytes, { device: await deviceOf("wasm") });
  expect((await elsewhere.fit(x)).embedding.data.every(Number.isFinite)).toBe(true);
});

describe.each([
  ["wasm", 60],
  ["webgpu", 30],
] as const)("t-SNE on %s", (type, maxIter) => {
  const options = { perplexity: 6, maxIter, exaggerationIter: 20, seed: 3 };
  /** Stopped after so many iterations, which need not be reported. */
  const stoppedAt = async (iterations: number, given: object = {}): Promise<Uint8Array> => {
    const model = new TSNE({ ...options, device: await deviceOf(type) });
    const stop = new AbortController();
    const { signal } = stop;
    if (iterations === 0) {
      const onStep = (): void => stop.abort(new Error("enough"));
      await expect(model.fit(x, { signal, onStep, ...given })).rejects.toThrow("enough");
    } else {
      const { step } = TsneDescent.prototype;
      let done = 0;
      const spy = vi.spyOn(TsneDescent.prototype, "step").mockImplementation(async function (this: TsneDescent, how) {
        await step.call(this, how);
        if (++done === iterations) stop.abort(new Error("enough"));
      });
      await expect(model.fit(x, { signal, ...given })).rejects.toThrow("enough");
      spy.mockRestore();
    }
    expect(() => model.embedding).toThrow("TSNE.embedding: call fit first");
    return model.save();
  };

  test.each([0, 7, 25, maxIter])("stopped after iteration %i it ends as one that was not", async (iterations) => {
    const device = await deviceOf(type);
    const whole = await new TSNE({ ...options, device }).fit(x);
    const before = device.memory().buffers;
    const bytes = await stoppedAt(iterations);
    const model = await TSNE.load(bytes, { device });
    expect(await model.save()).toEqual(bytes);
    await expect(model.fit(moved)).rejects.toThrow(/a fit goes on with the same points, got others of the same size/);
    const probabilities = new SparseMatrix([n, n], [0, 1, ...new Array<number>(n - 1).fill(2)], [1, 0], [0.5, 0.5]);
    await expect(model.fit(x, { probabilities })).rejects.toThrow("goes on with the same probabilities, got others");
    const seen: number[] = [];
    await model.fit(x, { onStep: ({ epoch, step }) => seen.push(epoch * step) });
    expect(seen[0]).toBe(iterations);
    expect(model.embedding).toEqual(whole.embedding);
    expect([model.klDivergence, model.nIter]).toEqual([whole.klDivergence, maxIter]);
    expect(await model.save()).toEqual(await whole.save());
    const again = await TSNE.load(await model.save(), { device });
    expect([again.embedding, again.klDivergence, again.nIter]).toEqual([model.embedding, model.klDivergence, maxIter]);
    expect(device.memory().buffers).toBe(before);
  });

  test("a file that is none is refused by one line", async () => {
    const device = await deviceOf(type);
    const bytes = await stoppedAt(7);
    const load = (change: (state: Record<string, unknown>) => unknown) => TSNE.load(edited(bytes, change), { device });
    await expect(load((state) => ({ ...state, iteration: 1e9 }))).rejects.toThrow(`iteration must be a whole number from 0 to ${maxIter}, got 1000000000`); // prettier-ignore
    await expect(load((state) => ({ ...state, bestAt: 8 }))).rejects.toThrow("bestAt must be a whole number from 0 to 7, got 8"); // prettier-ignore
    await expect(load((state) => ({ ...state, best: "low" }))).rejects.toThrow("best must be a finite number");
    await expect(load((state) => ({ ...state, settings: { ...(state["settings"] as object), nComponents: 3 } }))).rejects.toThrow("places must have the shape [60, 3]"); // prettier-ignore
    await expect(TSNE.load(bytes.subarray(0, bytes.length - 9), { device })).rejects.toThrow("file is truncated");
  });
});
