// Axes of many rows of few columns, by one pass of one kernel over them as they are.
import { chunkMoments } from "../../kernels/moments";
import { contiguous } from "../../matrix";
import { runCooperatively } from "../../event-loop";
import { takeTensor, Tensor } from "../../tensor";
import { Frame } from "../frame";
import { covarianceOf, mergeMoments, momentsOf, type Moments } from "./moments";
import type { DeviceFor, Points } from "../points";
import { axesOf, turnSigns, type Axes, type Kept } from "./principal";

/** Columns up to which products are taken chunk by chunk, and rows from which. */
const [FEW, LEAST_ROWS] = [64, 1024];
/** Rows of which the mean is the origin that products are taken about first. */
const FIRST = 64;
/** Between these, sums of squares keep their digits in float32. */
const [LEAST, MOST] = [1e-30, 1e30];
/** Standard deviations that a mean may be away from 0: float32 holds a mean by so much of a deviation. */
const NEAR = 64;

/** What `axesOfFew` finds: axes, and the means of the columns. */
export interface FewAxes extends Axes {
  readonly n: number;
  readonly mean: Float64Array;
  /** The one that changes nothing. */
  readonly frame: Frame;
}

/** Whether points [n, d] are for `axesOfFew`. */
const areFew = (n: number, d: number): boolean => d <= FEW && n >= Math.max(LEAST_ROWS, 4 * d);

/**
 * Axes of ordinary float32 points [n, d] of few columns by their covariance; undefined of others: numbers far from 0 for how little they vary, squares that
 * leave float32, NaN and infinity, of which the way of all points says where they are.
 * @param between is awaited once the moments are known
 */
export async function axesOfFew(
  x: Points,
  deviceFor: DeviceFor,
  op: string,
  kept: (n: number, d: number) => Kept | undefined,
  between: () => Promise<void>,
): Promise<FewAxes | undefined> {
  const host = x instanceof Tensor ? undefined : await runCooperatively(contiguous(x, op, "x", true));
  if (host && !(host.data instanceof Float32Array)) return undefined;
  const [n = 0, d = 0] = x instanceof Tensor ? (x.rank === 2 && x.dtype === "f32" ? x.shape : []) : host!.shape;
  const keep = areFew(n, d) ? kept(n, d) : undefined;
  if (!keep) return undefined;
  const device = await deviceFor(x);
  await device.prepare([chunkMoments]);
  const points = x instanceof Tensor ? x : await takeTensor(device, host!.data as Float32Array, [n, d]);
  let moments: Moments;
  try {
    const first = host
      ? (host.data as Float32Array)
      : new Float32Array(await device.read(points.buffer, 0, 4 * FIRST * d));
    const origin = meanOfFirst(first, d);
    if (!origin.every(Number.isFinite)) return undefined;
    moments = mergeMoments(await momentsOf(points, { n, d, rowStride: d, columnStride: 1 }, origin));
  } finally {
    if (points !== x) points.dispose();
  }
  const covariance = moments.n === n ? covarianceOf(moments) : undefined;
  const isOrdinary = covariance && moments.mean.every((mean, c) => {
    const variance = covariance[c * d + c]!;
    return variance > LEAST && variance * n < MOST && mean * mean < NEAR * NEAR * variance;
  }); // prettier-ignore
  if (!isOrdinary) return undefined;
  await between();
  const axes = await axesOf(covariance, d, keep);
  await turnSigns(axes.components, d);
  return { ...axes, n, mean: moments.mean, frame: new Frame(undefined, 1) };
}

function meanOfFirst(data: Float32Array, d: number): Float32Array {
  const sums = new Float64Array(d);
  for (let i = 0; i < FIRST * d; i++) sums[i % d]! += data[i]! / FIRST;
  return Float32Array.from(sums);
}
