import { generate } from "../../typed-arrays";

/** Share of the standard deviation at which a Gaussian is cut off. */
const TRUNCATE = 4;

/**
 * Gaussian smoothing of planes [height, width], mirrored at the border (d c b a | a b c d | d c b a), in place. Pixels of NaN do not count, and stay: of the
 * others the weights are divided by what of them is there.
 */
export function smoothPlanes(image: Float32Array, height: number, width: number, sigma: number, masked: boolean): void {
  const radius = Math.floor(TRUNCATE * sigma + 0.5);
  const kernel = generate(Float64Array, 2 * radius + 1, (i) => Math.exp((-0.5 * (i - radius) ** 2) / sigma ** 2));
  const sum = kernel.reduce((a, b) => a + b, 0);
  kernel.forEach((value, i) => (kernel[i] = value / sum));
  const pixels = height * width;
  const values = new Float64Array(pixels);
  const weights = new Float64Array(masked ? pixels : 0);
  for (let plane = 0; plane < image.length; plane += pixels) {
    for (let i = 0; i < pixels; i++) {
      const value = image[plane + i]!;
      const there = value === value;
      values[i] = there ? value : 0;
      if (masked) weights[i] = Number(there);
    }
    for (const data of masked ? [values, weights] : [values]) {
      along(data, height, width, width, 1, kernel);
      along(data, width, height, 1, width, kernel);
    }
    for (let i = 0; i < pixels; i++)
      if (!masked) image[plane + i] = values[i]!;
      else if (!Number.isNaN(image[plane + i]!)) image[plane + i] = values[i]! / weights[i]!;
  }
}

/** Convolves `count` lines of `length` values that lie `step` apart, lines `stride` apart. */
function along(
  data: Float64Array,
  length: number,
  count: number,
  step: number,
  stride: number,
  kernel: Float64Array,
): void {
  const radius = (kernel.length - 1) / 2;
  const line = new Float64Array(length + 2 * radius);
  for (let l = 0; l < count; l++) {
    for (let i = -radius; i < length + radius; i++) line[i + radius] = data[l * stride + mirrored(i, length) * step]!;
    for (let i = 0; i < length; i++) {
      let sum = 0;
      for (let j = 0; j < kernel.length; j++) sum += kernel[j]! * line[i + j]!;
      data[l * stride + i * step] = sum;
    }
  }
}

/** Index of the pixel that a mirror at both borders shows at i. */
function mirrored(i: number, length: number): number {
  const period = 2 * length;
  const at = ((i % period) + period) % period;
  return at < length ? at : period - 1 - at;
}
