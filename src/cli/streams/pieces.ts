import { NpyWriter } from "../../data/formats/npy/writer";
import { ROW_MEMORY } from "../../data/datasets/row-source";
import type { RowSource } from "../../data/datasets/row-source";
import { sliceRows } from "../../data/datasets/row-views";
import { sizeOf } from "../../ndarray";
import type { NdArray } from "../../ndarray";

/** What f makes of rows that are read, a quarter of their memory at a time, in their order. */
export async function* inPieces<R>(
  x: RowSource,
  f: (part: RowSource) => Promise<R>,
): AsyncGenerator<R, void, undefined> {
  const step = Math.max(1, Math.floor((x.memory ?? ROW_MEMORY) / 16 / sizeOf(x.rowShape)));
  for (let begin = 0; begin < x.length; begin += step)
    yield await f(sliceRows(x, begin, Math.min(x.length, begin + step)));
}

/** Writes what f makes of rows, [n, width], as an npy file that appears when it is whole. */
export async function writePieces(
  path: string,
  x: RowSource,
  f: (part: RowSource) => Promise<NdArray<Float32Array>>,
): Promise<void> {
  let writer: NpyWriter | undefined;
  try {
    for await (const { data, shape } of inPieces(x, f)) {
      writer ??= await NpyWriter.create(path, [x.length, ...shape.slice(1)], "float32");
      await writer.write(data);
    }
    await writer?.close();
  } catch (error) {
    await writer?.discard();
    throw error;
  }
}
