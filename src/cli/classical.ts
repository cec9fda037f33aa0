import { KMeans, type KMeansOptions } from "../cluster";
import { writeSafetensors } from "../data/safetensors";
import type { NdArray } from "../ndarray";
import { nonNegative, oneOf, whole } from "./option";
import type { Method, Outcome, Task } from "./task";

const INIT = { name: "init", kind: oneOf("k-means++", "random"), help: "how the centres begin" };
const N_INIT = { name: "nInit", kind: whole(1), help: "runs from different beginnings, of which the best is kept" };

/** `cluster --method kmeans`. */
export const kmeans: Method = {
  title: "k-means",
  summary: "Lloyd's algorithm from k-means++",
  takesClusters: true,
  deep: false,
  options: [
    INIT,
    N_INIT,
    { name: "maxIter", kind: whole(1), help: "iterations of a run at most" },
    { name: "tolerance", kind: nonNegative, help: "ends when the centres' shift² is below this × mean variance" },
  ],
  defaults: { init: "k-means++", nInit: 10, maxIter: 300, tolerance: 1e-4 },
  run: async (task) => {
    const { progress, options } = task;
    const { nInit, maxIter } = options as { nInit: number; maxIter: number };
    const begin = performance.now();
    const model = new KMeans({
      ...common(task),
      onIteration: ({ run, iteration, inertia }) =>
        progress.update({
          stage: "k-means",
          done: run + iteration / (maxIter + 1),
          total: nInit,
          figures: { inertia },
        }),
    });
    await model.fit(task.x);
    progress.update({ stage: "k-means", done: nInit, total: nInit, figures: { inertia: model.inertia } });
    const embedding = await model.transform(task.x);
    return { ...outcome(task, "KMeans", begin, model), embedding };
  },
};

/** Options that the estimators share, with those of the method. */
const common = ({ options, nClusters, seed, device, signal }: Task): KMeansOptions => ({
  ...(options as Partial<KMeansOptions>),
  ...{ nClusters: nClusters!, seed, device, signal },
});

function outcome(
  { options, nClusters, seed }: Task,
  name: string,
  begin: number,
  model: { labels: Int32Array; inertia: number; clusterCenters: NdArray },
): Omit<Outcome, "embedding"> {
  const { labels, inertia, clusterCenters } = model;
  const settings = { nClusters, ...options, seed };
  return {
    ...{ labels, inertia, settings, nClusters: nClusters!, history: [] },
    checkpoint: checkpointOf(name, { clusterCenters }, settings, begin),
  };
}

/** The fitted arrays of a method without training state. */
function checkpointOf(
  model: string,
  arrays: Readonly<Record<string, NdArray>>,
  settings: Readonly<Record<string, unknown>>,
  begin: number,
): Outcome["checkpoint"] {
  const metadata = { format: "constella checkpoint 1", model, state: JSON.stringify({ settings }) };
  const seconds = (performance.now() - begin) / 1000;
  return { model: writeSafetensors(arrays, { metadata }), record: { seconds, fit: {}, trace: [], stages: [] } };
}
