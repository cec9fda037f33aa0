import { NdArray, type TypedArray } from "../../ndarray";
import { sigmaClip, sortedMedian, type SigmaClipOptions } from "./statistics";

/** Options of `backgroundMesh`. */
export interface BackgroundOptions extends Pick<SigmaClipOptions, "sigma"> {
  /** Height and width of a box in pixels. */
  readonly box: readonly [height: number, width: number];
  /** Boxes on a side of the median filter over the mesh, odd; 1 for none. Default: 3. */
  readonly filter?: number;
  /** Rounds of clipping at most. Default: 10. */
  readonly maxIters?: number | null;
}

/** A mesh of the background: a value for each box. */
export interface BackgroundMesh {
  readonly median: NdArray<Float64Array>;
  /** Standard deviation of what clipping leaves. */
  readonly rms: NdArray<Float64Array>;
  /** Pixels that clipping leaves, before the filter. */
  readonly count: NdArray<Int32Array>;
}

/** Medians over windows that are cut at the mesh's edge; values that are none are left out. */
export function filtered(mesh: Float64Array, rows: number, columns: number, size: number): Float64Array {
  if (size === 1) return mesh;
  const radius = (size - 1) / 2;
  return mesh.map((_, at) => {
    const [row, column] = [Math.floor(at / columns), at % columns];
    const near: number[] = [];
    for (let i = Math.max(0, row - radius); i <= Math.min(rows - 1, row + radius); i++)
      for (let j = Math.max(0, column - radius); j <= Math.min(columns - 1, column + radius); j++) {
        const value = mesh[i * columns + j]!;
        if (!Number.isNaN(value)) near.push(value);
      }
    return sortedMedian(Float64Array.from(near).sort());
  });
}

/**
 * The background of an image [height, width] in boxes from its first pixel on: clipped medians and standard deviations, each through a median filter over the
 * mesh. The last boxes may be cut by the image's edge.
 * Source: photutils' Background2D, after SExtractor (Bertin & Arnouts 1996).
 * @throws `backgroundMesh: …` for sizes that cannot be
 */
export function backgroundMesh(
  image: { readonly data: TypedArray; readonly shape: readonly number[] },
  { box, filter = 3, sigma = 3, maxIters = 10 }: BackgroundOptions,
): BackgroundMesh {
  const [height = 0, width = 0] = image.shape;
  if (image.shape.length !== 2)
    throw new Error(`backgroundMesh: an image has two axes, got [${image.shape.join(", ")}]`);
  const [h, w] = box;
  if (![h, w, filter].every((size) => Number.isInteger(size) && size > 0) || filter % 2 === 0)
    throw new Error(
      `backgroundMesh: boxes must have whole sizes and the filter an odd one, got [${h}, ${w}] and ${filter}`,
    );
  const [rows, columns] = [Math.ceil(height / h), Math.ceil(width / w)];
  const median = new Float64Array(rows * columns);
  const rms = new Float64Array(rows * columns);
  const count = new Int32Array(rows * columns);
  const values = image.data as ArrayLike<number>;
  for (let row = 0; row < rows; row++)
    for (let column = 0; column < columns; column++) {
      const inside: number[] = [];
      for (let y = row * h; y < Math.min(height, (row + 1) * h); y++)
        for (let x = column * w; x < Math.min(width, (column + 1) * w); x++) inside.push(values[y * width + x]!);
      const at = row * columns + column;
      const left = sigmaClip(inside, { sigma, maxIters });
      [median[at], rms[at], count[at]] = [left.median, left.std, left.n];
    }
  const shape = [rows, columns];
  return {
    median: new NdArray(filtered(median, rows, columns, filter), shape),
    rms: new NdArray(filtered(rms, rows, columns, filter), shape),
    count: new NdArray(count, shape),
  };
}
