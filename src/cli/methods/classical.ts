import { DBSCAN, KMeans, MiniBatchKMeans, type KMeansOptions, type Matrix } from "../../cluster";
import { writeSafetensors } from "../../data/formats/safetensors";
import { NdArray, type TypedArray } from "../../ndarray";
import { nonNegative, oneOf, positive, whole } from "../option";
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
    return centersFound(task, "KMeans", begin, model);
  },
};

/** `cluster --method mini-batch-kmeans`. */
export const miniBatchKMeans: Method = {
  title: "mini-batch k-means",
  summary: "k-means on random batches (Sculley 2010)",
  takesClusters: true,
  deep: false,
  options: [
    INIT,
    N_INIT,
    { name: "initSize", kind: whole(1), help: "items that beginnings are compared on" },
    { name: "batchSize", kind: whole(1), help: "items a step" },
    { name: "maxIter", kind: whole(1), help: "passes over as many items as there are, at most" },
    { name: "maxNoImprovement", kind: whole(0), help: "ends after so many steps without a lower inertia; 0: never" },
    { name: "reassignmentRatio", kind: nonNegative, help: "centres with a smaller share of the largest begin anew" },
    { name: "tolerance", kind: nonNegative, help: "ends when the centres' shift² is below this × mean variance" },
  ],
  defaults: {
    ...{ init: "k-means++", nInit: 3, initSize: "3 × batch size", batchSize: 1024, maxIter: 100 },
    ...{ maxNoImprovement: 10, reassignmentRatio: 0.01, tolerance: 0 },
  },
  run: async (task) => {
    const begin = performance.now();
    const { initSize, ...options } = task.options;
    const size = typeof initSize === "number" ? { initSize } : {}; // else the library's choice
    const model = new MiniBatchKMeans({
      ...{ ...common({ ...task, options }), ...size },
      onStep: ({ step, steps, inertia }) =>
        task.progress.update({
          stage: "mini-batches",
          done: step,
          total: steps,
          figures: { "mean distance²": inertia },
        }),
    });
    await model.fit(task.x);
    return centersFound(task, "MiniBatchKMeans", begin, model);
  },
};

/** `cluster --method dbscan`. */
export const dbscan: Method = {
  title: "DBSCAN",
  summary: "clusters of dense regions, the rest is noise (Ester et al. 1996)",
  takesClusters: false,
  deep: false,
  options: [
    { name: "eps", kind: positive, help: "radius of a neighbourhood" },
    { name: "minSamples", kind: whole(1), help: "items in its neighbourhood, itself included, that make a core point" },
  ],
  defaults: { eps: 0.5, minSamples: 5 },
  run: async (task) => {
    const { options, progress, signal, x } = task;
    const begin = performance.now();
    const model = new DBSCAN(options);
    progress.update({ stage: "DBSCAN", done: 0, total: 1 });
    const { labels, coreSampleIndices } = await model.fit(x);
    progress.update({ stage: "DBSCAN", done: 1, total: 1 });
    signal.throwIfAborted();
    const nClusters = labels.reduce((most, label) => Math.max(most, label + 1), 0);
    const arrays = { labels: new NdArray(labels), coreSampleIndices: new NdArray(coreSampleIndices) };
    return {
      ...{ labels, nClusters, settings: options, history: [] },
      checkpoint: checkpointOf("DBSCAN", arrays, options, begin),
    };
  },
};

/** Options that the estimators share, with those of the method. */
const common = ({ options, nClusters, seed, device, signal }: Task): KMeansOptions => ({
  ...(options as Partial<KMeansOptions>),
  ...{ nClusters: nClusters!, seed, device, signal },
});

/** What the methods with centres found. */
function centersFound(
  { options, nClusters, seed }: Task,
  name: string,
  begin: number,
  model: { labels: Int32Array; inertia: number; clusterCenters: Matrix },
): Outcome {
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
  arrays: Readonly<Record<string, NdArray<TypedArray>>>,
  settings: Readonly<Record<string, unknown>>,
  begin: number,
): Outcome["checkpoint"] {
  const metadata = { format: "constella checkpoint 1", model, state: JSON.stringify({ settings }) };
  const seconds = (performance.now() - begin) / 1000;
  return { model: writeSafetensors(arrays, { metadata }), record: { seconds, fit: {}, trace: [], stages: [] } };
}
