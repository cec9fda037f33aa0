// What goes into the model, checked: batches of a provider, and sets to cluster.
import { isWhole } from "../../checks";
import type { SetBatch, SetPart, SetProvider } from "../../data/datasets/sets/provider";
import { channelsToFront, layoutTaken } from "../../data/image-layout";
import type { Device } from "../../device";
import { toFloat32 } from "../../matrix";
import type { MatrixLike } from "../../matrix";
import { ShareEstimate } from "../../metrics/pair-weights";
import { NdArray, sizeOf } from "../../ndarray";
import type { Random } from "../../random";
import { format, indices, sameShape, tensor } from "../../tensor";
import type { Tensor } from "../../tensor";
import { runAtOnce } from "../../event-loop";

/** How many sets are drawn, of how many items each. */
export interface SetSizes {
  readonly batch: number;
  readonly length: number;
}

/** @throws when the provider's items or numbers of clusters are not what the model takes */
export function checkProvider(op: string, provider: SetProvider, itemShape: readonly number[], kMax: number): void {
  if (!sameShape(provider.itemShape, itemShape))
    throw new Error(
      `${op}: the provider's items are ${format(provider.itemShape)}, the model takes ${format(itemShape)}`,
    );
  if (!(provider.kMax <= kMax))
    throw new Error(
      `${op}: the provider makes sets of up to ${provider.kMax} clusters, the model tells at most ${kMax} apart (kMax)`,
    );
}

/** New sets of a provider. @throws when they are not as they should be, naming the set and the item */
export async function sampleSets(
  op: string,
  provider: SetProvider,
  part: SetPart,
  { batch, length }: SetSizes,
  random: Random,
): Promise<SetBatch> {
  const sampled = await provider.sample(part, batch, length, random);
  const { items, labels, counts } = sampled;
  const shape = [batch, length, ...provider.itemShape];
  if (!sameShape(items.shape, shape) || labels.length !== batch * length || counts.length !== batch)
    throw new Error(
      `${op}: the provider must give items ${format(shape)}, ${batch * length} labels and ${batch} counts, got ${format(items)}, ${labels.length} and ${counts.length}`,
    );
  for (let set = 0; set < batch; set++) {
    const k = counts[set]!;
    if (!isWhole(k, 1, provider.kMax))
      throw new Error(`${op}: a set must have 1 to ${provider.kMax} clusters (kMax), got ${k} in set ${set}`);
    for (let i = set * length; i < (set + 1) * length; i++)
      if (!(labels[i]! >= 0 && labels[i]! < k))
        throw new Error(
          `${op}: labels of set ${set} must be from 0 to ${k - 1}, got ${labels[i]} of item ${i - set * length}`,
        );
  }
  return { items: toFloat32(items, op, "items of the provider"), labels, counts };
}

/** A batch on the device. */
export function upload(
  device: Device,
  { items, labels, counts }: SetBatch,
): { items: Tensor; labels: Tensor; counts: Tensor } {
  return {
    items: tensor(device, items.data, items.shape),
    labels: indices(device, labels, items.shape.slice(0, 2)),
    counts: indices(device, counts),
  };
}

/** Sets to cluster as float32 [n, …itemShape]. @throws for an empty set, items of another or unequal shape, NaN */
export function toSet(op: string, x: MatrixLike, itemShape: readonly number[]): NdArray<Float32Array> {
  const given = toFloat32(x, op, "the set");
  const last = layoutTaken(given.shape, itemShape, op) === "channels-last";
  const set = last ? runAtOnce(channelsToFront(given)) : given;
  const [n = 0, ...rest] = set.shape;
  if (n === 0) throw new Error(`${op}: the set must not be empty, got ${format(set)}`);
  if (sizeOf(rest) !== sizeOf(itemShape) || (rest.length > 1 && !sameShape(rest, itemShape)))
    throw new Error(
      `${op}: the set must be ${format([n, ...itemShape])}, items of the model's shape, got ${format(set)}`,
    );
  return new NdArray(set.data, [n, ...itemShape]);
}

/** The values of a set's items in another order: item order[i] in place i. */
export function inOrder(
  { data, shape: [n = 0] }: NdArray<Float32Array>,
  order: Uint32Array,
): Float32Array<ArrayBuffer> {
  const width = data.length / n;
  const values = new Float32Array(data.length);
  order.forEach((from, to) => values.set(data.subarray(from * width, (from + 1) * width), to * width));
  return values;
}

/** Sets drawn at a time to estimate φ, at least before stopping, and at most. */
const [DRAWN, LEAST, MOST] = [500, 1000, 200_000];

/**
 * φ, the share of pairs that are of one cluster, from sampled sets until its 95 % interval is 0.005 wide. As
 * `estimateSameClusterShare`, for sets that come in batches and later.
 */
export async function sampledShare(op: string, provider: SetProvider, length: number, random: Random): Promise<number> {
  const estimate = new ShareEstimate();
  while (estimate.count < MOST) {
    const labels = await drawLabels(op, provider, length, random);
    for (let first = 0; first < labels.length; first += length) estimate.add(labels.subarray(first, first + length));
    if (estimate.count >= LEAST && estimate.interval <= 0.005) break;
  }
  return estimate.mean;
}

async function drawLabels(op: string, provider: SetProvider, length: number, random: Random): Promise<Int32Array> {
  if (provider.sampleLabels) return provider.sampleLabels("train", DRAWN, length, random);
  return (await sampleSets(op, provider, "train", { batch: DRAWN, length }, random)).labels;
}
