// What scikit-learn 1.2.1's OPTICS finds, with the predecessor of the last point as corrected in its later versions (its issue 26459): optics.json holds
// points, options and answers; null is an infinite distance.
import { readFileSync } from "node:fs";
import { NdArray } from "constella";
import { expect, test } from "vitest";
import { OPTICS } from "../../src/density";
import { uniforms } from "../uniforms";

interface Case {
  readonly name: string;
  readonly x: number[][];
  readonly options: Readonly<Record<"min_samples" | "max_eps" | "xi" | "min_cluster_size", number | undefined>>;
  readonly labels: number[];
  readonly ordering: number[];
  readonly reachability: (number | null)[];
  readonly cores: (number | null)[];
  readonly predecessor: number[];
  readonly hierarchy: number[][];
  /** Labels at a distance. */
  readonly eps: number;
  readonly at: number[];
}

const CASES = JSON.parse(readFileSync(new URL("optics.json", import.meta.url), "utf8")) as Case[];

const near = (found: Float64Array, want: readonly (number | null)[]): void => {
  expect(found.length).toBe(want.length);
  want.forEach((value, i) => expect(found[i]).toBeCloseTo(value ?? Infinity, 9));
};

test.each(CASES.map((each) => [each.name, each.options, each] as const))("%s, %j", async (_, options, want) => {
  const { min_samples: minSamples, max_eps: maxEps, xi, min_cluster_size: minClusterSize } = options;
  const given = Object.entries({ minSamples, maxEps, xi, minClusterSize }).filter(([, value]) => value !== undefined);
  const optics = await new OPTICS(Object.fromEntries(given)).fit(want.x);
  near(optics.coreDistances, want.cores);
  expect([...optics.ordering]).toEqual(want.ordering);
  near(optics.reachability, want.reachability);
  expect([...optics.predecessors]).toEqual(want.predecessor);
  expect([...optics.clusterHierarchy.data]).toEqual(want.hierarchy.flat());
  expect([...optics.labels]).toEqual(want.labels);
  expect([...optics.labelsAt(want.eps)]).toEqual(want.at);
  const loaded = await OPTICS.load(await optics.save());
  expect([...loaded.labels]).toEqual(want.labels);
  expect(loaded.reachability).toEqual(optics.reachability);
  const dbscan = new OPTICS({ minSamples: minSamples!, clusterMethod: "dbscan", eps: want.eps });
  if (maxEps === undefined) expect([...(await dbscan.fitPredict(want.x))]).toEqual(want.at);
});

test("duplicates, few points, an offset, bad input", async () => {
  const random = uniforms(3);
  const doubled = [...Array<number[]>(10).fill([0, 0]), ...Array.from({ length: 10 }, () => [5 + random(), random()])];
  const { labels, coreDistances } = await new OPTICS().fit(doubled);
  expect(coreDistances[0]).toBe(0);
  expect(new Set(labels.subarray(0, 10)).size).toBe(1);
  expect(labels[10]).not.toBe(labels[0]);
  expect([...(await new OPTICS().fitPredict([[1, 2], [3, 4]]))]).toEqual([-1, -1]); // prettier-ignore
  // a Unix time moves nothing
  const far = doubled.map(([a, b]) => [a! + 1.7e9, b!]);
  expect([...(await new OPTICS().fitPredict(new NdArray(Float64Array.from(far.flat()), [20, 2])))]).toEqual([
    ...labels,
  ]);
  expect(() => new OPTICS({ minSamples: 1 })).toThrow(/minSamples must be a whole number from 2, got 1/);
  expect(() => new OPTICS({ eps: 2, maxEps: 1 })).toThrow("OPTICS: eps must be at most maxEps 1, got 2");
  const fitted = await new OPTICS({ maxEps: 1 }).fit(doubled);
  expect(() => fitted.labelsAt(2)).toThrow("OPTICS.labelsAt: eps must be at most maxEps 1, got 2");
  expect(() => new OPTICS().labels).toThrow(/OPTICS/);
  const signal = AbortSignal.abort(new Error("enough"));
  await expect(new OPTICS().fit(doubled, { signal })).rejects.toThrow("enough");
});
