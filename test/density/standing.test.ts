// Hierarchies, orders and spectra that were stopped in their long parts go on from there, to the same bytes.
import { DBSCAN, NdArray } from "constella";
import type { DBSCANOptions } from "constella";
import type { Device } from "constella";
import { describe, expect, test } from "vitest";
import { AgglomerativeClustering, HDBSCAN, OPTICS } from "../../src/density";
import { SpectralClustering } from "../../src/spectral";
import type { StepReport } from "../../src/lifecycle/progress";
import { pauseAfterEachPiece } from "../clock";
import { deviceOf } from "../devices";
import { uniforms } from "../uniforms";

function clouds(n: number, d: number): NdArray<Float64Array> {
  const random = uniforms(5);
  const value = (at: number): number => 2 * (Math.floor(at / d) % 4) * Number(at % d === 0) + random() + random();
  return new NdArray(
    Float64Array.from({ length: n * d }, (_, at) => value(at)),
    [n, d],
  );
}

interface Resumable {
  readonly labels: Int32Array;
  fit(
    x: NdArray<Float64Array>,
    options?: { signal?: AbortSignal; onStep?: (report: StepReport) => void },
  ): Promise<unknown>;
  save(): Promise<Uint8Array>;
}

type Load = (bytes: Uint8Array, options: { device: Device }) => Promise<Resumable>;

const agglomerative = (linkage: "ward" | "single" | "average"): readonly [(device: Device) => Resumable, Load] => [
  () => new AgglomerativeClustering({ nClusters: 4, linkage }),
  (bytes) => AgglomerativeClustering.load(bytes),
];
const hdbscan = [(device: Device) => new HDBSCAN({ device }), HDBSCAN.load] as const;
const optics = [(device: Device) => new OPTICS({ device }), OPTICS.load] as const;
const dbscan = (eps: DBSCANOptions["eps"]): readonly [(device: Device) => Resumable, Load] => [
  (device) => new DBSCAN({ eps, device }),
  DBSCAN.load,
];
const spectral = [
  (device: Device) => new SpectralClustering({ nClusters: 4, nInit: 2, device }),
  SpectralClustering.load,
] as const;

/** Each with a number of points and columns, small: every piece of work is reported. */
const CASES: readonly (readonly [string, readonly [(device: Device) => Resumable, Load], n: number, d: number])[] = [
  ["Ward's linkage", agglomerative("ward"), 90, 16],
  ["average linkage", agglomerative("average"), 90, 3],
  ["single linkage on a tree", agglomerative("single"), 300, 3],
  ["single linkage over all pairs", agglomerative("single"), 90, 16],
  ["HDBSCAN on a tree", hdbscan, 300, 3],
  ["HDBSCAN over all pairs", hdbscan, 90, 16],
  ["OPTICS", optics, 90, 16],
  ["DBSCAN on a tree", dbscan(0.4), 300, 3],
  ["DBSCAN by panels", dbscan(1.5), 300, 16],
  ["DBSCAN at the knee", dbscan("knee"), 300, 3],
  ["DBSCAN at a radius that it tries", dbscan("stable"), 300, 3],
  ["DBSCAN by panels at a radius that it tries", dbscan("stable"), 150, 16],
  ["spectral clustering", spectral, 90, 3],
];

pauseAfterEachPiece();

describe.each(CASES)("%s", (_, [make, load], n, d) => {
  test("stopped again and again it ends as one that was not, without the work before", async () => {
    const device = await deviceOf("wasm");
    const x = clouds(n, d);
    const whole = make(device);
    await whole.fit(x);
    let model = make(device);
    let stood: Uint8Array | undefined;
    let [least, stoodAt] = [-1, -1];
    for (const reports of [2, 9, 4]) {
      const stop = new AbortController();
      let seen = 0;
      const onStep = ({ step }: StepReport): void => {
        expect(step).toBeGreaterThanOrEqual(least); // what was found is not lost
        least = step;
        if (++seen === reports) stop.abort(new Error("enough"));
      };
      try {
        await model.fit(x, { signal: stop.signal, onStep });
        break; // it was over before
      } catch (error) {
        expect(error).toHaveProperty("message", "enough");
        const bytes = await model.save();
        model = await load(bytes, { device });
        expect(await model.save()).toEqual(bytes);
        expect(() => model.labels).toThrow("call fit first");
        [stood, stoodAt] = [bytes, least];
      }
    }
    expect(stood).toBeDefined();
    const other = await load(stood!, { device });
    await model.fit(x);
    expect(model.labels).toEqual(whole.labels);
    expect(await model.save()).toEqual(await whole.save());
    await expect(other.fit(clouds(n - 1, d))).rejects.toThrow(/a fit goes on with the same points/);
    const moved = new NdArray(
      x.data.map((value) => value + 1),
      [n, d],
    );
    await expect(other.fit(moved)).rejects.toThrow(/a fit goes on with the same points, got others of the same size/);
    // one that was refused has lost nothing
    const steps: number[] = [];
    await other.fit(x, { onStep: ({ step }) => steps.push(step) });
    expect(steps[0]).toBeGreaterThanOrEqual(stoodAt);
    expect(await other.save()).toEqual(await whole.save());
    // nor has one that was stopped, and is given what it cannot take
    const stopped = make(device);
    const stop = new AbortController();
    const onStep = ({ step }: StepReport): void => void (step >= 2 && stop.abort(new Error("enough")));
    await expect(stopped.fit(x, { signal: stop.signal, onStep })).rejects.toThrow("enough");
    const where = await stopped.save();
    await expect(stopped.fit(new NdArray(new Float64Array(2 * d).fill(NaN), [2, d]))).rejects.toThrow();
    expect(await stopped.save()).toEqual(where);
  });
});
