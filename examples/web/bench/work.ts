// What a launch amounts to: arithmetic from its params, traffic from its buffers.
import type { DeviceBuffer } from "constella";
import type { Launch, Recorder } from "./recorder";

type Params = Readonly<Record<string, number>>;

/** Floating-point operations of the kernels that are mostly arithmetic; a multiply-add is two. */
const FLOPS: Readonly<Record<string, (p: Params) => number>> = {
  matmul: ({ m, n, k, batch }) => 2 * m! * n! * k! * batch!,
  conv2d: ({ n, c, m, rows, columns, taps_y, taps_x }) => 2 * n! * c! * m! * rows! * columns! * taps_y! * taps_x!,
  conv2d_backward_weight: ({ n, c, o, oh, ow, kh, kw }) => 2 * n! * c! * o! * oh! * ow! * kh! * kw!,
  lstm: ({ n, t, h, directions }) => 2 * directions! * n! * t! * h! * 4 * h!,
  lstm_backward: ({ n, t, h, directions }) => 2 * directions! * n! * t! * h! * 4 * h!,
  squared_distance: ({ n, m, d }) => 3 * n! * m! * d!,
  kmeans_assign: ({ n, d, k }) => 2 * n! * d! * k!,
  kmeans_bounded: ({ n, d, k }) => 2 * n! * d! * k!, // where no bounds are known yet
  large_assign: ({ n, d, k }) => 2 * n! * d! * k!,
  kmeans_distances: ({ n, d, m }) => 3 * n! * d! * m!,
  student_t: ({ n, k, d }) => 3 * n! * k! * d!,
  student_t_backward: ({ n, k, d }) => 3 * n! * k! * d!,
  weighted_difference: ({ n, m, d }) => 3 * n! * m! * d!,
  pairwise_loss: ({ n, d, batch }) => 2 * batch! * n! * n! * d!,
  pairwise_loss_backward: ({ n, d, batch }) => 4 * batch! * n! * n! * d!,
  principal_axes: ({ sets, n, d, count, rounds }) => 4 * sets! * n! * d! * count! * rounds!,
  power_spectrum: ({ batch, frames, fft }) => 2.5 * batch! * frames! * fft! * Math.log2(fft!),
};

/** Kernels that change a buffer in place: it is read and written. */
const IN_PLACE = /^(adadelta|adam|rmsprop|sgd|sgd_momentum|scatter_add_rows|lstm|leaf_neighbours|nn_descent)$/;

/** GFLOP, where the kernel is mostly arithmetic, and GB of a launch: each buffer moved once, however often the kernel reads it. */
export function workOf({ kernel, args }: Launch, recorder: Recorder): { gflop?: number; gbyte: number } {
  const flops = FLOPS[kernel.name]?.(args as Params);
  if (kernel.name === "gather_rows") {
    const { m, width } = args as Params; // of the table only the rows that are asked for
    return { gbyte: (m! * (8 * width! + 4)) / 1e9 };
  }
  let bytes = 0;
  for (const { name, access } of kernel.bindings) {
    const times = access === "read_write" && IN_PLACE.test(kernel.name) ? 2 : 1;
    bytes += times * recorder.bytesOf(args[name] as DeviceBuffer);
  }
  return { ...(flops !== undefined && { gflop: flops / 1e9 }), gbyte: bytes / 1e9 };
}
