import type { Device } from "../../device";
import { umapEpoch } from "../../kernels/manifold";
import type { SparseMatrix } from "../../sparse";
import { empty, indices, run, tensor, untidied } from "../../tensor";
import type { Tensor } from "../../tensor";
import { pause } from "../../turn";

/** Options of a layout. */
export interface LayoutOptions {
  readonly epochs: number;
  readonly a: number;
  readonly b: number;
  /** Step of the first epoch; it falls to 0. */
  readonly learningRate: number;
  /** Points drawn for each sample of an edge. */
  readonly negativeSampleRate: number;
  readonly repulsionStrength: number;
  readonly seed: number;
  /** Places of points that stay [m, dim], which the graph's columns number; default: the points themselves. */
  readonly fixed?: Float32Array;
  readonly onEpoch?: ((progress: { readonly epoch: number; readonly epochs: number }) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Epochs between two looks at the signal. */
const CHECK = 10;

/** Places y [n, dim] moved along the edges of a graph [n, m] and apart, epoch by epoch on a device. */
export async function layOut(
  device: Device,
  y: Float32Array,
  dim: number,
  graph: SparseMatrix,
  periods: Float32Array,
  options: LayoutOptions,
): Promise<Float32Array<ArrayBuffer>> {
  const [n, m] = graph.shape;
  const { epochs, a, b, learningRate, repulsionStrength, negativeSampleRate, seed, fixed, onEpoch, signal } = options;
  const padded = <T extends Float32Array | Uint32Array>(list: T, none: T): T => (list.length > 0 ? list : none);
  const made = untidied((): Record<"now" | "next" | "starts" | "columns" | "periods", Tensor> => ({
    now: tensor(device, y, [n, dim]),
    next: empty(device, [n, dim], "f32", "UMAP"),
    starts: indices(device, graph.indptr),
    columns: indices(device, padded(graph.indices, new Uint32Array(1))),
    periods: tensor(device, padded(periods, new Float32Array(1))),
  }));
  const others = fixed && untidied(() => tensor(device, fixed, [m, dim]));
  const { starts, columns } = made;
  let { now, next } = made;
  try {
    for (let epoch = 0; epoch < epochs; epoch++) {
      signal?.throwIfAborted();
      run(umapEpoch, {
        ...{ y: now, others: others ?? now, starts, columns, periods: made.periods, moved: next },
        ...{ n, m, dim, epoch, negative: negativeSampleRate, seed, a, b },
        ...{ alpha: learningRate * (1 - epoch / epochs), gamma: repulsionStrength },
      });
      [now, next] = [next, now];
      if (epoch % CHECK !== CHECK - 1 && epoch < epochs - 1) continue;
      await device.synchronize();
      onEpoch?.({ epoch: epoch + 1, epochs });
      await pause();
    }
    return (await now.data()) as Float32Array<ArrayBuffer>;
  } finally {
    for (const tensor of Object.values(made)) tensor.dispose();
    others?.dispose();
  }
}
