// What mini-batch k-means keeps between its steps.
import type { Frame, Matrix } from "../frame";
import type { Lloyd } from "./lloyd";
import type { PointSet } from "../streams/point-set";
import type { Checkpoint } from "../../lifecycle/checkpoint";
import { HISTORY } from "../../lifecycle/progress";
import type { EpochRecord } from "../../lifecycle/progress";
import { NdArray } from "../../ndarray";
import type { TypedArray } from "../../ndarray";
import { flag, integer, list, nullable, optional, range, record } from "../../options";
import { Random } from "../../random";

/** Where a stream of random numbers is, in a checkpoint. */
export const RANDOM_STATE = record({ key: list(integer(0, 2 ** 32 - 1)), position: integer(0) });

/** What was learned, and what it takes to go on. */
export interface Found {
  centers: Matrix;
  /** Points that each centre was given so far. */
  readonly counts: Float64Array;
  readonly random: Random;
  sinceReassignment: number;
  labels: Int32Array<ArrayBuffer>;
  inertia: number;
  nSteps: number;
  nIter: number;
  history: readonly EpochRecord[];
}

/** Where a fit stands between two steps. */
export interface Standing {
  /** Points, columns. */
  readonly n: number;
  readonly d: number;
  readonly hash?: number | undefined;
  /** In the frame of the points, [k, d]. */
  readonly centers: Float32Array<ArrayBuffer>;
  /** What products are taken about, [d]. */
  readonly origin: Float32Array<ArrayBuffer>;
  /** Points that each centre was given so far. */
  readonly counts: Float64Array<ArrayBuffer>;
  readonly random: Random;
  readonly sinceReassignment: number;
  readonly history: readonly EpochRecord[];
  readonly improvement: ImprovementState;
  /** Whether there are no more steps to come. */
  readonly ended: boolean;
}

/** The arrays and the state of a checkpoint. */
export function keptStanding(standing: Standing): {
  readonly arrays: Readonly<Record<string, NdArray<TypedArray>>>;
  readonly state: object;
} {
  const { n, d, hash, centers, origin, counts, random, sinceReassignment, history, improvement, ended } = standing;
  return {
    arrays: {
      "standing.centers": new NdArray<TypedArray>(centers, [centers.length / d, d]),
      "standing.origin": new NdArray<TypedArray>(origin),
      "standing.counts": new NdArray<TypedArray>(counts),
    },
    state: { n, hash, random: random.state(), sinceReassignment, history, improvement, ended },
  };
}

const STANDING = record({
  ...{
    n: integer(1),
    hash: optional(integer(0)),
    random: RANDOM_STATE,
    sinceReassignment: integer(0),
    history: HISTORY,
    ended: flag,
  },
  improvement: record({ mean: nullable(range(0)), lowest: nullable(range(0)), waited: integer(0) }),
});

/** What `keptStanding` gave, of k centres; undefined where there is none. @throws for what does not belong together */
export function restoredStanding(saved: Checkpoint, k: number): Standing | undefined {
  const state = saved.entry<(Omit<Standing, "random"> & { random: ReturnType<Random["state"]> }) | undefined>(
    "standing",
    optional(STANDING),
  );
  if (!state) return undefined;
  const centers = saved.array("standing.centers", [k, -1]);
  if (!centers) throw new Error("checkpoint: standing.centers must be there");
  const d = centers.shape[1]!;
  const counts = saved.numbers("standing.counts", k);
  if (counts.some((count) => !(count >= 0))) throw new Error("checkpoint: standing.counts must be 0 or more");
  return {
    ...state,
    ...{ d, counts, random: new Random(state.random), centers: Float32Array.from(centers.data) },
    origin: Float32Array.from(saved.numbers("standing.origin", d)),
  };
}

/** Centres with few points, the fewest first; at most half as many as the batch has points. */
export function weakCenters(counts: Float64Array, batch: number, ratio: number): number[] {
  const limit = ratio * counts.reduce((a, b) => Math.max(a, b), 0);
  const weak = Array.from(counts, (_, j) => j).filter((j) => counts[j]! < limit);
  return weak.sort((a, b) => counts[a]! - counts[b]! || a - b).slice(0, Math.floor(batch / 2));
}

/** Where the early stop is. */
export interface ImprovementState {
  readonly mean: number | null;
  readonly lowest: number | null;
  readonly waited: number;
}

/** The early stop: an exponentially weighted mean of the batches' inertia that has not fallen for some steps. */
export class Improvement {
  readonly #alpha: number;
  readonly #patience: number;
  #mean: number | null;
  #lowest: number;
  #waited: number;

  constructor(batchSize: number, n: number, patience: number, before?: ImprovementState) {
    this.#alpha = Math.min(1, (2 * batchSize) / (n + 1));
    this.#patience = patience;
    [this.#mean, this.#lowest, this.#waited] = [before?.mean ?? null, before?.lowest ?? Infinity, before?.waited ?? 0];
  }

  /** As JSON holds it. */
  get state(): ImprovementState {
    return { mean: this.#mean, lowest: this.#lowest < Infinity ? this.#lowest : null, waited: this.#waited };
  }

  ended(inertia: number): boolean {
    this.#mean = this.#mean === null ? inertia : this.#mean * (1 - this.#alpha) + inertia * this.#alpha;
    if (this.#mean < this.#lowest) [this.#lowest, this.#waited] = [this.#mean, 0];
    else this.#waited++;
    return this.#patience > 0 && this.#waited >= this.#patience;
  }
}

/** Labels of all points, and Σ ‖x − c‖² to those centres. */
export async function assigned(points: PointSet, centers: Matrix): Promise<readonly [Int32Array<ArrayBuffer>, number]> {
  const lloyd = await points.lloyd(centers.shape[0]!);
  try {
    lloyd.setCenters(points.frame.into(centers.data));
    await lloyd.settle();
    return await Promise.all([lloyd.labels(), lloyd.inertia()]);
  } finally {
    lloyd.dispose();
  }
}

/** Brings centres to the device: as they were found, or exactly as they stood. */
export function load(lloyd: Lloyd, { centers, counts }: Found, frame: Frame, before?: Standing): void {
  lloyd.setCenters(before?.centers ?? frame.into(centers.data), Float32Array.from(counts), before?.origin);
}

/** What was found so far by a fit that stood there. */
export const foundAt = ({ d, centers, counts, random, sinceReassignment, history }: Standing, frame: Frame): Found => ({
  ...{ centers: frame.back(centers, [counts.length, d]), counts: counts.slice(), random: new Random(random.state()) },
  ...{ sinceReassignment, labels: new Int32Array(0), inertia: 0, nSteps: history.length, nIter: 0, history: [] },
});

/** Where a fit stands. */
export async function standingOf(
  lloyd: Lloyd,
  { counts, random, sinceReassignment }: Found,
  {
    improvement,
    history,
    ...rest
  }: Pick<Standing, "n" | "d" | "hash" | "history" | "ended"> & { improvement: Improvement },
): Promise<Standing> {
  const [centers, origin] = [await lloyd.centers(), lloyd.origin!];
  return {
    ...{ ...rest, centers, origin, counts: counts.slice(), random: new Random(random.state()), sinceReassignment },
    ...{ history: [...history], improvement: improvement.state },
  };
}
