import type { Device } from "../../device";
import type { Kernel } from "../../kernel";
import { umapEpoch, umapEpochWide } from "../../kernels/manifold";
import type { SparseMatrix } from "../../sparse";
import { empty, indices, run, tensor, untidied } from "../../tensor";
import type { Tensor } from "../../tensor";
import { yieldWhenDue } from "../../event-loop";

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
  /** Epochs that the places have gone through already. Default 0. */
  readonly from?: number;
  /** Every ten epochs and after the last: how many are done, and the places then. */
  readonly onEpochs?: (done: number, places: Float32Array<ArrayBuffer>) => Promise<void>;
  readonly signal?: AbortSignal | undefined;
}

/** Epochs between two looks at the places. */
const CHECK = 10;
/**
 * Parts of an epoch, each of which finds the places that the one before it left. The sequential form moves one edge at a time; where all meet the places of the
 * epoch before, points that pull each other swing, and clusters stay wide. In up to four dimensions, which are looked at, a part moves one of eight points, and
 * neighbours stay neighbours as in the sequential form: trustworthiness with five neighbours of 10,000 digits in the plane, eight seeds, 0.9645, where parts
 * of edges have 0.9560. In more, where clusters are sought, a part is a quarter of the edges and moves both their ends: they stay denser (N2D of those digits:
 * ACC 0.947, by parts of points 0.803).
 */
const [PARTS, WIDE_PARTS] = [8, 4];
/** Dimensions up to which a kernel keeps a point in registers. */
const NARROW = 4;

/** The kernel of epochs in so many dimensions. */
export const layoutKernel = (dim: number): Kernel => (dim > NARROW ? umapEpochWide : umapEpoch);

/** Rows of so many values filled up with zeros to `width`. */
function filled(rows: Float32Array, dim: number, width: number): Float32Array {
  if (dim === width) return rows;
  const wide = new Float32Array((rows.length / dim) * width);
  for (let i = 0; i * dim < rows.length; i++) wide.set(rows.subarray(i * dim, (i + 1) * dim), i * width);
  return wide;
}

/** The way back. */
function narrowed(rows: Float32Array<ArrayBuffer>, dim: number, width: number): Float32Array<ArrayBuffer> {
  if (dim === width) return rows;
  const out = new Float32Array((rows.length / width) * dim);
  for (let i = 0, at = 0; at < rows.length; i += dim, at += width)
    for (let c = 0; c < dim; c++) out[i + c] = rows[at + c]!;
  return out;
}

/** Places y [n, dim] moved along the edges of a graph [n, m] and apart, epoch by epoch on a device. */
export async function layOut(
  device: Device,
  y: Float32Array<ArrayBuffer>,
  dim: number,
  graph: SparseMatrix,
  periods: Float32Array,
  options: LayoutOptions,
): Promise<Float32Array<ArrayBuffer>> {
  const [n, m] = graph.shape;
  const { epochs, a, b, learningRate, repulsionStrength, negativeSampleRate, seed, fixed, onEpochs, signal } = options;
  const { from = 0 } = options;
  const wide = dim > NARROW;
  const parts = fixed ? 1 : wide ? WIDE_PARTS : PARTS; // what stays is found where it is
  const width = wide ? 4 * Math.ceil(dim / 4) : dim;
  await device.prepare([layoutKernel(dim)]);
  const padded = <T extends Float32Array | Uint32Array>(list: T, none: T): T => (list.length > 0 ? list : none);
  const made = untidied((): Record<"now" | "next" | "starts" | "columns" | "periods", Tensor> => ({
    now: tensor(device, filled(y, dim, width), [n, width]),
    next: tensor(device, filled(y, dim, width), [n, width]),
    starts: indices(device, graph.indptr),
    columns: indices(device, padded(graph.indices, new Uint32Array(1))),
    periods: tensor(device, padded(periods, new Float32Array(1))),
  }));
  const others = fixed && untidied(() => tensor(device, filled(fixed, dim, width), [m, width]));
  const work = wide ? untidied(() => empty(device, [n, 2 * width], "f32", "UMAP")) : undefined;
  const { starts, columns } = made;
  let { now, next } = made;
  let places = y;
  try {
    for (let epoch = from; epoch < epochs; epoch++) {
      signal?.throwIfAborted();
      for (let part = 0; part < parts; part++) {
        const given = {
          ...{ y: now, others: others ?? now, starts, columns, periods: made.periods, moved: next },
          ...{ n, m, epoch, part, parts, negative: negativeSampleRate, seed, a, b },
          ...{ alpha: learningRate * (1 - epoch / epochs), gamma: repulsionStrength },
        };
        if (work) run(umapEpochWide, { ...given, work, quads: width / 4, both: fixed ? 0 : 1 });
        else run(umapEpoch, { ...given, dim });
        [now, next] = [next, now];
      }
      if (epoch % CHECK !== CHECK - 1 && epoch < epochs - 1) continue;
      places = narrowed((await now.data()) as Float32Array<ArrayBuffer>, dim, width);
      await onEpochs?.(epoch + 1, places);
      await yieldWhenDue();
    }
    return places;
  } finally {
    for (const tensor of Object.values(made)) tensor.dispose();
    others?.dispose();
    work?.dispose();
  }
}
