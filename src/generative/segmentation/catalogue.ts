// What is known of the objects in masks: area, centroid and flux per band.
import type { Device } from "../../device";
import { NdArray } from "../../ndarray";
import { connectedComponents, selectObject } from "../../ops/masks/components";
import { tensor, tidy } from "../../tensor";

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

/** What was found of a whole image. */
export interface SegmentedImage {
  /** Cluster of each pixel, [H, W]; −1 where a channel has no number. */
  readonly labels: NdArray<Int32Array>;
  /** Where objects are, [H, W], 0 and 1. */
  readonly mask: NdArray<Uint8Array>;
  /** The number of the object of each pixel, [H, W], from 1 in the order of `objects`; 0 none. */
  readonly segments: NdArray<Int32Array>;
  readonly objects: readonly SegmentedObject[];
}

/** Pixels whose components are found at a time. */
const PIXELS = 2 ** 22;

/** The objects of one image: labels [h, w] from 1, 0 outside, and its bands [bands, h, w]; sums in float64. */
function objectsOf(image: number, labels: Uint32Array, bands: Float32Array, width: number): SegmentedObject[] {
  const count = labels.reduce((most, label) => Math.max(most, label), 0);
  const channels = bands.length / labels.length;
  const [area, rows, columns] = [0, 1, 2].map(() => new Float64Array(count)) as [Float64Array, Float64Array, Float64Array]; // prettier-ignore
  const flux = new Float64Array(count * channels);
  labels.forEach((label, p) => {
    if (label === 0) return;
    area[label - 1]!++;
    rows[label - 1]! += Math.floor(p / width);
    columns[label - 1]! += p % width;
    for (let band = 0; band < channels; band++)
      flux[(label - 1) * channels + band]! += bands[band * labels.length + p]!;
  });
  return Array.from(area, (pixels, i) => ({
    ...{ image, area: pixels, row: rows[i]! / pixels, column: columns[i]! / pixels },
    flux: Array.from(flux.subarray(i * channels, (i + 1) * channels)),
  }));
}

/**
 * The objects, connected pixels, of masks [n, h, w] in images [n, bands, h, w] of at least `minimum` pixels, image by image in the order of their first
 * pixels. @param segments filled with the number of the object of each pixel, [n, h, w], from 1 in this order over all images; 0 none
 * @throws when masks and images are not of one size
 */
export async function objectCatalogue(
  device: Device,
  masks: NdArray<Uint8Array>,
  images: NdArray<Float32Array>,
  minimum: number,
  segments?: Int32Array,
): Promise<SegmentedObject[]> {
  const [n, bands, h, w] = images.shape as [number, number, number, number];
  if (images.shape.length !== 4 || masks.shape.join() !== [n, h, w].join())
    throw new Error(`objectCatalogue: masks must be [n, h, w] of images [n, bands, h, w], got [${masks.shape.join(", ")}] and [${images.shape.join(", ")}]`); // prettier-ignore
  const size = h * w;
  const chunk = Math.max(1, Math.floor(PIXELS / size));
  const objects: SegmentedObject[] = [];
  for (let first = 0; first < n; first += chunk) {
    const count = Math.min(chunk, n - first);
    const found = tidy(() => {
      const mask = Float32Array.from(masks.data.subarray(first * size, (first + count) * size));
      const { labels } = connectedComponents(tensor(device, mask, [count, h, w]));
      return labels;
    });
    const labels = (await found.data()) as Uint32Array;
    found.dispose();
    for (let i = 0; i < count; i++) {
      const image = images.data.subarray((first + i) * bands * size, (first + i + 1) * bands * size);
      const own = labels.subarray(i * size, (i + 1) * size);
      const all = objectsOf(first + i, own, image, w);
      let next = objects.length;
      const numbers = all.map(({ area }) => (area >= minimum ? ++next : 0));
      segments?.set(
        own.map((label) => (label === 0 ? 0 : numbers[label - 1]!)),
        (first + i) * size,
      );
      for (const object of all) if (object.area >= minimum) objects.push(object);
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
