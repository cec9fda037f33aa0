import type { Bytes } from "../../data/formats/source";
import type { Checkpoint, Learned } from "../../lifecycle/checkpoint";
import type { Fit } from "../../lifecycle/fit";
import { Model } from "../../lifecycle/model";
import type { DeviceOption } from "../../lifecycle/model";
import { HISTORY, RUN_RULES, TRAINING_RULES } from "../../lifecycle/progress";
import type { EpochRecord, RunOptions, TrainingOptions } from "../../lifecycle/progress";
import { toLabels } from "../../matrix";
import type { MatrixLike } from "../../matrix";
import { NdArray } from "../../ndarray";
import type { TypedArray } from "../../ndarray";
import { list, nullable, optional, positive, range, record, integer } from "../../options";
import type { Rules } from "../../options";
import { stream } from "../../random";
import { shuffledRows } from "../order";
import { openRows } from "../rows";
import type { MapRows, OpenRows } from "../rows";
import { clusterMeans } from "../unit-clusters";
import { preparedForMaps } from "../units";
import { completed, ESOM_OPTIONS, passesOf } from "./esom-options";
import type { ESOMOptions, ESOMPass, ESOMSettings } from "./esom-options";
import { chosenEpsilons, passOver, READ, summaryOf } from "./esom-passes";
import type { ESOMResults, ESOMSummary, PassOptions, PassProgress, SummaryOptions } from "./esom-passes";
import { EvolvingMap } from "./evolving-map";
import type { EvolvingState } from "./evolving-map";

/** Options of `ESOM.fit`. */
export interface ESOMFitOptions extends TrainingOptions {
  /** Known classes of the rows, whole numbers; −1: not known. Each node then takes the class that most of its rows have. */
  readonly y?: MatrixLike | undefined;
}

const FIT_RULES: Rules<ESOMFitOptions> = {
  ...TRAINING_RULES,
  y: optional({ words: "labels", holds: (value) => typeof value === "object" && value !== null }),
};

/** A `fit` that was stopped, or runs: the map as it was after the last block of rows. */
interface Begun extends PassProgress {
  readonly pass: number;
  readonly state: EvolvingState | undefined;
}

const START: PassProgress = { row: 0, taken: 0, sum: 0 };

/** The same in a checkpoint. */
const BEGUN = record({ pass: integer(0), row: integer(0), taken: integer(0), sum: range(0) });

/**
 * Evolving self-organising map (Deng and Kasabov, "On-line pattern analysis by evolving self-organizing maps", Neurocomputing 51, 2003): a graph of nodes
 * that grows where rows are new, learns where they are not, and loses its weakest links; its connected components are the clusters, or it is cut into as many
 * as are wanted. Float64; the map depends on the order of the rows, of which `fit` draws a random one. See `EvolvingMap` for the steps.
 */
export class ESOM extends Model<ESOMSettings> {
  readonly #passes: readonly ESOMPass[];
  #map: EvolvingMap | undefined;
  /** The map of a `fit` that runs. */
  #growing: EvolvingMap | undefined;
  /** ε of each pass, once the rows are known. */
  #epsilons: readonly number[] = [];
  #found: ESOMSummary | undefined;
  #history: EpochRecord[] = [];
  #begun: Begun | undefined;

  /** @throws for an option that is unknown or out of its range */
  constructor(options: ESOMOptions = {}) {
    super("ESOM", completed(options), ESOM_OPTIONS);
    this.#passes = passesOf(this.settings);
  }

  /** One record per pass; `loss` is the mean distance of a row to its winner, 0 where it made one. */
  override get history(): readonly EpochRecord[] {
    return this.#history;
  }
  /** The map itself, also while it grows. @throws before `fit`, as all these */
  get map(): EvolvingMap {
    return this.known("map", this.#map ?? this.#growing);
  }
  /** The nodes' vectors [nodes, d], in the order of their creation. */
  get codebook(): NdArray<Float64Array> {
    const { prototypes, size, d } = this.map;
    return new NdArray(prototypes.slice(), [size, d]);
  }
  /** ε of the last pass. */
  get epsilon(): number {
    return this.known("epsilon", this.#epsilons.at(-1));
  }
  /** The cluster of each row that was fitted; −1 for masked ones. */
  get labels(): Int32Array<ArrayBuffer> {
    return this.#read("labels").labels;
  }
  /** The nearest node of each row; −1 for masked ones. */
  get bmu(): Int32Array<ArrayBuffer> {
    return this.#read("bmu").bmu;
  }
  /** exp(−2 d²/ε²) of each row and its node; NaN for masked ones. */
  get activation(): Float64Array {
    return this.#read("activation").activation;
  }
  /** Rows of each node. */
  get hits(): Int32Array {
    return this.#read("hits").hits;
  }
  /** The cluster of each node: connected components over links of at least `minStrength`, or what `nClusters` asks for. */
  get nodeLabels(): Int32Array<ArrayBuffer> {
    return this.#found?.nodeLabels.slice() ?? this.map.clusters(this.settings.minStrength);
  }
  /** The class of each node that most of its rows with a known one have; −1 without any. @throws unless `fit` was given `y` */
  get nodeClasses(): Int32Array<ArrayBuffer> {
    const { nodeClasses } = this.#read("nodeClasses");
    if (!nodeClasses) throw new Error("ESOM.nodeClasses: fit was given no y");
    return nodeClasses;
  }
  /** Mean distance of a row to its node. */
  get quantizationError(): number {
    return this.#read("quantizationError").quantizationError;
  }
  /** Mean vector of each cluster [K, d]: of its nodes, weighted by hits. */
  get clusterCenters(): NdArray {
    return clusterMeans(this.map.prototypes, this.#read("clusterCenters").hits, this.nodeLabels);
  }

  /**
   * Grows a map from rows [n, d], from nothing, in all passes, or goes on with the 65,536 rows at which it was stopped; then finds the node and the cluster
   * of each row.
   * @param options `onStep`: after each block of 65,536 rows
   * @throws when x is no matrix of finite numbers, every row is masked, y is not one label a row, or the signal's reason when aborted
   */
  async fit(x: MapRows, options: ESOMFitOptions = {}): Promise<this> {
    const op = "ESOM.fit";
    return this.fitting(options, FIT_RULES, async (fit) => {
      const { y, onEpoch } = options;
      const begun = this.#begun;
      const rows = await openRows(x, op, begun?.state && begun.state.prototypes.length / begun.state.ids.length);
      const classes = y === undefined ? undefined : toLabels(y, op, "y");
      if (classes && classes.length !== rows.n)
        throw new Error(`${op}: y must be one label for each of ${rows.n} rows, got ${classes.length}`);
      if (!begun) {
        const epsilons = await chosenEpsilons(this.#passes, rows, this.#random());
        [this.#epsilons, this.#history, this.#found, this.#map] = [epsilons, [], undefined, undefined];
        this.#begun = { ...START, pass: 0, state: undefined };
        this.learned();
      }
      try {
        const map = (this.#growing = new EvolvingMap(rows.d, this.#begun!.state));
        for (let pass = this.#begun!.pass; pass < this.#passes.length; pass++) {
          const ordered = this.#ordered(rows, pass);
          const loss = await this.#fitPass(map, ordered, await this.#tiled(x), fit);
          const made = { stage: "map", epoch: pass + 1, loss, nodes: map.size, epsilon: this.#epsilons[pass]! };
          this.#begun = { ...START, pass: pass + 1, state: map.state() };
          this.#history.push(made);
          await fit.resting(() => onEpoch?.(made));
        }
        const clusters = this.#clusters(map, x, fit.signal);
        const asked = { epsilon: this.epsilon, clusters, classes, onRows: () => fit.between() };
        const found = await summaryOf(map, rows, asked);
        [this.#map, this.#found, this.#begun] = [map, found, undefined];
      } catch (error) {
        if (!fit.signal.aborted) this.#begun = undefined; // what has failed begins anew
        throw error;
      } finally {
        this.#growing = undefined;
      }
    });
  }

  /** `fit`, then the clusters. */
  async fitPredict(x: MapRows, options: ESOMFitOptions = {}): Promise<Int32Array<ArrayBuffer>> {
    return (await this.fit(x, options)).labels;
  }

  /**
   * Goes on with rows [n, d], as the last of the passes says; the first ones of all choose ε where it is a quantile. Pieces of any size give the same map as
   * one, given ε as a distance. `labels` are those of these rows. One that is stopped leaves the map as it was.
   */
  async partialFit(x: MapRows, options: RunOptions = {}): Promise<this> {
    return this.fitting(
      options,
      RUN_RULES,
      async (fit) => {
        const rows = await openRows(x, "ESOM.partialFit", this.#map?.d);
        const epsilons =
          this.#epsilons.length > 0 ? this.#epsilons : await chosenEpsilons(this.#passes, rows, this.#random());
        const map = new EvolvingMap(rows.d, this.#map?.state());
        const rest = { from: START, tiled: await this.#tiled(x), onBlock: async () => undefined };
        const pass = { ...this.settings, epsilon: epsilons.at(-1)!, gamma: this.#passes.at(-1)!.gamma };
        await passOver(map, rows, { ...pass, ...rest, onRows: () => fit.between() });
        const asked = { epsilon: epsilons.at(-1)!, clusters: this.#clusters(map, x, fit.signal) };
        const found = await summaryOf(map, rows, { ...asked, onRows: () => fit.between() });
        [this.#map, this.#epsilons, this.#found] = [map, epsilons, found];
        this.learned();
      },
      "partialFit",
    );
  }

  /** The cluster of each row of x [n, d], also while the map grows; −1 for masked ones. @throws before `fit`, or for another d */
  async predict(x: MapRows): Promise<Int32Array<ArrayBuffer>> {
    return (await this.#results(x, "predict")).labels;
  }

  /** The class of each row by that of its node, of a map that was fitted with `y`. @throws otherwise */
  async predictClasses(x: MapRows): Promise<Int32Array<ArrayBuffer>> {
    const { nodeClasses } = this;
    const { bmu } = await this.#results(x, "predictClasses");
    return bmu.map((node) => (node < 0 ? -1 : nodeClasses[node]!));
  }

  /** Node, cluster and activation of each row of x [n, d]. @throws before `fit`, or for another d */
  async results(x: MapRows): Promise<ESOMResults> {
    return this.#results(x, "results");
  }

  /** The distance ‖x − w‖ of each row of x [n, d] to each node, [n, nodes]; NaN for masked ones. @throws before `fit`, or for another d */
  async transform(x: MapRows): Promise<NdArray> {
    const { d, size, prototypes } = this.known("transform", this.#map);
    return this.computing("transform", async () => {
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
    });
  }

  /** Reads what `save` wrote; `partialFit` goes on from there. @throws when it is none, or its parts do not belong together */
  static async load(content: Bytes, options: DeviceOption = {}): Promise<ESOM> {
    return Model.restored("ESOM", content, options, (settings) => new ESOM(settings));
  }

  protected override own(): Learned {
    const { pass, row, taken, sum, state = this.#map?.state() } = this.#begun ?? {};
    const found = this.#found;
    const d = state && state.ids.length > 0 ? state.prototypes.length / state.ids.length : 0;
    return {
      arrays: {
        ...(state && {
          prototypes: new NdArray<TypedArray>(state.prototypes, [state.ids.length, d]),
          ...{ ids: new NdArray<TypedArray>(state.ids), strengths: new NdArray<TypedArray>(state.strengths) },
          links: new NdArray<TypedArray>(state.links, [state.strengths.length, 2]),
        }),
        ...(found && {
          ...{ bmu: new NdArray<TypedArray>(found.bmu), hits: new NdArray<TypedArray>(found.hits) },
          nodeLabels: new NdArray<TypedArray>(found.nodeLabels),
          activation: new NdArray<TypedArray>(found.activation.map((value) => (Number.isNaN(value) ? -1 : value))),
          ...(found.nodeClasses && { nodeClasses: new NdArray<TypedArray>(found.nodeClasses) }),
        }),
      },
      state: {
        ...{
          epsilons: this.#epsilons,
          history: [...this.#history],
          quantizationError: found?.quantizationError ?? null,
        },
        ...{ rows: state?.rows ?? 0, nextId: state?.nextId ?? 0 },
        begun: this.#begun ? { pass, row, taken, sum } : null,
      },
    };
  }

  protected override restore(saved: Checkpoint): void {
    this.#epsilons = saved.entry<number[]>("epsilons", list(positive));
    this.#history = [...saved.entry<EpochRecord[]>("history", HISTORY)];
    if (this.#epsilons.length !== this.#passes.length)
      throw new Error(`checkpoint: epsilons must be one for each of ${this.#passes.length} passes`);
    const begun = saved.entry<(PassProgress & { readonly pass: number }) | null>("begun", nullable(BEGUN));
    const state = saved.arrays["prototypes"] && evolvingState(saved);
    if (begun) {
      if (begun.pass > this.#passes.length) throw new Error("checkpoint: begun must be one of the passes");
      this.#begun = { ...begun, state };
      return;
    }
    if (!state) throw new Error("checkpoint: prototypes must be there");
    const map = new EvolvingMap(state.prototypes.length / state.ids.length, state);
    const bmu = saved.labels("bmu", map.size, -1);
    const hits = saved.labels("hits", 2 ** 31);
    const nodeClasses = saved.labels("nodeClasses", 2 ** 31, -1);
    if (!bmu || hits?.length !== map.size || (nodeClasses && nodeClasses.length !== map.size))
      throw new Error(`checkpoint: bmu must be there, hits and nodeClasses of ${map.size} nodes`);
    const nodeLabels = saved.labels("nodeLabels", map.size) ?? map.clusters(this.settings.minStrength);
    if (nodeLabels.length !== map.size) throw new Error(`checkpoint: nodeLabels must be of ${map.size} nodes`);
    this.#map = map;
    this.#found = {
      ...{ bmu, hits, nodeClasses, nodeLabels, labels: bmu.map((node) => (node < 0 ? -1 : nodeLabels[node]!)) },
      activation: saved.numbers("activation", bmu.length).map((value) => (value < 0 ? NaN : value)),
      quantizationError: saved.entry<number>("quantizationError", range(0)),
    };
  }

  protected override release(): void {
    [this.#map, this.#found, this.#begun] = [undefined, undefined, undefined];
  }

  #random(): ReturnType<typeof stream> {
    return stream(this.settings.seed, "ESOM.pairs");
  }

  /** Rows as a pass takes them. */
  #ordered(rows: OpenRows, pass: number): OpenRows {
    const { order, seed } = this.settings;
    return order === "given" ? rows : shuffledRows(rows, seed, "ESOM.order", pass);
  }

  async #tiled(x: MapRows): Promise<PassOptions["tiled"]> {
    const { search, tile } = this.settings;
    return search === "tiled" ? { device: await preparedForMaps(await this.device(x)), tile } : undefined;
  }

  #fitPass(map: EvolvingMap, rows: OpenRows, tiled: PassOptions["tiled"], fit: Fit): Promise<number> {
    const { pass, ...from } = this.#begun!;
    const report = { stage: "map", epoch: pass + 1, epochs: this.#passes.length, steps: rows.n };
    return passOver(map, rows, {
      ...{ ...this.settings, epsilon: this.#epsilons[pass]!, gamma: this.#passes[pass]!.gamma, tiled, from },
      onRows: () => fit.between(),
      onBlock: async (progress) => {
        this.#begun = { ...progress, pass, state: map.state() };
        const { row, taken, sum } = progress;
        fit.report({ ...report, step: row, loss: taken > 0 ? sum / taken : 0 });
        await fit.between();
      },
    });
  }

  /** What gives each node its cluster. */
  #clusters(map: EvolvingMap, x: MapRows, signal: AbortSignal): SummaryOptions["clusters"] {
    const { nClusters, minStrength, seed } = this.settings;
    if (nClusters === undefined) return () => map.clusters(minStrength);
    return async (links) => {
      const { cutLinks } = await import("../graph-cut");
      return cutLinks(map.prototypes, links, { nClusters, seed, signal, device: await this.device(x) });
    };
  }

  async #results(x: MapRows, what: string): Promise<ESOMSummary> {
    const map = this.known(what, this.#map ?? this.#growing);
    const nodeLabels = this.#found?.nodeLabels ?? map.clusters(this.settings.minStrength);
    return this.computing(what, async () =>
      summaryOf(map, await openRows(x, `ESOM.${what}`, map.d), { epsilon: this.epsilon, clusters: () => nodeLabels }),
    );
  }

  #read(what: string): ESOMSummary {
    return this.known(what, this.#found);
  }
}

/** A map from a checkpoint. @throws when its parts do not belong together */
function evolvingState(saved: Checkpoint): EvolvingState {
  const { shape, data } = saved.matrix("prototypes", [-1, -1])!;
  const [count] = shape as [number];
  const ids = saved.labels("ids", 2 ** 31);
  const links = saved.of(flatLinks(saved)).labels("links", count);
  const strengths = saved.arrays["strengths"];
  if (count === 0 || data.length === 0 || ids?.length !== count || links?.length !== 2 * (strengths?.data.length ?? -1))
    throw new Error(`checkpoint: prototypes, ids, links and strengths must be of ${count} nodes`);
  if (!ids.every((id, i) => i === 0 || id > ids[i - 1]!)) throw new Error("checkpoint: ids must be ascending");
  return {
    ...{ prototypes: saved.numbers("prototypes", data.length), ids, links },
    strengths: saved.numbers("strengths", links.length / 2),
    ...{
      rows: saved.entry<number>("rows", integer(0)),
      nextId: saved.entry<number>("nextId", integer(ids.at(-1)! + 1)),
    },
  };
}

/** The ends of the links one after the other. */
function flatLinks({ arrays }: Checkpoint): Checkpoint["arrays"] {
  const links = arrays["links"];
  return links ? { links: { shape: [links.data.length], data: links.data } } : {};
}
