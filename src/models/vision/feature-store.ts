// Features of all rows: on the device where they are few, else in a scratch file, so that no more of them than `memory` are held.
import type { ScratchRows } from "../../data/datasets/scratch-rows";
import type { Device } from "../../device";
import { noGrad } from "../../graph";
import { chunksOf } from "../../lifecycle/rows";
import type { Rows } from "../../lifecycle/rows";
import { concat, slice } from "../../ops/layout";
import { takeTensor, Tensor, tidy } from "../../tensor";

/** Of n rows, d each: on the device, or in a scratch file. */
export type Features = Tensor | ScratchRows;

/** Shape of features. */
export const shapeOf = (features: Features): [n: number, d: number] =>
  features instanceof Tensor
    ? (features.shape as [number, number])
    : [features.length, (features as ScratchRows).rowShape[0]!];

/** Whether [n, d] features are few enough to lie on the device: a quarter of the memory holds them, so that they, what is made of them and their copies fit. */
export const fitDevice = (n: number, d: number, memory: number): boolean => 4 * n * d <= memory / 4;

/**
 * f of all rows, `size` at a time, for the caller to free by `freed`.
 * @throws where they are too many for the device and there are no files
 */
export async function storeRows(rows: Rows, f: (batch: Tensor) => Tensor, size: number, op: string): Promise<Features> {
  return stored(chunksOf(rows, f, size), rows.count, rows.memory, op);
}

/** f of features, [n, width]: block by block where they or it are in a file. Throws as `storeRows`. */
export async function mapFeatures(
  features: Features,
  f: (features: Tensor) => Tensor,
  { device, memory, width, op }: { device: Device; memory: number; width: number; op: string },
): Promise<Features> {
  const [n] = shapeOf(features);
  if (features instanceof Tensor && fitDevice(n, width, memory)) return tidy(() => noGrad(() => f(features)));
  return stored(mapped(features, device, f), n, memory, op);
}

/** Rows of features on a device that are mapped at a time. */
const CHUNK = 2048;

/** Features where they are, or block by block of a file, each freed when the next one is asked for. */
export async function* blocksOf(features: Features, device: Device): AsyncGenerator<Tensor, void, undefined> {
  if (features instanceof Tensor) {
    yield features;
    return;
  }
  const { blockRows, openSource, readBlocks } = await import("../../cluster/streams/streamed-points");
  const rows = openSource(features, "features");
  for await (const { data, rows: count } of readBlocks(rows, blockRows(rows, 1))) {
    const x = await takeTensor(device, data, [count, rows.d]);
    try {
      yield x;
    } finally {
      x.dispose();
    }
  }
}

/** f of features in blocks, for the caller to dispose of. */
async function* mapped(
  features: Features,
  device: Device,
  f: (features: Tensor) => Tensor,
): AsyncGenerator<Tensor, void, undefined> {
  if (features instanceof Tensor) {
    const [n, d] = shapeOf(features);
    for (let i = 0; i < n; i += CHUNK)
      yield tidy(() => noGrad(() => f(slice(features, [i, 0], [Math.min(n, i + CHUNK), d]))));
    return;
  }
  for await (const x of blocksOf(features, device)) yield tidy(() => noGrad(() => f(x)));
}

/** Chunks of n rows in all, put together. */
async function stored(chunks: AsyncIterable<Tensor>, n: number, memory: number, op: string): Promise<Features> {
  const held: Tensor[] = [];
  let file: ScratchRows | undefined;
  let whole = false;
  try {
    for await (const chunk of chunks) {
      const d = chunk.shape[1]!;
      if (fitDevice(n, d, memory)) {
        held.push(chunk);
        continue;
      }
      try {
        file ??= await scratch(n, d, memory, op);
        await file.append((await chunk.data()) as Float32Array);
      } finally {
        chunk.dispose();
      }
    }
    whole = true;
    if (file) return file;
    return held.length === 1 ? held[0]! : concat(held, 0);
  } finally {
    if (!whole || held.length > 1) for (const chunk of held) chunk.dispose();
    if (!whole) await file?.dispose();
  }
}

async function scratch(n: number, d: number, memory: number, op: string): Promise<ScratchRows> {
  const { ScratchRows } = await import("../../data/datasets/scratch-rows");
  try {
    return await ScratchRows.create(d, memory);
  } catch (error) {
    throw new Error(
      `${op}: [${n}, ${d}] features are ${4 * n * d} bytes, of which memory ${memory} holds a quarter of its own size, and no scratch file can be made: ${(error as Error).message}`,
      { cause: error },
    );
  }
}
