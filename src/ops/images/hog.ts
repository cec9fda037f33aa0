// Histograms of oriented gradients. Dalal & Triggs, CVPR 2005, with the conventions of scikit-image.
import { codes } from "../../../kernels/images/hog_blocks.wgsl";
import { checkChoice, checkInteger } from "../../checks";
import * as kernels from "../../kernels/images";
import { empty, format, run, tensor } from "../../tensor";
import type { Tensor } from "../../tensor";

/** Options of `hog`. */
export interface HogOptions {
  /** Bins of the unsigned direction; default 9, at most 64. */
  readonly orientations?: number;
  /** Side of a cell in pixels; default 8. What is left at the bottom and right is dropped. */
  readonly pixelsPerCell?: number;
  /** Side of a block in cells; default 3. Blocks overlap: the next begins one cell further. */
  readonly cellsPerBlock?: number;
  /** How a block is normalised (`L2-Hys`: L2, clipped at 0.2, L2 again; the default), or `none`, which leaves the cells as they are. */
  readonly blockNorm?: "L1" | "L2" | "L2-Hys" | "none";
}

const NORMS = { L1: codes.L1, L2: codes.L2, "L2-Hys": codes.L2_HYS } as const;

/** cos and sin of the bounds between bins, of which one bin has none that is asked for; 0 where they are, so that a gradient on a bound has its side. */
const bounds = (bins: number): number[] =>
  Array.from({ length: Math.max(1, bins - 1) }, (_, i) => {
    const angle = (Math.PI * (i + 1)) / bins;
    const cos = Math.cos(angle);
    return [Math.abs(cos) < 1e-15 ? 0 : cos, Math.sin(angle)];
  }).flat();

/**
 * Histograms of oriented gradients of images [n, c, h, w]: differences x[+1] − x[−1] (0 on the border; of several channels the longest), hard
 * bins of the unsigned direction, lengths averaged over each cell, blocks of cells normalised.
 * @returns [n, by, bx, b, b, orientations], one block after the other; for `blockNorm: "none"` the cells [n, rows, columns, orientations]. No
 * gradient passes. @throws when shapes or options do not fit
 */
export function hog(x: Tensor, options: HogOptions = {}): Tensor {
  const { orientations = 9, pixelsPerCell = 8, cellsPerBlock = 3, blockNorm = "L2-Hys" } = options;
  checkInteger("hog", { orientations }, 1, 64);
  checkInteger("hog", { pixelsPerCell, cellsPerBlock }, 1);
  checkChoice("hog", { blockNorm }, [...Object.keys(NORMS), "none"]);
  const [n, channels, h, w] = x.shape as [number, number, number, number];
  if (x.rank !== 4 || x.size === 0) throw new Error(`hog: x must be [n, c, h, w], got ${format(x)}`);
  const [rows, columns] = [Math.floor(h / pixelsPerCell), Math.floor(w / pixelsPerCell)];
  const side = blockNorm === "none" ? 1 : cellsPerBlock;
  if (rows < side || columns < side)
    throw new Error(
      `hog: an image must hold a block of ${side} x ${side} cells of ${pixelsPerCell} pixels, got ${format(x)}`,
    );
  const directions = tensor(x.device, bounds(orientations));
  const cells = empty(x.device, [n, rows, columns, orientations], "f32", "hog");
  run(kernels.hogCells, {
    ...{ x, directions, y: cells, n, channels, h, w, rows, columns },
    bins: orientations,
    cell: pixelsPerCell,
  });
  directions.dispose();
  if (blockNorm === "none") return cells;
  const y = empty(x.device, [n, rows - side + 1, columns - side + 1, side, side, orientations], "f32", "hog");
  run(kernels.hogBlocks, { x: cells, y, n, rows, columns, bins: orientations, side, norm: NORMS[blockNorm] });
  cells.dispose();
  return y;
}
