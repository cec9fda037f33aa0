// Sources made of others: a part of their rows, or what a function makes of each.
import { runCooperatively } from "../../event-loop";
import { NdArray } from "../../ndarray";
import { channelsToFront } from "../image-layout";
import type { RowSource } from "./row-source";
import { mapTo } from "../../typed-arrays";

/** The memory of another source. */
const like = ({ memory }: RowSource): Pick<RowSource, "memory"> => (memory === undefined ? {} : { memory });

/** Rows [begin, end) of a source. */
export function sliceRows(source: RowSource, begin: number, end: number): RowSource {
  const { rowShape } = source;
  return {
    ...{ ...like(source), rowShape, length: end - begin },
    rows: (index) => source.rows(mapTo(Float64Array, index, (row) => row + begin)),
    range: (from, to, into) => source.range(begin + from, begin + to, into),
  };
}

/** The rows of these numbers, in their order. */
export function subsetRows(source: RowSource, index: Uint32Array): RowSource {
  const { rowShape } = source;
  return {
    ...{ ...like(source), rowShape, length: index.length },
    rows: (places) => source.rows(mapTo(Uint32Array, places, (place) => index[place]!)),
    range: (begin, end) => source.rows(index.subarray(begin, end)),
  };
}

/** What f makes of rows, one after the other, each of as many numbers as before; it may write over them where the source gives memory of its own. */
export function mapRowSource(
  source: RowSource,
  f: (rows: Float32Array) => Float32Array | Promise<Float32Array>,
  rowShape: readonly number[] = source.rowShape,
): RowSource {
  return {
    ...{ ...like(source), rowShape, length: source.length },
    rows: async (index) => f(await source.rows(index)),
    range: async (begin, end, into) => f(await source.range(begin, end, into)),
  };
}

/** Pictures with their channels last, as rows with the channels first. */
export function channelsFirstRows(source: RowSource): RowSource {
  const [h, w, c] = source.rowShape as [number, number, number];
  const moved = async (rows: Float32Array): Promise<Float32Array> =>
    (await runCooperatively(channelsToFront(new NdArray(rows, [rows.length / (h * w * c), h, w, c])))).data;
  return mapRowSource(source, moved, [c, h, w]);
}
