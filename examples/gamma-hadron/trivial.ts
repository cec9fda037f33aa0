// Baselines that know nothing of networks: a logistic regression on numbers that anyone would try first.
import { NdArray } from "constella";
import { hillas, type CameraPixels } from "constella/data";
import type { Part } from "./images";
import type { TrivialName } from "./settings";

/** Pixels whose sorted brightness is a feature. */
const BRIGHTEST = 200;

/** Pixels whose root is below this share of the brightest one's count as noise for the moments. */
const CLEANED = 0.1;

/** Features [n, d] of images [n, side · side]. */
type Features = (x: NdArray<Float32Array>, side: number) => NdArray<Float32Array>;

const each =
  (width: number, of: (image: Float32Array, side: number) => ArrayLike<number>): Features =>
  ({ data, shape: [n = 0, size = 0] }, side) => {
    const out = new Float32Array(n * width);
    for (let i = 0; i < n; i++) out.set(of(data.subarray(i * size, (i + 1) * size), side), i * width);
    return new NdArray(out, [n, width]);
  };

/** What each baseline sees of the images, whose pixels are roots of photon counts; that of convolution blocks needs a network. */
export const TRIVIAL_FEATURES: Readonly<Record<Exclude<TrivialName, "random-blocks">, Features>> = {
  pixels: (x) => x,
  brightness: each(1, (image) => [image.reduce((sum, value) => sum + value, 0)]),
  moments: each(6, moments),
  brightest: (x, side) =>
    each(Math.min(BRIGHTEST, x.shape[1]!), (image) =>
      Float32Array.from(image).sort().subarray(-Math.min(BRIGHTEST, image.length)).reverse(),
    )(x, side),
};

/** Logarithm of the brightness; length, width and skewness of the cleaned image, how far it is from the middle, and its share of light. */
function moments(image: Float32Array, side: number): number[] {
  const most = image.reduce((a, b) => Math.max(a, b), 0);
  const cleaned = image.map((value) => (value > CLEANED * most ? value * value : 0));
  const { size, length, width, skewness, dist } = hillas(cleaned, grid(side));
  return [Math.log1p(size), length, width, skewness, dist, size > 0 ? (most * most) / size : 0];
}

/** Places of the pixels of a square image, the middle at 0. */
function grid(side: number): CameraPixels {
  const at = (i: number): number => i - (side - 1) / 2;
  const x = Float64Array.from({ length: side * side }, (_, i) => at(i % side));
  const y = Float64Array.from({ length: side * side }, (_, i) => at(Math.floor(i / side)));
  return { x, y };
}

/** A part with the features of a baseline in place of its images. */
export const withFeatures = <P extends Part>(
  part: P,
  side: number,
  name: Exclude<TrivialName, "random-blocks">,
): P => ({
  ...part,
  x: TRIVIAL_FEATURES[name](part.x, side),
});
