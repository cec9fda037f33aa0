// What the page shows of data and training.
import { NdArray } from "constella";
import type { EpochRecord } from "constella";
import type { Curve } from "constella/report";
import type { Pictures } from "./dataset";
import type { Frame, Scale, Thumbnails } from "../protocol";

/** How values are brought to a scale: each column less a shift, times a factor. */
export interface Scaling {
  /** One for each column, or one for all. */
  readonly shifts: Float64Array;
  readonly factors: Float64Array;
}

/** The numbers of a scale for these data: as they are; all from 0 to 1; or each column to mean 0 and deviation 1. */
export function scalingOf(x: NdArray<Float32Array>, scale: Scale): Scaling | undefined {
  if (scale === "none") return undefined;
  if (scale === "unit") {
    let [low, high] = [Infinity, -Infinity];
    for (const value of x.data) {
      if (value < low) low = value;
      if (value > high) high = value;
    }
    return { shifts: Float64Array.of(low), factors: Float64Array.of(high > low ? 1 / (high - low) : 0) };
  }
  const n = x.shape[0]!;
  const d = x.size / n;
  const mean = new Float64Array(d);
  const squares = new Float64Array(d);
  for (let i = 0; i < x.size; i++) mean[i % d]! += x.data[i]! / n;
  for (let i = 0; i < x.size; i++) squares[i % d]! += (x.data[i]! - mean[i % d]!) ** 2 / n;
  return { shifts: mean, factors: squares.map((value) => (value > 0 ? 1 / Math.sqrt(value) : 0)) };
}

/** The values as a method gets them. */
export function scaled(x: NdArray<Float32Array>, scaling: Scaling | undefined): NdArray<Float32Array> {
  if (!scaling) return x;
  const { shifts, factors } = scaling;
  const d = shifts.length;
  return new NdArray(
    x.data.map((value, i) => (value - shifts[i % d]!) * factors[i % d]!),
    x.shape,
  );
}

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
