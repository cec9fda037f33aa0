// The session of the learned clustering of points: the model was trained before, on generated sets of points.
import { NdArray, Random } from "constella";
import { LearningToCluster } from "constella/sets";
import type { ExaminedClustering } from "constella";
import { standardizePoints } from "constella/data";
import modelUrl from "../../../points/model/points.safetensors?url";
import { isSource, numberOf, type Result, type Session, type Task, type Watch } from "./session";

/** Said of points that the model cannot be relied on for. */
const unlikeWords = ({ k, agreement, leastAgreement }: ExaminedClustering): string =>
  `These points are unlike those that the model has learned, and its answer is not to be relied on: what it sees from several sides agrees by ` +
  `${agreement.toFixed(2)}, where 99 of 100 sets that it has learned to see ${k === 1 ? "one cluster" : `${k} clusters`} in have ${leastAgreement.toFixed(2)} or more.`;

/** Whose cluster each point takes: of the points that the model looks at, the nearest. */
function nearest(x: NdArray<Float32Array>, seen: Uint32Array): Uint32Array<ArrayBuffer> {
  return Uint32Array.from({ length: x.shape[0]! }, (_, i) => {
    let [best, least] = [0, Infinity];
    for (const [at, row] of seen.entries()) {
      const squared = (x.data[2 * i]! - x.data[2 * row]!) ** 2 + (x.data[2 * i + 1]! - x.data[2 * row + 1]!) ** 2;
      if (squared < least) [best, least] = [at, squared];
    }
    return best;
  });
}

/** Finds the clusters of points of the plane, and how many there are. */
export function learnedSession({ x, rows, values, device }: Task): Session {
  if (isSource(x) || x.shape.length !== 2 || x.shape[1] !== 2)
    throw new Error(
      `The learned model takes points of the plane; these items are ${(isSource(x) ? x.rowShape : x.shape.slice(1)).join(" × ")}.`,
    );
  const n = x.shape[0]!;
  const count = Math.min(n, numberOf(values, "points"));
  const seen = new Random(numberOf(values, "seed")).permutation(n).slice(0, count);
  let found: ExaminedClustering | undefined;
  let of = new Uint32Array(0);
  const labels = (): Int32Array => Int32Array.from(of, (at) => found!.labels[at]!);
  const soft = (items: ArrayLike<number>): Float32Array => {
    const { k, assignments } = found!;
    const q = new Float32Array(items.length * k);
    for (let i = 0; i < items.length; i++)
      q.set(assignments[k - 1]!.data.subarray(of[items[i]!]! * k, (of[items[i]!]! + 1) * k), i * k);
    return q;
  };
  return {
    run: async ({ step, look }: Watch) => {
      step({ stage: "learned", share: 0, text: "loading the model" });
      const model = await LearningToCluster.load(await (await fetch(modelUrl)).arrayBuffer(), { device });
      step({ stage: "learned", share: 0.5, text: `looking at ${count} points` });
      const points = Float32Array.from({ length: 2 * count }, (_, i) => x.data[2 * seen[i >> 1]! + (i & 1)]!);
      standardizePoints(points);
      found = await model.examine(new NdArray(points, [count, 2]));
      model.dispose();
      of = nearest(x, seen);
      step({ stage: "learned", share: 1, text: "assigning the others" });
      await look({ force: true });
    },
    snapshot: async () => (found ? { labels: labels(), q: soft(rows), k: found.k } : { k: 1 }),
    result: async (): Promise<Result> => {
      const all = Uint32Array.from({ length: n }, (_, i) => i);
      return {
        labels: labels(),
        k: found!.k,
        q: new NdArray(soft(all), [n, found!.k]),
        settings: { points: count, agreement: found!.agreement, seed: numberOf(values, "seed") },
      };
    },
    note: () => {
      const chances = Array.from(found!.counts, (p, k) => `${k + 1} with ${(100 * p).toFixed(0)} %`);
      const right =
        found!.k > 1
          ? ` It expects ${Math.floor(100 * found!.confidence)} % of the points to be in the right one.`
          : "";
      const asked = `How many clusters? ${chances.join(", ")}.${right}`;
      return found!.unlike ? `${unlikeWords(found!)} ${asked}` : asked;
    },
    history: () => [],
    save: async () => undefined,
    savable: false,
    dispose: () => undefined,
  };
}
