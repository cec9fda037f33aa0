// What is known of the objects in masks: area, centroid and flux per band.
import type { Device } from "../../device";
import { NdArray } from "../../ndarray";
import { componentStatistics, componentSums, connectedComponents, selectObject } from "../../ops/masks/components";
import { tensor, tidy } from "../../tensor";
import type { Tensor } from "../../tensor";

/** An object of a mask. */
export interface SegmentedObject {
  /** The image that it is in. */
  readonly image: number;
  /** Pixels. */
  readonly area: number;
  /** Of the centroid. */
  readonly row: number;
  readonly column: number;
  /** The sum of each band over its pixels, in the units of the image. */
  readonly flux: readonly number[];
}

/** Objects of an image at most. */
const SLOTS = 1024;

/**
 * The objects, connected pixels, of masks [n, h, w] in images [n, bands, h, w] of at least `minimum` pixels, image by image in the order of their first
 * pixels; of the first 1,024 of an image. @throws when masks and images are not of one size
 */
export async function objectCatalogue(
  device: Device,
  masks: NdArray<Uint8Array>,
  images: NdArray<Float32Array>,
  minimum: number,
): Promise<SegmentedObject[]> {
  const [n, bands, h, w] = images.shape as [number, number, number, number];
  if (images.shape.length !== 4 || masks.shape.join() !== [n, h, w].join())
    throw new Error(`objectCatalogue: masks must be [n, h, w] of images [n, bands, h, w], got [${masks.shape.join(", ")}] and [${images.shape.join(", ")}]`); // prettier-ignore
  const slots = Math.min(SLOTS, Math.ceil((h * w) / 2));
  const objects: SegmentedObject[] = [];
  for (let image = 0; image < n; image++) {
    const size = h * w;
    const [statistics, sums] = tidy(() => {
      const mask = tensor(device, Float32Array.from(masks.data.subarray(image * size, (image + 1) * size)), [1, h, w]);
      const values = images.data.subarray(image * bands * size, (image + 1) * bands * size);
      const pixels = tensor(device, values, [1, bands, h, w]);
      const { labels } = connectedComponents(mask);
      return [componentStatistics(labels, slots), componentSums(pixels, labels, slots)];
    }) as [Tensor, Tensor];
    const [known, flux] = (await Promise.all([statistics.data(), sums.data()])) as [Float32Array, Float32Array];
    statistics.dispose();
    sums.dispose();
    const width = known.length / slots;
    for (let slot = 0; slot < slots; slot++) {
      const [area, row, column] = known.subarray(slot * width, slot * width + 3) as unknown as [number, number, number];
      if (area < Math.max(1, minimum)) continue;
      objects.push({ image, area, row, column, flux: [...flux.subarray(slot * bands, (slot + 1) * bands)] });
    }
  }
  return objects;
}

/** Of masks [n, h, w] those of the object in the middle, or with the pixel nearest to it; an empty mask stays so. */
export async function middleObjects(device: Device, masks: NdArray<Uint8Array>): Promise<NdArray<Uint8Array>> {
  const mask = tensor(device, Float32Array.from(masks.data), masks.shape);
  const { mask: chosen, statistics } = selectObject(mask);
  const data = await chosen.data();
  for (const made of [mask, chosen, statistics]) made.dispose();
  return new NdArray(Uint8Array.from(data as Uint32Array), masks.shape);
}
