// What the page shows of data and training.
import { NdArray } from "constella";
import type { EpochRecord, RowSource } from "constella";
import type { Curve, Thumbnails } from "constella/report";
import type { Pictures } from "./dataset";
import type { DataSummary, Frame, Scale } from "../protocol";
import { isSource } from "./session";

/** How values are brought to a scale: each column less a shift, times a factor. */
export interface Scaling {
  /** One for each column, or one for all. */
  readonly shifts: Float64Array;
  readonly factors: Float64Array;
}

/** The scale that suits data where none is chosen; bands of the sky are in units of their own. */
export function usualScale({ kind, itemShape }: DataSummary): Scale {
  if (kind === "images") return itemShape.length === 3 && itemShape[0]! > 3 ? "none" : "unit";
  return kind === "points" ? "none" : "standard";
}

/** Rows of a source that are read at a time. */
const BLOCK = 2 ** 16;

/** All values of the rows, once; a block at a time of those that are read. */
async function* blocksOf(x: NdArray<Float32Array> | RowSource): AsyncGenerator<Float32Array> {
  if (!isSource(x)) return yield x.data;
  for (let begin = 0; begin < x.length; begin += BLOCK) yield x.range(begin, Math.min(x.length, begin + BLOCK));
}

/** The numbers of a scale for these data: as they are; all from 0 to 1; or each column to mean 0 and deviation 1. */
export async function scalingOf(x: NdArray<Float32Array> | RowSource, scale: Scale): Promise<Scaling | undefined> {
  if (scale === "none") return undefined;
  if (scale === "unit") {
    let [low, high] = [Infinity, -Infinity];
    for await (const block of blocksOf(x))
      for (const value of block) {
        if (value < low) low = value;
        if (value > high) high = value;
      }
    return { shifts: Float64Array.of(low), factors: Float64Array.of(high > low ? 1 / (high - low) : 0) };
  }
  const [n, d] = isSource(x) ? [x.length, x.rowShape.reduce((a, b) => a * b, 1)] : [x.shape[0]!, x.size / x.shape[0]!];
  const mean = new Float64Array(d);
  const squares = new Float64Array(d);
  for await (const block of blocksOf(x)) for (let i = 0; i < block.length; i++) mean[i % d]! += block[i]! / n;
  for await (const block of blocksOf(x))
    for (let i = 0; i < block.length; i++) squares[i % d]! += (block[i]! - mean[i % d]!) ** 2 / n;
  return { shifts: mean, factors: squares.map((value) => (value > 0 ? 1 / Math.sqrt(value) : 0)) };
}

/** The values as a method gets them. */
export function scaled(x: NdArray<Float32Array>, scaling: Scaling | undefined): NdArray<Float32Array> {
  return scaling ? new NdArray(scaledValues(x.data, scaling), x.shape) : x;
}

/** The same of rows that are read. */
export function scaledSource(x: RowSource, scaling: Scaling | undefined): RowSource {
  if (!scaling) return x;
  return {
    ...x,
    rows: async (index) => scaledValues(await x.rows(index), scaling),
    range: async (begin, end, into) => scaledValues(await x.range(begin, end, into), scaling),
  };
}

const scaledValues = (values: Float32Array, { shifts, factors }: Scaling): Float32Array => {
  const d = shifts.length;
  return values.map((value, i) => (value - shifts[i % d]!) * factors[i % d]!);
};

/** The pictures of some rows. */
export function thumbnailsOf({ data, height, width, channels }: Pictures, rows: ArrayLike<number>): Thumbnails {
  const size = height * width * channels;
  const pixels = new Uint8Array(rows.length * size);
  for (let i = 0; i < rows.length; i++) pixels.set(data.subarray(rows[i]! * size, (rows[i]! + 1) * size), i * size);
  return { pixels, height, width, channels };
}

/** Loss of each stage, what else the records tell, and the measures against the known classes. */
export function curvesOf(
  history: readonly EpochRecord[],
  trace: readonly ({ readonly step: number } & Frame["measures"])[],
): Curve[] {
  const curves: Curve[] = [];
  const stages = [...new Set(history.map(({ stage }) => stage))];
  for (const stage of stages) {
    const records = history.filter((record) => record.stage === stage);
    const x = records.map(({ epoch }) => epoch);
    const line = (name: string): Curve["series"][number] => ({
      name,
      x,
      y: records.map((record) => Number(record[name])),
    });
    const xLabel = records.some(({ changed }) => changed !== undefined) ? "renewal of the labels" : "pass";
    curves.push({ name: stage, xLabel, yLabel: "loss", series: [line("loss")] });
    if (records.some(({ changed }) => changed !== undefined))
      curves.push({
        ...{ name: "Labels", xLabel, series: [line("changed")] },
        yLabel: records.some(({ changed }) => Number(changed) > 1) ? "labels that changed" : "share that changed",
      });
    if (records.some(({ nmi }) => nmi !== undefined))
      curves.push({ name: "Labels", xLabel, yLabel: "NMI with the labels before", series: [line("nmi")] });
  }
  if (trace.length > 1) {
    const x = trace.map(({ step }) => step);
    const series = ["ACC", "NMI", "ARI"].map((name) => ({ name, x, y: trace.map((point) => point[name]!) }));
    curves.push({ name: "Against the known classes", xLabel: "look", yLabel: "measure", series });
  }
  return curves;
}
