import { checkRange } from "../../checks";
import { PCA } from "../../cluster/pca/pca";
import type { Points } from "../../cluster/points";
import type { Bytes } from "../../data/formats/source";
import type { Device } from "../../device";
import type { Checkpoint, Learned } from "../../lifecycle/checkpoint";
import { Findings } from "../../lifecycle/findings";
import { Model } from "../../lifecycle/model";
import type { DeviceOption, OptionSet } from "../../lifecycle/model";
import { RUN_RULES } from "../../lifecycle/progress";
import type { RunOptions } from "../../lifecycle/progress";
import { smallestEigenvectors } from "../../linear-algebra/smallest-eigen";
import type { MatrixLike } from "../../matrix";
import { NdArray } from "../../ndarray";
import { connectedComponents } from "../../neighbours/graph";
import { neighboursAmong, neighboursOf } from "../../neighbours/knn";
import type { Metric } from "../../neighbours/knn";
import { takeRows } from "../../neighbours/rows";
import type { HostRows } from "../../neighbours/rows";
import { checkedOptions, choice, integer, optional, positive, range } from "../../options";
import { seed as seedRule, signal as signalRule } from "../../options";
import { Random } from "../../random";
import { SparseMatrix } from "../../sparse";
import { normalizedLaplacian } from "../../spectral/laplacian";
import { mapTo } from "../../typed-arrays";
import { givenPlaces, keptPlaces, placesRule } from "../first-places";
import { fitCurve } from "./curve";
import { fuzzyGraph, memberships, sampledEdges } from "./fuzzy-set";
import { keptResult, keptStanding, restoredResult, restoredStanding } from "./kept";
import type { PlacedPoints, StandingLayout } from "./kept";
import { layOut, layoutKernel } from "./layout";

/** Options of `UMAP`; the defaults are those of Python's `umap-learn`. */
export interface UMAPOptions {
  /** Default 2. */
  readonly nComponents?: number;
  /** Neighbours of a point, itself counted. Default 15. */
  readonly nNeighbors?: number;
  /** How close places may come. Default 0.1. */
  readonly minDist?: number;
  /** Scale of the places. Default 1. */
  readonly spread?: number;
  /** Default 500 up to 10,000 points, else 200. */
  readonly nEpochs?: number;
  /** Default 1. */
  readonly learningRate?: number;
  /** Points that are drawn and pushed away for each sample of an edge. Default 5. */
  readonly negativeSampleRate?: number;
  /** Default 1. */
  readonly repulsionStrength?: number;
  /** First places: the graph's smallest eigenvectors (PCA's scores where it is in parts), "pca", "random", or given [n, nComponents]. Default "spectral". */
  readonly init?: "spectral" | "pca" | "random" | MatrixLike;
  /** Default "euclidean". */
  readonly metric?: Metric;
  /** Default 0. */
  readonly seed?: number;
  /** Where to compute; default: a tensor's own device, else one requested at first need. */
  readonly device?: Device | undefined;
}

/** @inline */
type Settings = Required<Omit<UMAPOptions, "device" | "nEpochs">> & Pick<UMAPOptions, "nEpochs">;

const OPTIONS: OptionSet<Settings> = {
  rules: {
    ...{ nComponents: integer(1), nNeighbors: integer(2), minDist: range(0), spread: positive },
    ...{ nEpochs: optional(integer(1)), learningRate: positive, negativeSampleRate: integer(0) },
    ...{ repulsionStrength: range(0), init: placesRule("spectral", "pca", "random") },
    ...{ metric: choice("euclidean", "cosine"), seed: seedRule },
  },
  defaults: {
    ...{ nComponents: 2, nNeighbors: 15, minDist: 0.1, spread: 1, learningRate: 1, negativeSampleRate: 5 },
    ...{ repulsionStrength: 1, init: "spectral", metric: "euclidean", seed: 0 },
  },
  kernels: ({ nComponents }) => [layoutKernel(nComponents)],
};

/** Points up to which 500 epochs are done. */
const SMALL = 10_000;

/**
 * UMAP (McInnes, Healy and Melville, "UMAP: uniform manifold approximation and projection for dimension reduction", 2018): places whose fuzzy graph of
 * neighbours is nearest to that of the points, by sampled edges and drawn pushes. Exact neighbours; an epoch is a few parts, each of which moves its points at
 * once by one kernel, along their own edges in their order towards where the others stood before it, so that one seed gives the same bytes on one device.
 */
export class UMAP extends Model<Settings> {
  readonly #curve: { readonly a: number; readonly b: number };
  readonly #findings = new Findings<PlacedPoints, StandingLayout>();

  /** @throws for an option that is unknown or out of its range */
  constructor(options: UMAPOptions = {}) {
    super("UMAP", options, OPTIONS);
    const { spread, minDist } = this.settings;
    checkRange("UMAP", { minDist }, 0, spread);
    this.#curve = fitCurve(spread, minDist);
  }

  /** The places [n, nComponents]. @throws before `fit`, as all these */
  get embedding(): NdArray {
    return this.known("embedding", this.#findings.result).embedding;
  }
  /** The fuzzy graph of the points, symmetric [n, n]; `placed` has none. */
  get graph(): SparseMatrix {
    return this.known("graph", this.#findings.result?.graph);
  }

  /**
   * A UMAP whose points x [n, d] have their places [n, nComponents] already, as `fit` found them: what it takes to `transform` others.
   * @throws when an option is out of its range, or the sizes do not belong together
   */
  static async placed(x: MatrixLike, places: MatrixLike, options: UMAPOptions = {}): Promise<UMAP> {
    const op = "UMAP.placed";
    const umap = new UMAP(options);
    const [rows, { data, n, d }] = [await takeRows(x, op), await takeRows(places, op)];
    const { nComponents } = umap.settings;
    if (n !== rows.n || d !== nComponents)
      throw new Error(`${op}: places must be [${rows.n}, ${nComponents}], got [${n}, ${d}]`);
    umap.#findings.restored({ rows, embedding: new NdArray(Float32Array.from(data), [n, d]) });
    umap.learned();
    return umap;
  }

  /**
   * Places points x [n, d]; of n ≤ nNeighbors points all are neighbours. A fit that was stopped, saved and loaded goes on where it stood, after its graph or
   * amid its epochs, with the same points.
   * @param options `onStep`: after the graph, every ten epochs, and after the last; the loss is the share of the epochs that is left
   * @throws when x has one row, or is no finite matrix; the signal's reason when aborted
   */
  async fit(x: Points, options: RunOptions = {}): Promise<this> {
    return this.fitting(options, RUN_RULES, async (fit) => {
      const op = "UMAP.fit";
      const { nComponents, nNeighbors, metric } = this.settings;
      const { signal } = fit;
      const rows = await takeRows(x, op);
      const { n, d } = rows;
      if (n < 2) throw new Error(`${op}: neighbours need two points, got ${n}`);
      const init = givenPlaces(this.settings.init, n, nComponents, op);
      const device = await this.device(x);
      const before = await this.#findings.enter(op, new NdArray(rows.data, [n, d]));
      const epochs = this.#epochs(n);
      const k = Math.min(nNeighbors, n);
      const graph =
        before?.graph ??
        (await fuzzyGraph(await neighboursAmong(rows, { nNeighbors: k - 1 }, op, { metric, device, signal }), k));
      const stand = async (epoch: number, places?: Float32Array<ArrayBuffer>): Promise<void> => {
        this.#findings.stand({ n, d, graph, epoch, places });
        this.learned(); // from now on it can say where it stands
        const share = { epoch: Math.max(epoch, 1), epochs, step: Math.min(epoch, 1), steps: 1 };
        fit.report({ stage: this.name, ...share, loss: 1 - epoch / epochs });
        await fit.between();
      };
      const from = before?.epoch ?? 0;
      await stand(from, before?.places);
      const sampled = sampledEdges(graph, epochs);
      const y = before?.places ?? init ?? (await this.#begin(x, rows, sampled.graph, device, signal));
      const layout = { ...this.#layout(epochs), from, onEpochs: stand, signal };
      const places = await layOut(device, y, nComponents, sampled.graph, sampled.periods, layout);
      this.#findings.end({ rows, graph, embedding: new NdArray(places, [n, nComponents]) });
    });
  }

  /** `fit`, then the places. */
  async fitTransform(x: Points, options: RunOptions = {}): Promise<NdArray> {
    return (await this.fit(x, options)).embedding;
  }

  /**
   * Places of rows [m, d] among the fitted ones, which stay; a row that was fitted has the place that it got then.
   * @param options `signal` ends it with its reason
   * @throws before `fit`, or for another d
   */
  async transform(x: Points, options: Pick<RunOptions, "signal"> = {}): Promise<NdArray> {
    return this.computing("transform", async () => {
      const op = "UMAP.transform";
      const { rows, embedding } = this.known("transform", this.#findings.result);
      const { signal } = checkedOptions<Pick<RunOptions, "signal">>(op, options, { signal: signalRule }, {});
      const given = await takeRows(x, op);
      const { nComponents, nNeighbors, metric } = this.settings;
      const { n, d } = rows;
      const k = Math.min(nNeighbors, n);
      const device = await this.device(x);
      const near = await neighboursOf(given, rows, { nNeighbors: k }, op, { metric, device, signal });
      const m = near.indices.shape[0]!;
      const strengths = await memberships(near, k);
      const entries = { rows: mapTo(Uint32Array, strengths, (_, e) => Math.floor(e / k)), columns: near.indices.data };
      const graph = SparseMatrix.fromEntries([m, n], { ...entries, values: strengths });
      const y = new Float32Array(m * nComponents);
      for (let i = 0; i < m; i++) {
        let total = 0;
        for (let e = graph.indptr[i]!; e < graph.indptr[i + 1]!; e++) total += graph.data[e]!;
        for (let e = graph.indptr[i]!; e < graph.indptr[i + 1]!; e++)
          for (let c = 0; c < nComponents; c++)
            y[i * nComponents + c]! += (graph.data[e]! / total) * embedding.data[graph.indices[e]! * nComponents + c]!;
      }
      const epochs = Math.max(1, Math.floor((this.settings.nEpochs ?? (n <= SMALL ? 300 : 90)) / 3));
      const sampled = sampledEdges(graph, epochs);
      const fixed = { ...this.#layout(epochs), fixed: embedding.data, signal };
      const places = await layOut(device, y, nComponents, sampled.graph, sampled.periods, fixed);
      for (let i = 0; i < m; i++) {
        const same = near.indices.data
          .subarray(i * k, (i + 1) * k)
          .find((j) => sameRow(given.data, i, rows.data, j, d));
        if (same === undefined) continue;
        places.set(embedding.data.subarray(same * nComponents, (same + 1) * nComponents), i * nComponents);
      }
      return new NdArray(places, [m, nComponents]);
    });
  }

  /** @throws when the bytes are no checkpoint of a UMAP */
  static async load(content: Bytes, options: DeviceOption = {}): Promise<UMAP> {
    return Model.restored("UMAP", content, options, (settings) => new UMAP(settings));
  }

  protected override own(): Learned {
    return this.#findings.kept((result) => this.known("save", result), keptResult, keptStanding);
  }

  protected override restore(saved: Checkpoint): void {
    const { nComponents } = this.settings;
    const hasResult = this.#findings.restore(saved, "embedding", (standing, d) =>
      restoredStanding(standing, d(), nComponents, (n) => this.#epochs(n)),
    );
    if (hasResult) this.#findings.restored(restoredResult(saved, nComponents));
  }

  protected override release(): void {
    this.#findings.release();
  }

  protected override keptSettings(): object {
    return { ...this.settings, init: keptPlaces(this.settings.init, "UMAP.save") };
  }

  /** Of n points. */
  #epochs(n: number): number {
    return this.settings.nEpochs ?? (n <= SMALL ? 500 : 200);
  }

  #layout(epochs: number) {
    const { learningRate, negativeSampleRate, repulsionStrength, seed } = this.settings;
    // eslint-disable-next-line no-restricted-syntax -- places that the figures of N2D were measured with
    const word = new Random(seed).nextUint32();
    return { epochs, ...this.#curve, learningRate, negativeSampleRate, repulsionStrength, seed: word };
  }

  async #begin(
    x: Points,
    { n, d }: HostRows,
    graph: SparseMatrix,
    device: Device,
    signal: AbortSignal,
  ): Promise<Float32Array<ArrayBuffer>> {
    const { init, nComponents, seed } = this.settings;
    // eslint-disable-next-line no-restricted-syntax -- places that the figures of N2D were measured with
    const random = new Random(seed).split();
    const places = new Float32Array(n * nComponents);
    const numbers = graph.rowNumbers();
    const whole = (): boolean =>
      connectedComponents(n, { from: numbers, to: graph.indices }).every((part) => part === 0);
    if (init === "spectral" && n > nComponents + 1 && whole()) {
      const laplacian = normalizedLaplacian(graph);
      const { vectors } = await smallestEigenvectors(laplacian, nComponents + 1, "UMAP.fit", {
        tolerance: 1e-4,
        signal,
      });
      for (let c = 0; c < nComponents; c++)
        for (let i = 0; i < n; i++) places[i * nComponents + c] = vectors[(c + 1) * n + i]!;
    } else if (init !== "random" && Math.min(n, d) >= nComponents)
      places.set((await new PCA({ nComponents, device }).fitTransform(x)).data);
    else random.fillUniform(places, -1, 1);
    spreadOut(places, nComponents);
    const noise = new Float32Array(places.length);
    random.fillNormal(noise, 0, 1e-4);
    return places.map((value, i) => value + noise[i]!);
  }
}

/** Whether row i of x is row j of y. */
function sameRow(x: ArrayLike<number>, i: number, y: ArrayLike<number>, j: number, d: number): boolean {
  for (let c = 0; c < d; c++) if (x[i * d + c] !== y[j * d + c]) return false;
  return true;
}

/** Stretches the places so that the longer side of their box is 10. */
function spreadOut(places: Float32Array, dim: number): void {
  const [low, high] = [new Float64Array(dim).fill(Infinity), new Float64Array(dim).fill(-Infinity)];
  places.forEach((value, i) => {
    low[i % dim] = Math.min(low[i % dim]!, value);
    high[i % dim] = Math.max(high[i % dim]!, value);
  });
  const side = Math.max(...high.map((value, c) => value - low[c]!)) || 1;
  for (let i = 0; i < places.length; i++) places[i] = (10 * (places[i]! - low[i % dim]!)) / side;
}
