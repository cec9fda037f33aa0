// Sessions of the methods that learn no network.
import { DBSCAN, KMeans, stream, tensor } from "constella";
import type { Matrix } from "constella";
import { flat, numberOf, type Result, type Session, type Snapshot, type Task, type Watch } from "./session";

interface Clustering {
  readonly model: KMeans;
  readonly labels: Int32Array<ArrayBuffer>;
  readonly centers: Matrix;
  readonly inertia: number;
}

const MAX_ITERATIONS = 200;
/** Between two iterations of the first run, so that the centres are seen to move. */
const PAUSE_MS = 70;

/** k-means, one iteration at a time. */
export function kmeansSession({ x, values, device }: Task): Session {
  const [k, runs, seed] = [numberOf(values, "nClusters"), numberOf(values, "nInit"), numberOf(values, "seed")];
  const rows = flat(x);
  const points = tensor(device, rows.data, rows.shape);
  let best: Clustering | undefined;
  let current: Clustering | undefined;
  let [run, iteration] = [0, 0];

  const advance = async (signal: AbortSignal): Promise<boolean> => {
    const init = current ? current.centers : "k-means++";
    const model = new KMeans({
      nClusters: k,
      init,
      nInit: 1,
      maxIter: 1,
      tolerance: 0,
      seed: stream(seed, "playground.run", run).nextUint32(),
      device,
    });
    await model.fit(points, { signal });
    const before = current?.labels;
    current = { model, labels: model.labels, centers: model.clusterCenters, inertia: model.inertia };
    iteration++;
    const settled = before?.every((label, i) => label === current!.labels[i]) ?? false;
    if (!best || current.inertia < best.inertia) best = current;
    return !settled && iteration < MAX_ITERATIONS;
  };

  return {
    run: async ({ signal, step, look }: Watch) => {
      for (; run < runs; run++, iteration = 0, current = undefined) {
        for (let more = true; more;) {
          signal.throwIfAborted();
          more = await advance(signal);
          const text = `run ${run + 1} of ${runs}, iteration ${iteration}`;
          step({ stage: "k-means", share: (run + 1 - 1 / (iteration + 1)) / runs, loss: current!.inertia, text });
          await look(run === 0 ? { wait: PAUSE_MS } : {});
        }
      }
    },
    snapshot: async (): Promise<Snapshot> => {
      const shown = run < runs ? (current ?? best) : best;
      return shown ? { labels: shown.labels, k, centers: Float32Array.from(shown.centers.data) } : { k };
    },
    result: async (): Promise<Result> => {
      const { labels, inertia } = best!;
      return { labels, k, inertia, settings: { nClusters: k, nInit: runs, seed } };
    },
    history: () => [],
    save: async () => best?.model.save(),
    dispose: () => points.dispose(),
  };
}

/** DBSCAN, at once. */
export function dbscanSession({ x, values }: Task): Session {
  const settings = { eps: numberOf(values, "eps"), minSamples: numberOf(values, "minSamples") };
  const model = new DBSCAN(settings);
  let labels: Int32Array | undefined;
  const count = (): number => labels?.reduce((most, label) => Math.max(most, label + 1), 0) ?? 0;
  return {
    run: async ({ signal, step, look }: Watch) => {
      step({ stage: "DBSCAN", share: 0, text: "looking for dense regions" });
      labels = (await model.fit(flat(x), { signal })).labels;
      await look({ force: true });
    },
    snapshot: async () => ({ ...(labels && { labels }), k: count() }),
    result: async () => ({ labels: labels!, k: Math.max(1, count()), settings }),
    history: () => [],
    save: async () => labels && model.save(),
    dispose: () => undefined,
  };
}
