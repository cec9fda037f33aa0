import type { Device } from "../../device";
import type { NdArrayLike } from "../../matrix";
import type { NdArray } from "../../ndarray";
import { pixelItems, superpixelItems, type CubeItems } from "./items";
import { slic } from "./slic";

/** Options of `cubeItems`. */
export interface CubeItemsOptions {
  /** What stands for the pixels: each for itself, or superpixels by their means. Default: pixels. */
  readonly as?: "pixels" | "superpixels";
  /** Superpixels that are aimed at. Default: 1000. */
  readonly superpixels?: number | undefined;
  /** Weight of the place against the colour in superpixels. Default: 0.1. */
  readonly superpixelCompactness?: number | undefined;
  /** Where superpixels are found. */
  readonly device?: Device;
}

/**
 * The rows that are clustered in place of the pixels of a cube [bands, height, width], and the superpixels [height, width] where these stand for them.
 * @throws where no pixel has data in every band
 */
export async function cubeItems(
  cube: NdArrayLike,
  { as = "pixels", superpixels = 1000, superpixelCompactness = 0.1, device }: CubeItemsOptions = {},
): Promise<CubeItems & { readonly superpixels?: NdArray<Int32Array<ArrayBuffer>> }> {
  if (as === "pixels") return pixelItems(cube);
  const options = { nSegments: superpixels, compactness: superpixelCompactness };
  const { labels } = await slic(cube, { ...options, ...(device && { device }) });
  return { ...superpixelItems(cube, labels), superpixels: labels };
}
