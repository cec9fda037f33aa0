// Objects in masks: connected components, what is known of them, and one of them picked.
import { checkChoice, checkInteger, isWhole } from "../../checks";
import * as kernels from "../../kernels/masks";
import { empty, format, run, sameShape, view } from "../../tensor";
import type { Tensor } from "../../tensor";

/** Pixels of an image: places are found in 32-bit whole numbers. */
const LARGEST = 2 ** 30;

/** Which pixels touch: those that share a side (4), or a corner too (8). */
export type Connectivity = 4 | 8;

/** Components of masks [n, h, w] and how many there are. */
export interface Components {
  /** u32 [n, h, w]: 0 outside, else the number of the component from 1 in the order of their first pixels, row by row. */
  readonly labels: Tensor;
  /** u32 [n] */
  readonly count: Tensor;
}

function imagesOf(op: string, x: Tensor): [n: number, h: number, w: number] {
  const [n, h, w] = x.shape as [number, number, number];
  if (x.rank !== 3 || x.size === 0 || h * w > LARGEST)
    throw new Error(`${op}: masks must be [n, h, w] of at most ${LARGEST} pixels an image, got ${format(x)}`);
  return [n, h, w];
}

/**
 * Connected components of the pixels of masks [n, h, w] that are not 0 (f32 or u32), one image a workgroup or thread.
 * @throws when the mask is no batch of images
 */
export function connectedComponents(
  mask: Tensor,
  { connectivity = 8 }: { readonly connectivity?: Connectivity } = {},
): Components {
  const [n, h, w] = imagesOf("connectedComponents", mask);
  if (connectivity !== 4 && connectivity !== 8)
    throw new Error(`connectedComponents: connectivity must be 4 or 8, got ${String(connectivity)}`);
  const labels = empty(mask.device, [n, h, w], "u32", "connectedComponents");
  const work = empty(mask.device, [n, h, w], "u32", "connectedComponents");
  const count = empty(mask.device, [n], "u32", "connectedComponents");
  run(kernels.connectedComponents, { mask, labels, work, count, n, h, w, neighbours: connectivity });
  work.dispose();
  return { labels, count };
}

/** Columns of what `componentStatistics` returns. */
export const COMPONENT_STATISTICS = [
  ...(["area", "row", "column", "top", "left", "bottom", "right"] as const),
  ...(["rowVariance", "covariance", "columnVariance"] as const),
] as const;

/**
 * Area, centroid (mean row and column), half-open bounding box and second central moments of the first `slots` components of each image; labels
 * [n, h, w] of `connectedComponents` → [n, slots, 10], columns as in `COMPONENT_STATISTICS`. Without pixels: 0, centroid and moments NaN.
 * @throws when shapes do not fit
 */
export function componentStatistics(labels: Tensor, slots: number): Tensor {
  const [n, h, w] = imagesOf("componentStatistics", labels);
  checkLabels("componentStatistics", labels);
  checkInteger("componentStatistics", { slots }, 1);
  const statistics = empty(labels.device, [n, slots, COMPONENT_STATISTICS.length], "f32", "componentStatistics");
  run(kernels.componentStatistics, { labels, statistics, n, h, w, slots, nothing: 0x7fc00000 });
  return statistics;
}

/** Sums of each band of images [n, bands, h, w] over the first `slots` components, [n, slots, bands]: their fluxes. @throws when shapes do not fit */
export function componentSums(image: Tensor, labels: Tensor, slots: number): Tensor {
  const [n, h, w] = imagesOf("componentSums", labels);
  checkLabels("componentSums", labels);
  checkInteger("componentSums", { slots }, 1);
  const bands = image.shape[1] ?? 0;
  if (image.rank !== 4 || bands === 0 || !sameShape(image.shape, [n, bands, h, w]))
    throw new Error(
      `componentSums: images must be [n, bands, h, w] for labels ${format(labels)}, got ${format(image)}`,
    );
  const y = empty(image.device, [n, slots, bands], "f32", "componentSums");
  run(kernels.componentSums, { image, labels, y, n, bands, h, w, slots });
  return y;
}

function checkLabels(op: string, labels: Tensor): void {
  if (labels.dtype !== "u32")
    throw new Error(`${op}: labels must be u32, got ${labels.dtype}; connectedComponents makes them`);
}

/** Options of `selectObject`. */
export interface SelectObjectOptions {
  readonly connectivity?: Connectivity;
  /** `centre` (the default): the component of the centre pixel, else the one with the pixel nearest to it; or the `largest`. Ties: the lowest number. */
  readonly by?: "centre" | "largest";
  /** [row, column]; default [⌊h/2⌋, ⌊w/2⌋]. */
  readonly centre?: readonly [number, number];
}

/** One object an image: its mask (u32 [n, h, w], 0 and 1) and its row of `COMPONENT_STATISTICS`, [n, 10]. */
export interface SelectedObject {
  readonly mask: Tensor;
  readonly statistics: Tensor;
}

/** Picks one component of each mask [n, h, w]; an empty mask stays empty. @throws when shapes or options do not fit */
export function selectObject(mask: Tensor, options: SelectObjectOptions = {}): SelectedObject {
  const [n, h, w] = imagesOf("selectObject", mask);
  const { connectivity = 8, by = "centre", centre = [Math.floor(h / 2), Math.floor(w / 2)] } = options;
  checkChoice("selectObject", { by }, ["centre", "largest"]);
  const [row, column] = centre;
  if (!isWhole(row, 0, h - 1) || !isWhole(column, 0, w - 1))
    throw new Error(`selectObject: the centre must be a pixel of ${format([h, w])}, got ${format(centre)}`);
  const { labels, count } = connectedComponents(mask, { connectivity });
  const chosen = empty(mask.device, [n, h, w], "u32", "selectObject");
  run(kernels.selectComponent, { labels, count, chosen, n, h, w, by: Number(by === "largest"), row, column });
  labels.dispose();
  count.dispose();
  const all = componentStatistics(chosen, 1);
  const shaped = { mask: chosen, statistics: view(all, [n, COMPONENT_STATISTICS.length]) };
  all.dispose();
  return shaped;
}
