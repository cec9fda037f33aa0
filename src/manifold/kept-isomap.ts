// What an Isomap has found, and where its paths and its scaling stand, as a checkpoint has them.
import type { Checkpoint, Learned } from "../lifecycle/checkpoint";
import type { PointsOf } from "../lifecycle/findings";
import { keptRounds, restoredRounds } from "../linear-algebra/kept-rounds";
import type { EigenRounds } from "../linear-algebra/smallest-eigen";
import { NdArray } from "../ndarray";
import type { TypedArray } from "../ndarray";
import { newWalks } from "../neighbours/graph";
import type { Walks } from "../neighbours/graph";
import { keptGraph, nodesOf, restoredGraph } from "../neighbours/kept-graph";
import type { Arrays } from "../neighbours/kept-graph";
import type { HostRows } from "../neighbours/rows";
import { integer } from "../options";
import type { SparseMatrix } from "../sparse";
import type { MdsResult } from "./classical-mds";
import { keptScaling, restoredScaling } from "./kept-scaling";

/** Points that have their places. */
export interface LaidOutPoints {
  readonly rows: HostRows;
  /** Of the landmarks. */
  readonly mds: MdsResult;
  readonly embedding: NdArray<Float64Array>;
  /** From each landmark to each point, [landmarks, n]. */
  readonly geodesics: Float64Array<ArrayBuffer>;
  /** Row numbers, ascending. */
  readonly landmarks: Uint32Array;
  readonly nConnected: number;
}

/** Where a fit stands that has its graph. */
export interface StandingWalk extends PointsOf {
  /** Lengths of edges, symmetric and in one part. */
  readonly graph: SparseMatrix;
  readonly nConnected: number;
  readonly walks: Walks;
  readonly rounds?: EigenRounds | undefined;
}

/** Row numbers of the landmarks of n points. */
type LandmarksOf = (n: number) => Uint32Array<ArrayBuffer>;

/** Arrays of what was found. */
export const keptIsomap = ({ rows, mds, embedding, geodesics, landmarks, nConnected }: LaidOutPoints): Arrays => ({
  ...keptScaling(mds),
  points: new NdArray<TypedArray>(rows.data, [rows.n, rows.d]),
  embedding,
  geodesics: new NdArray<TypedArray>(geodesics, [landmarks.length, rows.n]),
  nConnected: new NdArray<TypedArray>(Int32Array.of(nConnected)),
});

/** The way back. @throws for what `keptIsomap` does not give */
export function restoredIsomap(saved: Checkpoint, landmarksOf: LandmarksOf, nComponents: number): LaidOutPoints {
  const points = saved.matrix("points", [-1, -1]);
  const [n = 0, d = 0] = points?.shape ?? [];
  const nConnected = saved.labels("nConnected", n + 1, 1)?.[0];
  if (n * d === 0 || nConnected === undefined) throw new Error("checkpoint: points and nConnected must be there");
  const landmarks = landmarksOf(n);
  const count = landmarks.length;
  return {
    rows: { data: Float64Array.from(points!.data), n, d },
    mds: restoredScaling(saved, count, nComponents),
    embedding: new NdArray(saved.numbers("embedding", n * nComponents), [n, nComponents]),
    geodesics: saved.numbers("geodesics", count * n),
    landmarks,
    nConnected,
  };
}

/** Arrays and state of where a fit stands: the rows of the paths that are found, and of the rounds. */
export function keptWalk({ n, graph, nConnected, walks, rounds }: StandingWalk): Learned {
  const { done, lengths } = walks;
  const scaling = rounds && keptRounds(rounds, walks.sources.length);
  return {
    arrays: {
      ...keptGraph(graph),
      ...(done > 0 && { geodesics: new NdArray<TypedArray>(lengths.subarray(0, done * n), [done, n]) }),
      ...scaling?.arrays,
    },
    state: { nConnected, done, ...scaling?.state },
  };
}

/** The way back. @throws for what `keptWalk` does not give */
export function restoredWalk(
  saved: Checkpoint,
  d: number,
  landmarksOf: LandmarksOf,
  nComponents: number,
): StandingWalk {
  const n = nodesOf(saved);
  const graph = restoredGraph(saved, n);
  const sources = landmarksOf(n);
  const walks = newWalks(n, sources);
  walks.done = saved.entry<number>("done", integer(0, sources.length));
  if (walks.done > 0) walks.lengths.set(saved.numbers("geodesics", walks.done * n));
  const rounds = walks.done === sources.length ? restoredRounds(saved, sources.length, nComponents) : undefined;
  return { n, d, graph, nConnected: saved.entry<number>("nConnected", integer(1, n)), walks, rounds };
}
