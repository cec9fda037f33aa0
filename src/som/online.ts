import * as kernels from "../kernels/som";
import type { Device } from "../device";
import { empty, indices, run, tensor, untidied } from "../tensor";
import type { Tensor } from "../tensor";
import type { Grid } from "./grid";
import type { Neighbourhood } from "./neighbourhood";
import { generate } from "../typed-arrays";

/** Steps that are enqueued in one go. */
const STEPS = 1024;
/** Wider than any grid. */
const UNLIMITED = 1e15;

/** Kohonen's steps: what each pulls, how far and how strongly. */
export interface OnlineSteps {
  /** Rows of x in the order of the steps. */
  readonly order: Uint32Array;
  /** Of the step t, as the others: width of the neighbourhood. */
  readonly sigma: (t: number) => number;
  readonly learningRate: (t: number) => number;
  /** Distance on the grid beyond which nothing moves. */
  readonly cutoff?: ((t: number) => number) | undefined;
  readonly neighbourhood?: Neighbourhood | undefined;
}

/**
 * Kohonen's algorithm, one row after the other: the unit nearest to x is sought in the code book as it is, then w_j += η_t h(d(b, j)) (x − w_j) for all
 * units (Kohonen, "Self-organized formation of topologically correct feature maps", 1982). x [n, d] on a device; returns the code book [units, d] and the
 * nearest unit of each step.
 */
export async function onlineSteps(
  x: Tensor,
  codebook: ArrayLike<number>,
  grid: Grid,
  { order, sigma, learningRate, cutoff, neighbourhood = "gaussian" }: OnlineSteps,
  signal?: AbortSignal,
): Promise<{ codebook: Float32Array; winners: Uint32Array }> {
  const { device } = x;
  const d = x.shape[1]!;
  const { units: k } = grid;
  const positions = untidied(() => tensor(device, grid.positions));
  let current = untidied(() => tensor(device, Float32Array.from(codebook)));
  let spare = untidied(() => empty(device, [k * d], "f32", "somOnline"));
  const winners = new Uint32Array(order.length);
  try {
    for (let begin = 0; begin < order.length; begin += STEPS) {
      signal?.throwIfAborted();
      const steps = Math.min(STEPS, order.length - begin);
      const schedule = generate(Float32Array, 3 * steps, (i) => {
        const t = begin + Math.floor(i / 3);
        return [sigma, learningRate, cutoff ?? (() => UNLIMITED)][i % 3]!(t);
      });
      const found = await step(device, schedule, order.subarray(begin, begin + steps));
      winners.set(found, begin);
      [current, spare] = [spare, current];
    }
    return { codebook: (await current.data()) as Float32Array, winners };
  } finally {
    for (const used of [positions, current, spare]) used.dispose();
  }

  async function step(on: Device, schedule: Float32Array, rows: Uint32Array): Promise<Uint32Array> {
    const steps = rows.length;
    const [ordered, times, found] = untidied(() => [
      indices(on, rows),
      tensor(on, schedule),
      empty(on, [steps], "u32", "somOnline"),
    ]) as [Tensor, Tensor, Tensor];
    const [period_x, period_y] = grid.period;
    const bubble = Number(neighbourhood === "bubble");
    run(kernels.somOnline, {
      ...{ x, initial: current, positions, order: ordered, schedule: times, codebook: spare, winners: found },
      ...{ d, k, steps, bubble, period_x, period_y },
    });
    try {
      return (await found.data()) as Uint32Array;
    } finally {
      for (const used of [ordered, times, found]) used.dispose();
    }
  }
}
