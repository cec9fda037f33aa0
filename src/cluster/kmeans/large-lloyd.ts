// Lloyd's passes over many centres on a GPU.
import * as kernels from "../../kernels/large-k";
import { codes as SUMS } from "../../../kernels/large-k/label_sums.wgsl";
import { codes as STATE } from "../../../kernels/large-k/lloyd_state.wgsl";
import type { Tensor } from "../../tensor";
import { LabelSort } from "../label-sort";
import { CHUNK, farthestRows, PARTIAL_ELEMENTS, total } from "./lloyd";
import type { LloydPasses, Pass } from "./lloyd";
import type { LloydTools } from "./faster-lloyd";

/** Workgroups that a GPU wants at once, at least: it has about as many units that run one. */
const BUSY = 128;
/** Columns of a workgroup of `kmeans_update`. */
const WIDTH = 64;
/** Numbers of a point that are read and written to sort it by two digits and to find the runs. */
const SORTED = 16;

/**
 * Whether passes by sorted rows pay, by what lies beside the distances. `Lloyd` writes and reads sums of k centres for each chunk of 512 points; sorted rows
 * have sums for each 256 of them and for each centre. And where its sums have room for so few chunks that there are fewer than 128 workgroups, each adds its
 * more than 512 points one after the other while the GPU is idle. Two digits, hence more than 256 centres: the passes for fewer are as they were.
 */
export function isLarge(n: number, d: number, k: number): boolean {
  const room = Math.max(1, Math.floor(PARTIAL_ELEMENTS / (k * (d + 1))));
  const chunks = Math.min(Math.ceil(n / CHUNK), room);
  const traffic = 2 * (chunks * k - n / SUMS.PIECE - k) * (d + 1) - SORTED * n;
  const idle = n > CHUNK * room && room * Math.ceil(d / WIDTH) < BUSY;
  return k > 256 && (traffic > 0 || idle);
}

/** Passes that are launched before the first of them is read: what a GPU does while the host hears of the one before. */
const AHEAD = 3;
/** Centres and labels of so many passes: those that were told of, and those under way. */
const SLOTS = AHEAD + 1;

/**
 * Lloyd's algorithm on a device as flash-kmeans has it (arXiv 2603.09229): distances and their minimum in one kernel, rows sorted by label (a stable
 * counting sort, eight bits of the label at a time), sums of the runs of a label in a fixed order. Passes are launched ahead of what is read: the device
 * itself tells where a run ends or a cluster is empty, and passes behind that do nothing. So each result is that of passes that are waited for.
 */
export class LargeLloyd implements LloydPasses {
  readonly n: number;
  readonly d: number;
  readonly k: number;
  origin: Float32Array<ArrayBuffer> | undefined;
  readonly #x: Tensor;
  readonly #tools: Pick<LloydTools, "empty" | "run">;
  readonly #pieces: number;
  readonly #made: Tensor[] = [];
  readonly #distances: Tensor;
  /** Rows by label. */
  readonly #sort: LabelSort;
  readonly #runs: Tensor;
  readonly #halted: Tensor;
  readonly #origin: Tensor;
  readonly #centers: Tensor[] = [];
  readonly #facts: Tensor[] = [];
  readonly #labels: Tensor[] = [];
  #weights: Tensor | undefined;
  #hostWeights: Float32Array | undefined;
  /** The slots of the last pass that was told of, and of the last that was launched. */
  #at = 0;
  #launched = 0;
  #ahead: Promise<Float32Array>[] = [];
  /** Labels of the centres as they are. */
  #settled: Tensor | undefined;

  constructor(x: Tensor, k: number, tools: Pick<LloydTools, "empty" | "run">) {
    const [n, d] = x.shape as [number, number];
    [this.#x, this.n, this.d, this.k, this.#tools] = [x, n, d, k, tools];
    this.#pieces = Math.ceil(n / SUMS.PIECE);
    this.#distances = this.#make([n]);
    this.#runs = this.#make([(this.#pieces + k) * (d + 1) + 2 * this.#pieces]);
    this.#halted = this.#make([1], "u32");
    this.#sort = new LabelSort(x.device, n, k, this.#halted, tools, "KMeans");
    this.#origin = this.#make([d]);
  }

  #make(shape: readonly number[], dtype: "f32" | "u32" = "f32"): Tensor {
    const made = this.#tools.empty(this.#x.device, shape, dtype, "KMeans"); // no tidy is around what was waited for
    this.#made.push(made);
    return made;
  }

  #centersAt(slot: number): Tensor {
    return (this.#centers[slot] ??= this.#make([this.k, this.d]));
  }

  /** What the device says of the pass that found the centres of a slot. */
  #factsAt(slot: number): Tensor {
    return (this.#facts[slot] ??= this.#make([STATE.HEAD + 3 * this.k]));
  }

  #labelsAt(slot: number): Tensor {
    return (this.#labels[slot] ??= this.#make([this.n], "u32"));
  }

  dispose(): void {
    for (const made of [this.#sort, ...this.#made.splice(0)]) made.dispose();
    this.#ahead = [];
  }

  setWeights(weights: Float32Array): void {
    this.#hostWeights = weights;
    this.#weights ??= this.#make([this.n]);
    this.#x.device.write(this.#weights.buffer, weights);
  }

  setCenters(centers: Float32Array, origin?: Float32Array<ArrayBuffer>): void {
    this.#begin(0);
    this.#place(centers, origin);
    this.#x.device.write(this.#labelsAt(0).buffer, new Uint32Array(this.n).fill(0xffffffff));
  }

  resume(centers: Float32Array, labels: Int32Array, origin?: Float32Array<ArrayBuffer>): void {
    this.setCenters(centers, origin);
    this.#x.device.write(this.#labelsAt(0).buffer, Uint32Array.from(labels));
  }

  /** Goes on from a slot: what is under way does nothing, or is forgotten. */
  #begin(slot: number): void {
    this.#at = this.#launched = slot;
    this.#ahead = [];
    this.#settled = undefined;
    this.#x.device.write(this.#halted.buffer, new Uint32Array(1));
  }

  /** Puts centres into the slot that stands, with products about their mean. */
  #place(centers: Float32Array, origin?: Float32Array<ArrayBuffer>): void {
    const { d, k } = this;
    const { device } = this.#x;
    const mean = new Float64Array(d);
    for (let i = 0; i < centers.length; i++) mean[i % d]! += centers[i]! / k;
    this.origin = origin ?? Float32Array.from(mean);
    const given = this.#centersAt(before(this.#at));
    device.write(this.#origin.buffer, this.origin);
    device.write(given.buffer, centers);
    this.#move(given, this.#at, 0);
  }

  #assign(from: number, labels: Tensor): void {
    const [centers, facts] = [this.#centersAt(from), this.#factsAt(from)];
    this.#tools.run(kernels.largeAssign, {
      ...{ x: this.#x, centers, origin: this.#origin, facts, halted: this.#halted },
      ...{ labels, distances: this.#distances, n: this.n, d: this.d, k: this.k },
    });
  }

  /** Moves the centres of a slot to the means of those labels, into another slot; the labels before tell what changed. */
  #update(labels: Tensor, previous: Tensor, from: number, to: number, relocates: boolean, threshold: number): void {
    const { n, d, k } = this;
    const { run } = this.#tools;
    this.#sort.sort(labels);
    const [{ order }, halted, runs, pieces] = [this.#sort, this.#halted, this.#runs, this.#pieces];
    run(kernels.labelSums, {
      ...{ x: this.#x, labels, previous, distances: this.#distances, weights: this.#weights ?? this.#distances },
      ...{ order, halted, runs, n, d, k, pieces, weighted: Number(this.#weights !== undefined) },
    });
    this.#move(this.#centersAt(from), to, 1);
    run(kernels.lloydState, {
      ...{ runs, facts: this.#factsAt(to), halted, k, d, pieces },
      ...{ relocates: Number(relocates), threshold: floorFloat32(threshold) },
    });
  }

  #move(old: Tensor, to: number, moves: number): void {
    const [centers, facts] = [this.#centersAt(to), this.#factsAt(to)];
    this.#tools.run(kernels.largeCenters, {
      ...{ runs: this.#runs, starts: this.#sort.starts, old, origin: this.#origin, halted: this.#halted, centers },
      ...{ facts, k: this.k, d: this.d, moves },
    });
  }

  /** Facts of `lloyd_state`, and the counts. */
  async #read(slot: number): Promise<Float32Array> {
    return new Float32Array(await this.#x.device.read(this.#factsAt(slot).buffer, 0, 4 * (STATE.HEAD + this.k)));
  }

  #launch(relocates: boolean, threshold: number): Promise<Float32Array> {
    const [from, to] = [this.#launched, next(this.#launched)];
    this.#launched = to;
    this.#assign(from, this.#labelsAt(to));
    this.#update(this.#labelsAt(to), this.#labelsAt(from), from, to, relocates, threshold);
    const facts = this.#read(to);
    facts.catch(() => undefined); // whoever waits for it is told; nobody may
    return facts;
  }

  async iterate(relocate: boolean, threshold = -1, left = 1): Promise<Pass> {
    while (this.#ahead.length < Math.min(AHEAD, left)) this.#ahead.push(this.#launch(relocate, threshold));
    const facts = await this.#ahead.shift()!;
    this.#at = next(this.#at);
    const pass = passOf(facts);
    if (facts[0] === 0) return pass;
    this.#begin(this.#at);
    return facts[0] === STATE.EMPTY ? this.#relocate(pass) : pass;
  }

  async settle(): Promise<void> {
    this.#begin(this.#at);
    this.#settled = this.#labelsAt(next(this.#at));
    this.#assign(this.#at, this.#settled);
  }

  async inertia(): Promise<number> {
    return total((await this.#distances.data()) as Float32Array, this.#hostWeights);
  }

  async centers(): Promise<Float32Array<ArrayBuffer>> {
    return (await this.#centersAt(this.#at).data()) as Float32Array<ArrayBuffer>;
  }

  async labels(): Promise<Int32Array<ArrayBuffer>> {
    return new Int32Array((await (this.#settled ?? this.#labelsAt(this.#at)).data()).buffer);
  }

  /** As `Lloyd` does it: the points farthest from their centres become the only members of the empty clusters, for the sums of this pass. */
  async #relocate(pass: Pass): Promise<Pass> {
    const [slot, spare] = [this.#at, next(this.#at)];
    const [labels, distances] = await Promise.all([this.labels(), this.#distances.data()]);
    const emptied = Array.from(pass.counts.keys()).filter((j) => pass.counts[j] === 0);
    farthestRows(distances as Float32Array, emptied.length, this.#hostWeights).forEach((row, e) => (labels[row] = emptied[e]!)); // prettier-ignore
    this.#x.device.write(this.#labelsAt(spare).buffer, labels);
    this.#update(this.#labelsAt(spare), this.#labelsAt(slot), before(slot), slot, false, -1);
    const { shift, counts } = passOf(await this.#read(slot));
    this.#begin(slot);
    this.#place(await this.centers()); // the mean of the centres may have gone far
    return { ...pass, shift, counts };
  }
}

const next = (slot: number): number => (slot + 1) % SLOTS;
const before = (slot: number): number => (slot + SLOTS - 1) % SLOTS;

/** What `lloyd_state` found: parts of the inertia are added in float64. */
function passOf(facts: Float32Array): Pass {
  const [, shift = 0, changed = 0] = facts;
  return { inertia: total(facts.subarray(4, STATE.HEAD)), changed, shift, counts: facts.slice(STATE.HEAD) };
}

/** The largest float32 that is no larger, of numbers from −1 on: float32 is at most one exactly where it is at most the other. */
function floorFloat32(value: number): number {
  const bits = new Int32Array(Float32Array.of(value).buffer);
  if (Math.fround(value) > value) bits[0]!--;
  return new Float32Array(bits.buffer)[0]!;
}
