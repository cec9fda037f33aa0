// Which items the plane shows: while a run goes on a sample that moves, and else all that there is room for.
import type { NdArray } from "constella";
import { packNames } from "../names";
import type { Plane } from "../protocol";
import type { Dataset } from "./dataset";
import { Projection } from "./projection";
import { flat, takeRows } from "./session";
import { thumbnailsOf } from "./shown";

/** Items that move while a run goes on, at most. */
const MOVING = 2500;
/** Items that are shown at most. */
const MOST = 100_000;

/** Items in the plane. */
export interface Looked {
  /** Their row numbers, ascending. */
  readonly rows: Uint32Array<ArrayBuffer>;
  /** These items as the data have them, [rows.length, …]. */
  readonly x: NdArray<Float32Array>;
  /** Where they lie in the data, [rows.length, 2]. */
  readonly xy: Float32Array<ArrayBuffer>;
}

/** What is shown of a data set. */
export interface LookedAt {
  /** While a run goes on. */
  readonly sample: Looked;
  /** While none does; the same where that is no more than the sample. */
  readonly all: Looked;
}

/** So many of n rows, evenly spread. */
const spread = (n: number, most: number): Uint32Array<ArrayBuffer> => {
  const count = Math.min(n, most);
  return Uint32Array.from({ length: count }, (_, i) => Math.floor((i * n) / count));
};

/** These rows of an array of n; the array itself where they are all. */
export const rowsOf = (x: NdArray<Float32Array>, rows: Uint32Array): NdArray<Float32Array> =>
  rows.length === x.shape[0] ? x : takeRows(x, rows);

/** The sample and all, on the principal axes of the sample. Of pixels there is the sample alone: all of them are seen in the image. */
export function lookedAt({ x, cube }: Dataset): LookedAt {
  const n = x.shape[0]!;
  const projection = new Projection();
  const rows = cube?.streamed?.index ?? spread(n, MOVING);
  const some = cube?.streamed ? x : rowsOf(x, rows); // of streamed pixels these are all that is here
  const sample = { rows, x: some, xy: projection.project(flat(some).data, rows.length) };
  if (cube || rows.length === n) return { sample, all: sample };
  const most = spread(n, MOST);
  const many = rowsOf(x, most);
  return { sample, all: { rows: most, x: many, xy: projection.place(flat(many).data, most.length) } };
}

/** The same as the page has it, and what of it is handed over. */
export function planeOf({ truth, pictures, ids }: Dataset, { rows, xy }: Looked): readonly [Plane, Transferable[]] {
  const thumbnails = pictures && thumbnailsOf(pictures, rows);
  const names = ids && packNames(Array.from(rows, (row) => ids[row]!));
  const plane = {
    ...{ rows, xy },
    ...(names && { names }),
    ...(truth && { truth: Int32Array.from(rows, (row) => truth[row]!) }),
    ...(thumbnails && { thumbnails }),
  };
  return [plane, [...(names ? [names.bytes.buffer, names.ends.buffer] : []), ...(thumbnails ? [thumbnails.pixels.buffer] : [])]]; // prettier-ignore
}

/** Where an embedding [n, d] of all items has those that are shown: on the principal axes of the sample, as they were followed while it ran. */
export function placedIn(
  projection: Projection,
  embedding: NdArray<Float32Array>,
  { sample, all }: LookedAt,
): Float32Array<ArrayBuffer> {
  const xy = projection.project(rowsOf(embedding, sample.rows).data, sample.rows.length);
  return all === sample ? xy : projection.place(rowsOf(embedding, all.rows).data, all.rows.length);
}
