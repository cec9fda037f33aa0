import { noGrad } from "../../graph";
import type { Device } from "../../device";
import { NdArray } from "../../ndarray";
import type { Random } from "../../random";
import { tensor, tidy } from "../../tensor";
import type { Tensor } from "../../tensor";
import type { SetNetwork, SetOutput } from "./networks/network";
import { inOrder } from "./sets";
import { generate } from "../../typed-arrays";

/** What the model says of one set of n items. */
export interface SetClustering {
  /** The most probable number of clusters, at most n. */
  readonly k: number;
  /** The cluster of each item among k, 0 … k − 1; some may have no item. */
  readonly labels: Int32Array;
  /** P(k) for k = 1 … kMax. */
  readonly counts: Float32Array;
  /** P(l|x_i, k) for k = 1 … kMax: [n, k] each. */
  readonly assignments: readonly NdArray<Float32Array>[];
}

/** The cluster of each item if there were k: the most probable one, the first where several are. @throws when k is not from 1 to kMax */
export function labelsFor({ assignments }: SetClustering, k: number): Int32Array {
  const probabilities = assignments[k - 1];
  if (!probabilities) throw new Error(`labelsFor: k must be from 1 to ${assignments.length}, got ${k}`);
  return rowArgmax(probabilities);
}

/** Column of the largest value of each row, the first of equals. */
export function rowArgmax({ data, shape: [n = 0, k = 0] }: NdArray<Float32Array>): Int32Array {
  return generate(Int32Array, n, (i) => largest(data.subarray(i * k, (i + 1) * k)));
}

/** Place of the largest value, the first of equals. */
export function largest(values: ArrayLike<number>): number {
  let best = 0;
  for (let i = 1; i < values.length; i++) if (values[i]! > values[best]!) best = i;
  return best;
}

/** Items that are seen in one pass, all sets of it together, unless one set has more. */
const ITEMS_AT_ONCE = 8192;

/** P(k) and assignments of sets of equal length on the host. */
export interface SetValues {
  readonly counts: Float32Array;
  readonly assignments: readonly Float32Array[];
}

/** Reads back what the network said. */
export async function readOutput({
  counts,
  assignments,
}: Pick<SetOutput, "counts" | "assignments">): Promise<SetValues> {
  const [first, ...others] = await Promise.all([counts, ...assignments].map((x) => x.data()));
  return { counts: first as Float32Array, assignments: others as Float32Array[] };
}

/** One set's part of what was read back. */
export function clusteringOf({ counts, assignments }: SetValues, set: number, n: number): SetClustering {
  const kMax = assignments.length;
  const own = counts.slice(set * kMax, (set + 1) * kMax);
  const parts = assignments.map((values, i) => {
    const size = n * (i + 1);
    return new NdArray(values.slice(set * size, (set + 1) * size), [n, i + 1]);
  });
  // a set of one item has one cluster, whatever the network makes of it
  const k = 1 + largest(own.subarray(0, Math.min(kMax, n)));
  return { k, labels: rowArgmax(parts[k - 1]!), counts: own, assignments: parts };
}

/** Clusters sets, those of equal length together. */
export async function clusterSets(
  device: Device,
  network: SetNetwork,
  sets: readonly NdArray<Float32Array>[],
): Promise<SetClustering[]> {
  const found: SetClustering[] = new Array<SetClustering>(sets.length);
  const byLength = new Map<number, number[]>();
  sets.forEach(({ shape: [n = 0] }, i) => byLength.set(n, [...(byLength.get(n) ?? []), i]));
  network.eval();
  for (const [n, members] of byLength) {
    const atOnce = Math.max(1, Math.floor(ITEMS_AT_ONCE / n));
    for (let begin = 0; begin < members.length; begin += atOnce) {
      const part = members.slice(begin, begin + atOnce);
      const width = sets[part[0]!]!.size;
      const items = new Float32Array(part.length * width);
      part.forEach((set, i) => items.set(sets[set]!.data, i * width));
      const values = await pass(device, network, items, [part.length, ...sets[part[0]!]!.shape]);
      part.forEach((set, i) => (found[set] = clusteringOf(values, i, n)));
    }
  }
  return found;
}

async function pass(
  device: Device,
  network: SetNetwork,
  items: Float32Array,
  shape: readonly number[],
  random?: Random,
): Promise<SetValues> {
  const made = tidy(() =>
    noGrad(() => {
      const { counts, assignments } = network.run(tensor(device, items, shape), {
        lean: true,
        augment: false,
        ...(random && { random }),
      });
      return { counts, assignments: [...assignments] };
    }),
  );
  try {
    return await readOutput(made);
  } finally {
    for (const x of [made.counts, ...made.assignments] as Tensor[]) x.dispose();
  }
}

/** What forward dropout finds about one set. */
export interface DropoutClustering extends SetClustering {
  /** P(k) of every run: [runs, kMax]. */
  readonly runs: NdArray<Float32Array>;
  /** Share of the runs whose P(k) falls into each of 20 bins of [0, 1]: [kMax, 20]. */
  readonly histograms: NdArray<Float32Array>;
}

const BINS = 20;

/**
 * P(k) by forward dropout (Meier 2018): the count head drops features in every run as in training, and the items come in a new order
 * each time. For each k the centre of the fullest of 20 bins is what `counts` has; they need not sum to 1. The assignments, on which
 * dropout has no effect, are those of the set as given.
 */
export async function dropoutClustering(
  device: Device,
  network: SetNetwork,
  set: NdArray<Float32Array>,
  runs: number,
  random: Random,
): Promise<DropoutClustering> {
  const [n = 0, ...itemShape] = set.shape;
  const [plain] = (await clusterSets(device, network, [set])) as [SetClustering];
  const kMax = plain.assignments.length;
  const drawn = new Float32Array(runs * kMax);
  network.eval();
  const atOnce = Math.max(1, Math.min(runs, Math.floor(ITEMS_AT_ONCE / n)));
  for (let begin = 0; begin < runs; begin += atOnce) {
    const count = Math.min(atOnce, runs - begin);
    const items = new Float32Array(count * set.size);
    for (let run = 0; run < count; run++) items.set(inOrder(set, random.permutation(n)), run * set.size);
    const { counts } = await pass(device, network, items, [count, n, ...itemShape], random);
    drawn.set(counts, begin * kMax);
  }
  const histograms = new Float32Array(kMax * BINS);
  for (let i = 0; i < drawn.length; i++)
    histograms[(i % kMax) * BINS + Math.min(BINS - 1, Math.floor(drawn[i]! * BINS))]! += 1 / runs;
  const counts = generate(
    Float32Array,
    kMax,
    (i) => (largest(histograms.subarray(i * BINS, (i + 1) * BINS)) + 0.5) / BINS,
  );
  const k = 1 + largest(counts.subarray(0, Math.min(kMax, n)));
  return {
    ...{ k, labels: rowArgmax(plain.assignments[k - 1]!), counts, assignments: plain.assignments },
    ...{ runs: new NdArray(drawn, [runs, kMax]), histograms: new NdArray(histograms, [kMax, BINS]) },
  };
}
