import { checkInteger } from "../checks";
import { scaleFor } from "../cluster/frame";
import type { Points } from "../cluster/points";
import type { Bytes } from "../data/formats/source";
import type { Device } from "../device";
import type { Checkpoint, Learned } from "../lifecycle/checkpoint";
import { Findings } from "../lifecycle/findings";
import { Model } from "../lifecycle/model";
import type { DeviceOption, OptionSet } from "../lifecycle/model";
import { RUN_RULES } from "../lifecycle/progress";
import type { RunOptions, StepReport } from "../lifecycle/progress";
import type { EigenRounds } from "../linear-algebra/smallest-eigen";
import { NdArray } from "../ndarray";
import { adjacency, connectedComponents, newWalks, walking } from "../neighbours/graph";
import type { Edges } from "../neighbours/graph";
import { kNeighbours, neighboursAmong, neighboursOf } from "../neighbours/knn";
import type { KnnOptions, Metric, Neighbours } from "../neighbours/knn";
import { takeRows } from "../neighbours/rows";
import type { HostRows } from "../neighbours/rows";
import { checkedOptions, choice, integer, optional, seed as seedRule, signal as signalRule } from "../options";
import { stream } from "../random";
import { yieldWhenDue } from "../event-loop";
import { scaled } from "./classical-mds";
import type { MdsResult } from "./classical-mds";
import { keptIsomap, keptWalk, restoredIsomap, restoredWalk } from "./kept-isomap";
import type { LaidOutPoints, StandingWalk } from "./kept-isomap";
import { generate } from "../typed-arrays";

/** Options of `Isomap`. */
export interface IsomapOptions {
  /** Neighbours of a point. Default 5. */
  readonly nNeighbors?: number;
  /** Default 2. */
  readonly nComponents?: number;
  /** Default "euclidean". */
  readonly metric?: Metric;
  /** Points whose distances to all others are scaled, the others being placed by theirs. Default: all, or 1,000 of more than 5,000. */
  readonly nLandmarks?: number;
  /** Chooses the landmarks. Default 0. */
  readonly seed?: number;
  /** Where neighbours are found; default: a tensor's own device, else one requested at first need. */
  readonly device?: Device | undefined;
}

/** @inline */
type Settings = Required<Omit<IsomapOptions, "device" | "nLandmarks">> & Pick<IsomapOptions, "nLandmarks">;

const OPTIONS: OptionSet<Settings> = {
  rules: {
    ...{ nNeighbors: integer(1), nComponents: integer(1), metric: choice("euclidean", "cosine") },
    ...{ nLandmarks: optional(integer(1)), seed: seedRule },
  },
  defaults: { nNeighbors: 5, nComponents: 2, metric: "euclidean", seed: 0 },
};

/** Points up to which all of them are landmarks. */
const ALL = 5000;
const LANDMARKS = 1000;

/**
 * Isomap: points placed so that their distances are those along the graph of nearest neighbours (Tenenbaum, de Silva and Langford, Science 2000), as
 * scikit-learn's: the graph in both directions, parts without a link joined by the shortest bridge between each two of them, Dijkstra's shortest paths,
 * classical scaling, in float64. Beyond 5,000 points by landmarks (de Silva and Tenenbaum, "Sparse multidimensional scaling using landmark points",
 * 2004), so that nothing holds n × n: 8 bytes a landmark and point, in memory and in what `save` keeps.
 */
export class Isomap extends Model<Settings> {
  readonly #findings = new Findings<LaidOutPoints, StandingWalk>();

  /** @throws for an option that is unknown or out of its range */
  constructor(options: IsomapOptions = {}) {
    super("Isomap", options, OPTIONS);
  }

  /** The places of the points, [n, nComponents]. @throws before `fit`, as all these */
  get embedding(): NdArray<Float64Array> {
    return this.known("embedding", this.#findings.result).embedding;
  }
  /** The eigenvalues of the columns, descending. */
  get eigenvalues(): Float64Array<ArrayBuffer> {
    return this.known("eigenvalues", this.#findings.result).mds.eigenvalues;
  }
  /** √(‖B‖² − Σ λ²) / n over the landmarks. */
  get reconstructionError(): number {
    return this.known("reconstructionError", this.#findings.result).mds.reconstructionError;
  }
  /** Parts of the graph before bridges joined them. */
  get nConnected(): number {
    return this.known("nConnected", this.#findings.result).nConnected;
  }
  /** Lengths of shortest paths from each landmark (each point, where there are none) to each point. */
  get geodesicDistances(): NdArray<Float64Array> {
    const { geodesics, landmarks, rows } = this.known("geodesicDistances", this.#findings.result);
    return new NdArray(geodesics, [landmarks.length, rows.n]);
  }

  /**
   * Places points x [n, d]. A fit that was stopped, saved and loaded goes on where it stood, with the same points: after its graph, amid the shortest paths, or
   * amid the rounds that find the eigenvectors.
   * @param options `onStep`: after the graph, now and then amid the paths, before each of the rounds, and at the end; the loss is the share of the work that is
   * left
   * @throws when x is no finite matrix, has no more rows than neighbours, or fewer landmarks than components; the signal's reason when aborted
   */
  async fit(x: Points, options: RunOptions = {}): Promise<this> {
    return this.fitting(options, RUN_RULES, async (fit) => {
      const op = "Isomap.fit";
      const { nComponents, nNeighbors } = this.settings;
      const { signal } = fit;
      const rows = await takeRows(x, op);
      const { n, d } = rows;
      const landmarks = this.#landmarks(n);
      const count = landmarks.length;
      if (nNeighbors < n) checkInteger(op, { nComponents }, 1, count); // fewer rows are refused by the search
      // the graph, the paths of each landmark, and scaling are its steps
      const at = (step: number): StepReport => ({
        ...{ stage: this.name, epoch: 1, epochs: 1, step, steps: count + 2, loss: 1 - step / (count + 2) },
      });
      const before = await this.#findings.enter(op, new NdArray(rows.data, [n, d]));
      const { graph, nConnected, walks } = this.#findings.stand<StandingWalk>(
        before ?? { n, d, ...(await this.#graph(x, rows, signal)), walks: newWalks(n, landmarks) },
      );
      this.learned(); // from now on it can say where it stands
      const progress = (): StepReport => at(1 + walks.done);
      fit.report(progress());
      await fit.between();
      await fit.pacing(walking(graph, walks), progress);
      const onRound = async (rounds: EigenRounds): Promise<void> => {
        this.#findings.stand({ n, d, graph, nConnected, walks, rounds });
        fit.report(progress());
        await fit.between();
      };
      const geodesics = walks.lengths;
      scaleFor(largestOf(geodesics), op, "geodesicDistances"); // of a graph that was loaded there need not be a way
      const among = amongLandmarks(geodesics, landmarks, n);
      const mds = await scaled(among, count, nComponents, op, { signal, before: before?.rounds, onRound });
      const embedding = count === n ? mds.embedding.data : new Float64Array(n * nComponents);
      const place = placing(among, count, mds);
      const lengths = new Float64Array(count);
      for (let i = 0; i < n && count < n; i++) {
        for (let j = 0; j < count; j++) lengths[j] = geodesics[j * n + i]!;
        place(lengths, embedding, i * nComponents);
        if (i % 64 > 0) continue;
        await yieldWhenDue();
        signal.throwIfAborted();
      }
      const places = new NdArray(embedding, [n, nComponents]);
      this.#findings.end({ rows, mds, embedding: places, geodesics, landmarks, nConnected });
      fit.report(at(count + 2));
    });
  }

  /** `fit`, then the places. */
  async fitTransform(x: Points, options: RunOptions = {}): Promise<NdArray<Float64Array>> {
    return (await this.fit(x, options)).embedding;
  }

  /**
   * The places of new rows [m, d], by the shortest ways through their neighbours among the fitted.
   * @param options `signal` ends it with its reason
   * @throws before `fit`, or for another d
   */
  async transform(x: Points, options: Pick<RunOptions, "signal"> = {}): Promise<NdArray<Float64Array>> {
    return this.computing("transform", async () => {
      const op = "Isomap.transform";
      const { rows, mds, geodesics, landmarks } = this.known("transform", this.#findings.result);
      const { signal } = checkedOptions<Pick<RunOptions, "signal">>(op, options, { signal: signalRule }, {});
      const { nNeighbors, nComponents } = this.settings;
      const { n } = rows;
      const given = await takeRows(x, op);
      const near = await neighboursOf(given, rows, { nNeighbors }, op, await this.#searching(x, signal));
      const [m, count] = [near.indices.shape[0]!, landmarks.length];
      const place = placing(amongLandmarks(geodesics, landmarks, n), count, mds);
      const embedding = new Float64Array(m * nComponents);
      const lengths = new Float64Array(count);
      for (let i = 0; i < m; i++) {
        lengths.fill(Infinity);
        for (let e = i * nNeighbors; e < (i + 1) * nNeighbors; e++)
          for (let j = 0; j < count; j++) {
            const length = near.distances.data[e]! + geodesics[j * n + near.indices.data[e]!]!;
            if (length < lengths[j]!) lengths[j] = length;
          }
        place(lengths, embedding, i * nComponents);
        if (i % 16 > 0) continue;
        await yieldWhenDue();
        signal?.throwIfAborted();
      }
      return new NdArray(embedding, [m, nComponents]);
    });
  }

  /** @throws when the bytes are no checkpoint of an Isomap */
  static async load(content: Bytes, options: DeviceOption = {}): Promise<Isomap> {
    return Model.restored("Isomap", content, options, (settings) => new Isomap(settings));
  }

  protected override own(): Learned {
    return this.#findings.kept((result) => this.known("save", result), keptIsomap, keptWalk);
  }

  protected override restore(saved: Checkpoint): void {
    const { nComponents } = this.settings;
    const landmarksOf = (n: number): Uint32Array<ArrayBuffer> => this.#landmarks(n);
    const hasResult = this.#findings.restore(saved, "embedding", (standing, d) =>
      restoredWalk(standing, d(), landmarksOf, nComponents),
    );
    if (hasResult) this.#findings.restored(restoredIsomap(saved, landmarksOf, nComponents));
  }

  protected override release(): void {
    this.#findings.release();
  }

  /** Of n points, ascending. */
  #landmarks(n: number): Uint32Array<ArrayBuffer> {
    const { nLandmarks, seed } = this.settings;
    const count = Math.min(n, nLandmarks ?? (n > ALL ? LANDMARKS : n));
    if (count === n) return generate(Uint32Array, n, (i) => i);
    return stream(seed, "Isomap.landmarks").permutation(n).slice(0, count).sort();
  }

  async #searching(x: Points, signal: AbortSignal | undefined): Promise<KnnOptions> {
    return { metric: this.settings.metric, device: await this.device(x), signal };
  }

  /** The graph of nearest neighbours, in one part, and how many there were. */
  async #graph(x: Points, rows: HostRows, signal: AbortSignal): Promise<Pick<StandingWalk, "graph" | "nConnected">> {
    const { nNeighbors } = this.settings;
    const searching = await this.#searching(x, signal);
    const edges = edgesOf(await neighboursAmong(rows, { nNeighbors }, "Isomap.fit", searching));
    const parts = connectedComponents(rows.n, edges);
    const nConnected = parts.reduce((most, part) => Math.max(most, part + 1), 0);
    if (nConnected > 1) await bridge(edges, rows, parts, nConnected, searching);
    return { graph: adjacency(rows.n, edges, false), nConnected };
  }
}

function largestOf(lengths: Float64Array): number {
  let largest = 0;
  for (const length of lengths) if (length > largest) largest = length;
  return largest;
}

/** Lengths of the shortest paths between landmarks, [count, count], of those to all points. */
function amongLandmarks(geodesics: Float64Array, landmarks: Uint32Array, n: number): Float64Array {
  const count = landmarks.length;
  const among = new Float64Array(count * count);
  for (let i = 0; i < count; i++)
    for (let j = 0; j < count; j++) among[i * count + j] = geodesics[i * n + landmarks[j]!]!;
  return among;
}

/** Adds the shortest edge between each two parts. */
async function bridge(
  edges: GrowingEdges,
  { data, d }: HostRows,
  parts: Int32Array,
  count: number,
  searching: KnnOptions,
): Promise<void> {
  const members = Array.from({ length: count }, (): number[] => []);
  parts.forEach((part, i) => members[part]!.push(i));
  const points = members.map((list) => {
    const own = new Float64Array(list.length * d);
    list.forEach((i, at) => own.set(data.subarray(i * d, (i + 1) * d), at * d));
    return new NdArray(own, [list.length, d]);
  });
  for (let a = 0; a < count; a++)
    for (let b = a + 1; b < count; b++) {
      const { indices, distances } = await kNeighbours(points[a]!, points[b]!, 1, searching);
      const from = distances.data.reduce((best, length, i) => (length < distances.data[best]! ? i : best), 0);
      edges.from.push(members[a]![from]!);
      edges.to.push(members[b]![indices.data[from]!]!);
      edges.weights.push(distances.data[from]!);
    }
}

interface GrowingEdges extends Edges {
  readonly from: number[];
  readonly to: number[];
  readonly weights: number[];
}

function edgesOf({ indices, distances }: Neighbours): GrowingEdges {
  const k = indices.shape[1]!;
  return {
    from: Array.from(indices.data, (_, e) => Math.floor(e / k)),
    to: Array.from(indices.data),
    weights: Array.from(distances.data),
  };
}

/** Places a point by its distances to the landmarks, whose own are `among` [count, count]. */
function placing(among: Float64Array, count: number, { embedding, eigenvalues }: MdsResult) {
  const components = eigenvalues.length;
  const means = new Float64Array(count);
  for (let i = 0; i < count; i++) for (let j = 0; j < count; j++) means[j]! += among[i * count + j]! ** 2 / count;
  return (lengths: Float64Array, out: Float64Array, at: number): void => {
    for (let c = 0; c < components; c++) {
      let sum = 0;
      for (let j = 0; j < count; j++) sum += embedding.data[j * components + c]! * (means[j]! - lengths[j]! ** 2);
      out[at + c] = eigenvalues[c]! > 0 ? sum / (2 * eigenvalues[c]!) : 0;
    }
  };
}
