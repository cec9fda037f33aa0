import { backgroundMesh, filtered } from "../bands/background";
import { NdArray } from "../../ndarray";
import { checkRows, type BandSource } from "../bands/source";

/** A mesh at a pixel, linear between the middles of its boxes and level beyond the outer ones. */
function bilinear(mesh: Float64Array, columns: number, rows: number, y: number, x: number): number {
  const [v, u] = [Math.max(0, Math.min(rows - 1, y)), Math.max(0, Math.min(columns - 1, x))];
  const [r, c] = [Math.floor(v), Math.floor(u)];
  const [next, right] = [Math.min(r + 1, rows - 1), Math.min(c + 1, columns - 1)];
  const top = mesh[r * columns + c]! * (1 - (u - c)) + mesh[r * columns + right]! * (u - c);
  const bottom = mesh[next * columns + c]! * (1 - (u - c)) + mesh[next * columns + right]! * (u - c);
  return top * (1 - (v - r)) + bottom * (v - r);
}

/**
 * Bands without their background: each less its `backgroundMesh` in boxes of that height and width, linear between the boxes' middles. The mesh is computed
 * strip by strip. Boxes without data take the median of the mesh.
 */
export async function withoutBackground(
  source: BandSource,
  box: readonly [height: number, width: number],
  filter = 3,
): Promise<BandSource> {
  const { bands, height, width } = source;
  const [h, w] = box;
  const [rows, columns] = [Math.ceil(height / h), Math.ceil(width / w)];
  const meshes = Array.from({ length: bands }, () => new Float64Array(rows * columns));
  for (let row = 0; row < rows; row++) {
    const strip = await source.rows(row * h, Math.min(height, (row + 1) * h));
    const size = strip.length / bands;
    for (const [band, mesh] of meshes.entries()) {
      const image = new NdArray(strip.subarray(band * size, (band + 1) * size), [size / width, width]);
      mesh.set(backgroundMesh(image, { box, filter: 1 }).median.data, row * columns);
    }
  }
  const smooth = meshes.map((mesh, band) => {
    const known = mesh.filter((value) => !Number.isNaN(value)).sort();
    if (known.length === 0) throw new Error(`withoutBackground: band ${band} must have numbers, all of it is NaN`);
    const middle = known[known.length >> 1]!;
    return filtered(mesh, rows, columns, filter).map((value) => (Number.isNaN(value) ? middle : value));
  });
  return {
    ...{ bands, height, width },
    rows: async (begin, end) => {
      checkRows(begin, end, height);
      const values = await source.rows(begin, end);
      for (let at = 0, band = 0; band < bands; band++)
        for (let y = begin; y < end; y++)
          for (let x = 0; x < width; x++, at++)
            values[at] = values[at]! - bilinear(smooth[band]!, columns, rows, (y + 0.5) / h - 0.5, (x + 0.5) / w - 0.5);
      return values;
    },
  };
}
