import { checkChoice, checkPositive, checkRange, checkWhole, fitted } from "../checks";
import { DeviceHolder } from "../cluster/points";
import type { Bytes } from "../data/formats/source";
import type { Device } from "../device";
import { toLabels } from "../matrix";
import type { MatrixLike } from "../matrix";
import { NdArray } from "../ndarray";
import { Random } from "../random";
import { Tensor, takeTensor } from "../tensor";
import { decodeCheckpoint, encodeCheckpoint } from "../lifecycle/checkpoint";
import type { EpochRecord } from "../lifecycle/progress";
import { pause } from "../turn";
import { EvolvingMap } from "./evolving-map";
import type { EvolvingOptions } from "./evolving-map";
import { spreadRows } from "./initial";
import { openRows } from "./rows";
import type { MapRows, OpenRows } from "./rows";
import type { SOMFitOptions } from "./som";
import { clusterMeans } from "./unit-clusters";
import { UnitsOnDevice, preparedForMaps } from "./units";

/** ε and γ of a pass over the rows. */
export interface ESOMPass {
  /** A distance, or a quantile of the distances of random pairs of rows. */
  readonly epsilon: number | { readonly quantile: number };
  readonly gamma: number;
}

/** Options of `ESOM`. */
export interface ESOMOptions {
  /**
   * Radius within which a row needs no node of its own, and width of the activation: a distance, or a quantile of the distances of random pairs of rows.
   * Default: the quantile 0.1, between the 5 and 20 % that keep maps of a few dozen to a few hundred nodes.
   */
  readonly epsilon?: ESOMPass["epsilon"];
  /** Share of the way that nodes go towards a row. Default 0.2. */
  readonly gamma?: number;
  /** Passes over the rows, or ε and γ of each. Default 1. */
  readonly passes?: number | readonly ESOMPass[];
  /** What a link keeps of its strength when its node wins again. Default 0.8. */
  readonly beta?: number;
  /** The weakest link is deleted after so many rows; 0: never. Default 50. */
  readonly pruneEvery?: number;
  /** Default 1,000. */
  readonly maxNodes?: number;
  /** A node that loses its last link is deleted. Default true. */
  readonly removeOrphans?: boolean;
  /** Links weaker than this do not make a cluster; 0: all do, and one cluster is the rule. Default 0.01, gaps of one and a half ε. */
  readonly minStrength?: number;
  /**
   * `exact`: one row after the other, as published. `tiled`: the nearest nodes of `tile` rows are sought at once on the device, in the map as it was before
   * them; then the rows take their steps in order, each among its two nodes and those that the tile has made. Faster on large maps, and not the same: a row
   * does not see how the others of its tile have moved the rest of the map. With a tile of one row it is the same but for float32. Default "exact".
   */
  readonly search?: "exact" | "tiled";
  /** Rows of a tile. Default 1,024. */
  readonly tile?: number;
  /** Of the pairs that a quantile is taken of. Default 0. */
  readonly seed?: number;
  readonly device?: Device;
}

/** Options of `fit`. */
export interface ESOMFitOptions extends SOMFitOptions {
  /** Known classes of the rows, whole numbers; −1: not known. Each node then takes the class that most of its rows have. */
  readonly y?: MatrixLike;
}

/** Results of a row. */
export interface ESOMResults {
  /** Place of the nearest node; −1 of masked rows. */
  readonly bmu: Int32Array<ArrayBuffer>;
  readonly labels: Int32Array<ArrayBuffer>;
  /** exp(−2 d²/ε²) with the ε of the last pass; NaN of masked rows. */
  readonly activation: Float64Array;
}

interface Settings {
  readonly passes: readonly ESOMPass[];
  readonly beta: number;
  readonly pruneEvery: number;
  readonly maxNodes: number;
  readonly removeOrphans: boolean;
  readonly minStrength: number;
  readonly search: "exact" | "tiled";
  readonly tile: number;
  readonly seed: number;
}

interface Found extends ESOMResults {
  readonly hits: Int32Array;
  readonly quantizationError: number;
  readonly nodeClasses: Int32Array<ArrayBuffer> | undefined;
}

/** Rows that are read in one go. */
const READ = 65_536;
/** Pairs of rows that a quantile is taken of. */
const PAIRS = 20_000;

/**
 * Evolving self-organising map (Deng and Kasabov, "On-line pattern analysis by evolving self-organizing maps", Neurocomputing 51, 2003): a graph of nodes
 * that grows where rows are new, learns where they are not, and loses its weakest links; its connected components are the clusters. Float64; rows come in
 * the order in which they are given, and the map depends on it. See `EvolvingMap` for the steps.
 */
export class ESOM {
  readonly settings: Settings;
  readonly #holder: DeviceHolder;
  #map: EvolvingMap | undefined;
  /** ε of each pass, once the rows are known. */
  #epsilons: readonly number[] = [];
  #found: Found | undefined;
  #history: EpochRecord[] = [];

  /** @throws when an option is out of its range */
  constructor(options: ESOMOptions = {}) {
    const op = "ESOM";
    const { epsilon = { quantile: 0.1 }, gamma = 0.2, passes = 1, beta = 0.8, pruneEvery = 50 } = options;
    const {
      maxNodes = 1000,
      removeOrphans = true,
      minStrength = 0.01,
      search = "exact",
      tile = 1024,
      seed = 0,
    } = options;
    if (typeof passes === "number") checkWhole(op, { passes }, 1);
    else if (passes.length === 0) throw new Error(`${op}: passes must be one or more, none`);
    const list = typeof passes === "number" ? Array<ESOMPass>(passes).fill({ epsilon, gamma }) : passes;
    for (const pass of list) {
      if (typeof pass.epsilon === "number") checkPositive(op, { epsilon: pass.epsilon });
      else checkRange(op, { "epsilon.quantile": pass.epsilon.quantile }, 0, 1);
      checkRange(op, { gamma: pass.gamma }, 0, 1);
    }
    checkRange(op, { beta }, 0, 1);
    checkRange(op, { minStrength }, 0);
    checkWhole(op, { pruneEvery, seed }, 0);
    checkWhole(op, { maxNodes, tile }, 1);
    checkChoice(op, { search }, ["exact", "tiled"]);
    this.settings = { passes: list, beta, pruneEvery, maxNodes, removeOrphans, minStrength, search, tile, seed };
    this.#holder = new DeviceHolder(options.device);
  }

  /** One record per pass; `loss` is the mean distance of a row to its winner, 0 where it made one. */
  get history(): readonly EpochRecord[] {
    return this.#history;
  }
  /** The map itself. @throws before `fit`, as all these */
  get map(): EvolvingMap {
    return fitted("ESOM.map", this.#map);
  }
  /** The nodes' vectors [nodes, d], in the order of their creation. */
  get codebook(): NdArray<Float64Array> {
    const { prototypes, size, d } = this.map;
    return new NdArray(prototypes.slice(), [size, d]);
  }
  /** ε of the last pass. */
  get epsilon(): number {
    return fitted("ESOM.epsilon", this.#epsilons.at(-1));
  }
  /** The cluster of each row that was fitted; −1 for masked ones. */
  get labels(): Int32Array<ArrayBuffer> {
    return this.#result("labels").labels;
  }
  /** The nearest node of each row; −1 for masked ones. */
  get bmu(): Int32Array<ArrayBuffer> {
    return this.#result("bmu").bmu;
  }
  /** exp(−2 d²/ε²) of each row and its node; NaN for masked ones. */
  get activation(): Float64Array {
    return this.#result("activation").activation;
  }
  /** Rows of each node. */
  get hits(): Int32Array {
    return this.#result("hits").hits;
  }
  /** The cluster of each node: connected components over links of at least `minStrength`. */
  get nodeLabels(): Int32Array<ArrayBuffer> {
    return this.map.clusters(this.settings.minStrength);
  }
  /** The class of each node that most of its rows with a known one have; −1 without any. @throws unless `fit` was given `y` */
  get nodeClasses(): Int32Array<ArrayBuffer> {
    const { nodeClasses } = this.#result("nodeClasses");
    if (!nodeClasses) throw new Error("ESOM.nodeClasses: fit was given no y");
    return nodeClasses;
  }
  /** Mean distance of a row to its node. */
  get quantizationError(): number {
    return this.#result("quantizationError").quantizationError;
  }
  /** Mean vector of each cluster [K, d]: of its nodes, weighted by hits. */
  get clusterCenters(): NdArray {
    return clusterMeans(this.map.prototypes, this.#result("clusterCenters").hits, this.nodeLabels);
  }

  /**
   * Grows a map from rows [n, d], from nothing, in all passes; then finds the node and the cluster of each row.
   * @throws when x is no matrix of finite numbers, every row is masked, y is not one label a row, or the signal's reason when aborted
   */
  async fit(x: MapRows, { y, signal, onStep, onEpoch }: ESOMFitOptions = {}): Promise<this> {
    const rows = await openRows(x, "ESOM.fit");
    const classes = y === undefined ? undefined : toLabels(y, "ESOM.fit", "y");
    if (classes && classes.length !== rows.n)
      throw new Error(`ESOM.fit: y must be one label for each of ${rows.n} rows, it has ${classes.length}`);
    const map = new EvolvingMap(rows.d);
    const epsilons = await this.#chooseEpsilons(rows);
    const history: EpochRecord[] = [];
    for (const [pass, { gamma }] of this.settings.passes.entries()) {
      const { passes } = this.settings;
      const report = { stage: "map", epoch: pass + 1, epochs: passes.length, steps: rows.n };
      const options = { ...this.settings, epsilon: epsilons[pass]!, gamma };
      const loss = await this.#pass(map, x, rows, options, signal, (step, mean) =>
        onStep?.({ ...report, step, loss: mean }),
      );
      const record = { stage: "map", epoch: pass + 1, loss, nodes: map.size, epsilon: options.epsilon };
      history.push(record);
      await onEpoch?.(record);
    }
    [this.#map, this.#epsilons, this.#history] = [map, epsilons, history];
    this.#found = await this.#summarize(rows, classes, signal);
    return this;
  }

  /** `fit`, then the clusters. */
  async fitPredict(x: MapRows, options: ESOMFitOptions = {}): Promise<Int32Array<ArrayBuffer>> {
    return (await this.fit(x, options)).labels;
  }

  /**
   * Goes on with rows [n, d], as the last of the passes says; the first ones of all choose ε where it is a quantile. Pieces of any size give the same map as
   * one, given ε as a distance. `labels` are those of these rows.
   */
  async partialFit(x: MapRows, { signal }: { readonly signal?: AbortSignal } = {}): Promise<this> {
    const rows = await openRows(x, "ESOM.partialFit", this.#map?.d);
    if (this.#epsilons.length === 0) this.#epsilons = await this.#chooseEpsilons(rows);
    const { gamma } = this.settings.passes.at(-1)!;
    this.#map ??= new EvolvingMap(rows.d);
    await this.#pass(this.#map, x, rows, { ...this.settings, epsilon: this.epsilon, gamma }, signal);
    this.#found = await this.#summarize(rows, undefined, signal);
    return this;
  }

  /** The cluster of each row of x [n, d]; −1 for masked ones. @throws before `fit`, or for another d */
  async predict(x: MapRows): Promise<Int32Array<ArrayBuffer>> {
    return (await this.results(x)).labels;
  }

  /** The class of each row by that of its node, of a map that was fitted with `y`. @throws otherwise */
  async predictClasses(x: MapRows): Promise<Int32Array<ArrayBuffer>> {
    const { nodeClasses } = this;
    return (await this.results(x)).bmu.map((node) => (node < 0 ? -1 : nodeClasses[node]!));
  }

  /** Node, cluster and activation of each row of x [n, d]. @throws before `fit`, or for another d */
  async results(x: MapRows): Promise<ESOMResults> {
    const { d } = fitted("ESOM.results", this.#map);
    return this.#summarize(await openRows(x, "ESOM.results", d));
  }

  /** The distance ‖x − w‖ of each row of x [n, d] to each node, [n, nodes]; NaN for masked ones. @throws before `fit`, or for another d */
  async transform(x: MapRows): Promise<NdArray> {
    const { d, size, prototypes } = fitted("ESOM.transform", this.#map);
    const rows = await openRows(x, "ESOM.transform", d);
    const out = new Float32Array(rows.n * size);
    for (let begin = 0; begin < rows.n; begin += READ) {
      const data = await rows.read(begin, Math.min(rows.n, begin + READ));
      for (let i = 0, o = begin * size; i * d < data.length; i++)
        for (let j = 0; j < size; j++) {
          let sum = 0;
          for (let c = 0; c < d; c++) sum += (data[i * d + c]! - prototypes[j * d + c]!) ** 2;
          out[o++] = Math.sqrt(sum);
        }
    }
    return new NdArray(out, [rows.n, size]);
  }

  /** The settings, and what was learned, as a file. */
  async save(): Promise<Uint8Array> {
    const [map, found] = [this.#map, this.#found];
    const [epsilons, history] = [this.#epsilons, this.#history];
    if (!map || !found) return encodeCheckpoint("ESOM", {}, { settings: this.settings, epsilons, history });
    const { prototypes, ids, links, strengths, rows, nextId } = map.state();
    const { bmu, labels, activation, hits, quantizationError, nodeClasses } = found;
    return encodeCheckpoint(
      "ESOM",
      {
        prototypes: new NdArray(prototypes, [ids.length, map.d]),
        ids: new NdArray(ids),
        links: new NdArray(links, [strengths.length, 2]),
        strengths: new NdArray(strengths),
        ...{ bmu: new NdArray(bmu), labels: new NdArray(labels), hits: new NdArray(hits) },
        activation: new NdArray(activation.map((value) => (Number.isNaN(value) ? -1 : value))),
        ...(nodeClasses && { nodeClasses: new NdArray(nodeClasses) }),
      },
      { settings: this.settings, epsilons, rows, nextId, quantizationError, history },
    );
  }

  /** Reads what `save` wrote; `partialFit` goes on from there. @throws when it is none, or its parts do not belong together */
  static async load(content: Bytes, { device }: { readonly device?: Device } = {}): Promise<ESOM> {
    const { arrays, state } = decodeCheckpoint<{
      settings: Settings;
      epsilons: number[];
      rows: number;
      nextId: number;
      quantizationError: number;
      history: EpochRecord[];
    }>("ESOM", content);
    const { rows, nextId, quantizationError } = state;
    const esom = new ESOM({ ...state.settings, ...(device && { device }) });
    [esom.#epsilons, esom.#history] = [state.epsilons, state.history];
    if (!arrays["prototypes"]) return esom;
    const array = (name: string): ArrayLike<number> => {
      const found = arrays[name];
      if (!found) throw new Error(`ESOM.load: the file has no ${name}`);
      return found.data;
    };
    const ids = Int32Array.from(array("ids"));
    const d = arrays["prototypes"].shape[1] ?? 0;
    const links = Int32Array.from(array("links"));
    if (array("prototypes").length !== ids.length * d || links.some((place) => place < 0 || place >= ids.length))
      throw new Error(`ESOM.load: prototypes and links must be of ${ids.length} nodes`);
    const prototypes = Float64Array.from(array("prototypes"));
    const strengths = Float64Array.from(array("strengths"));
    esom.#map = new EvolvingMap(d, { prototypes, ids, links, strengths, rows, nextId });
    esom.#found = {
      ...{ bmu: Int32Array.from(array("bmu")), labels: Int32Array.from(array("labels")) },
      ...{ hits: Int32Array.from(array("hits")), quantizationError },
      activation: Float64Array.from(array("activation"), (value) => (value < 0 ? NaN : value)),
      nodeClasses: arrays["nodeClasses"] && Int32Array.from(arrays["nodeClasses"].data),
    };
    return esom;
  }

  /** Ends the device, if it was requested here. */
  async dispose(): Promise<void> {
    await this.#holder.dispose();
  }

  /** ε of each pass. */
  async #chooseEpsilons(rows: OpenRows): Promise<readonly number[]> {
    const { passes, seed } = this.settings;
    if (passes.every(({ epsilon }) => typeof epsilon === "number")) return passes.map((pass) => pass.epsilon as number);
    const distances = await pairDistances(rows, new Random(seed));
    return passes.map(({ epsilon }) => {
      if (typeof epsilon === "number") return epsilon;
      const found = distances[Math.round(epsilon.quantile * (distances.length - 1))] ?? 0;
      if (found > 0) return found;
      const least = distances.find((distance) => distance > 0);
      if (least !== undefined) return least;
      return 1; // all rows are alike: any radius makes one node
    });
  }

  /** One pass over rows; the mean distance to the winners. */
  async #pass(
    map: EvolvingMap,
    x: MapRows,
    rows: OpenRows,
    options: EvolvingOptions,
    signal?: AbortSignal,
    onStep?: (step: number, mean: number) => void,
  ): Promise<number> {
    const { search, tile } = this.settings;
    const tiled =
      search === "tiled" ? await preparedForMaps(await this.#holder.get(x instanceof Tensor ? x : [])) : undefined;
    const { n, d } = rows;
    let [sum, taken] = [0, 0];
    for (let begin = 0; begin < n; begin += READ) {
      signal?.throwIfAborted();
      const end = Math.min(n, begin + READ);
      const data = await rows.read(begin, end);
      const size = tiled ? tile : 256;
      for (let first = 0; first < end - begin; first += size) {
        const last = Math.min(end - begin, first + size);
        const among =
          tiled && map.size > 2 ? await tileWinners(tiled, map, data.subarray(first * d, last * d)) : undefined;
        const made: number[] = [];
        for (let i = first; i < last; i++) {
          if (isMasked(data, i, d)) continue;
          const before = map.size;
          const candidates = among && [among.nearest[i - first]!, among.second[i - first]!, ...made];
          const { id, distance } = map.step(data, i * d, options, candidates);
          if (among && map.size > before) made.push(id);
          sum += distance;
          taken++;
        }
        const waiting = pause();
        if (waiting) {
          await waiting;
          signal?.throwIfAborted();
        }
      }
      onStep?.(end, taken > 0 ? sum / taken : 0);
    }
    if (taken === 0) throw new Error("ESOM.fit: every row is masked, NaN or infinite");
    return sum / taken;
  }

  async #summarize(rows: OpenRows, classes?: Int32Array, signal?: AbortSignal): Promise<Found> {
    const { map, nodeLabels, epsilon } = this;
    const { n, d } = rows;
    const bmu = new Int32Array(n).fill(-1);
    const activation = new Float64Array(n).fill(NaN);
    const hits = new Int32Array(map.size);
    const votes = hits.length > 0 && classes ? Array.from(hits, () => new Map<number, number>()) : undefined;
    let [sum, taken] = [0, 0];
    for (let begin = 0; begin < n; begin += READ) {
      const data = await rows.read(begin, Math.min(n, begin + READ));
      for (let i = 0; i * d < data.length; i++) {
        if (isMasked(data, i, d)) continue;
        const { place, square } = map.nearest(data, i * d);
        bmu[begin + i] = place;
        activation[begin + i] = Math.exp((-2 * square) / (epsilon * epsilon));
        hits[place]!++;
        sum += Math.sqrt(square);
        taken++;
        const known = classes?.[begin + i] ?? -1;
        if (votes && known >= 0) votes[place]!.set(known, (votes[place]!.get(known) ?? 0) + 1);
        if (i % 256 === 0) {
          const waiting = pause();
          if (waiting) {
            await waiting;
            signal?.throwIfAborted();
          }
        }
      }
    }
    const labels = bmu.map((node) => (node < 0 ? -1 : nodeLabels[node]!));
    const nodeClasses = votes && Int32Array.from(votes, mostVotes);
    return { bmu, labels, activation, hits, quantizationError: sum / taken, nodeClasses };
  }

  #result(what: string): Found {
    return fitted(`ESOM.${what}`, this.#found);
  }
}

/** The class with most votes, the lowest of equals; −1 without any. */
function mostVotes(votes: ReadonlyMap<number, number>): number {
  let [best, most] = [-1, 0];
  for (const [known, count] of votes)
    if (count > most || (count === most && known < best)) [best, most] = [known, count];
  return best;
}

/** Creation numbers of the two nodes nearest to each row in the map as it is. */
async function tileWinners(
  device: Device,
  map: EvolvingMap,
  rows: Float32Array,
): Promise<{ nearest: Int32Array; second: Int32Array }> {
  const { d, size, ids } = map;
  const units = new UnitsOnDevice(device, size, d, map.prototypes);
  const x = await takeTensor(device, rows, [rows.length / d, d]);
  try {
    const { nearest, second } = await units.winners(x, 2);
    const idOf = (place: number): number => (place < 0 ? -1 : ids[place]!);
    return { nearest: nearest.map(idOf), second: second.map(idOf) };
  } finally {
    x.dispose();
    units.dispose();
  }
}

/** Distances of random pairs of rows, ascending. */
async function pairDistances(rows: OpenRows, random: Random): Promise<Float64Array> {
  const { d } = rows;
  const looked = await spreadRows(rows);
  const n = looked.length / d;
  if (n === 0) throw new Error("ESOM.fit: every row that was looked at is masked, NaN or infinite");
  return Float64Array.from({ length: PAIRS }, () => {
    const [a, b] = [random.integer(n), random.integer(n)];
    let sum = 0;
    for (let c = 0; c < d; c++) sum += (looked[a * d + c]! - looked[b * d + c]!) ** 2;
    return Math.sqrt(sum);
  }).sort();
}

function isMasked(data: Float32Array, row: number, d: number): boolean {
  for (let at = row * d; at < (row + 1) * d; at++) if (data[at]! - data[at]! !== 0) return true;
  return false;
}
