import * as c from "constella";
import { drawAugmentation } from "../../../src/ops/images/augment-plan";
import type { AugmentDraw } from "../../../src/ops/images/augment-plan";
import type { OpCase } from "./index";
import { array } from "./reference";
import type { Reference } from "./reference";

const STEP = { seed: 2024, step: 17 };

type Shape = readonly [number, number, number, number];

/** Where the pixel (i, j) of the result is in the image, step by step from the result backwards. */
function placeOf(
  draw: AugmentDraw,
  i: number,
  j: number,
  [, , h, w]: Shape,
  [, , oh, ow]: Shape,
  grid: number,
): number[] {
  if (draw.vertical) i = oh - 1 - i;
  if (draw.horizontal) j = ow - 1 - j;
  let v = draw.top + ((i + 0.5) * draw.height) / oh;
  let u = draw.left + ((j + 0.5) * draw.width) / ow;
  const [y, x] = [v - h / 2, u - w / 2];
  v = h / 2 + Math.cos(draw.angle) * y + Math.sin(draw.angle) * x;
  u = w / 2 - Math.sin(draw.angle) * y + Math.cos(draw.angle) * x;
  if (grid > 0) {
    const down = Math.min(Math.max((v / h) * grid, 0), grid);
    const across = Math.min(Math.max((u / w) * grid, 0), grid);
    // each corner pulls by the overlap of its cell with one around the point
    for (let r = 0; r <= grid; r++)
      for (let k = 0; k <= grid; k++) {
        const overlap = Math.max(0, 1 - Math.abs(down - r)) * Math.max(0, 1 - Math.abs(across - k));
        v += overlap * draw.shifts[2 * (r * (grid + 1) + k)]!;
        u += overlap * draw.shifts[2 * (r * (grid + 1) + k) + 1]!;
      }
  }
  return [v - 0.5, u - 0.5];
}

function warped(x: Reference, options: c.AugmentOptions, grid: number): Reference {
  const shape = x.shape as Shape;
  const [n, channels, h, w] = shape;
  const size = options.crop?.size ?? [h, w];
  const [oh, ow] = typeof size === "number" ? [size, size] : size;
  const out: Shape = [n, channels, oh, ow];
  const y = array(out);
  drawAugmentation(n, h, w, options, STEP).forEach((draw, image) => {
    for (let t = 0; t < channels; t++)
      for (let i = 0; i < oh; i++)
        for (let j = 0; j < ow; j++) {
          const [v, u] = placeOf(draw, i, j, shape, out, grid) as [number, number];
          const inside = v >= -0.5 && v < h - 0.5 && u >= -0.5 && u < w - 0.5;
          let value = inside ? 0 : (options.fill ?? 0);
          for (let r = 0; inside && r < h; r++)
            for (let k = 0; k < w; k++) {
              const [down, across] = [Math.min(Math.max(v, 0), h - 1), Math.min(Math.max(u, 0), w - 1)];
              const weight = Math.max(0, 1 - Math.abs(down - r)) * Math.max(0, 1 - Math.abs(across - k));
              if (weight > 0) value += weight * x.data[((image * channels + t) * h + r) * w + k]!;
            }
          y.data[((image * channels + t) * oh + i) * ow + j] = value;
        }
  });
  return y;
}

/** Hue, saturation and value to colours and back, as in textbooks. */
function turnedHue([r, g, b]: readonly [number, number, number], by: number): number[] {
  const value = Math.max(r, g, b);
  if (Number.isNaN(value)) return [NaN, NaN, NaN];
  const chroma = value - Math.min(r, g, b);
  if (chroma === 0) return [r, g, b];
  const sector = value === r ? (g - b) / chroma : value === g ? 2 + (b - r) / chroma : 4 + (r - g) / chroma;
  const hue = (((sector / 6 + by) % 1) + 1) % 1;
  const second = chroma * (1 - Math.abs(((6 * hue) % 2) - 1));
  const rest = value - chroma;
  const full = value;
  const part = rest + second;
  const around = [
    [full, part, rest],
    [part, full, rest],
    [rest, full, part],
    [rest, part, full],
    [part, rest, full],
    [full, rest, part],
  ];
  return around[Math.floor(6 * hue)]!;
}

function jittered(x: Reference, options: c.AugmentOptions): Reference {
  const [n, channels, h, w] = x.shape as Shape;
  const [low, high] = options.jitter?.range ?? [0, 1];
  const bound = (v: number): number => Math.min(high, 3.4028234663852886e38, Math.max(low, v));
  const s = h * w;
  const y = array(x.shape);
  const weights = channels === 3 ? [0.299, 0.587, 0.114] : new Array<number>(channels).fill(1 / channels);
  const grey = (pixel: number[]): number => pixel.reduce((sum, v, t) => sum + weights[t]! * v, 0);
  drawAugmentation(n, h, w, options, STEP).forEach((draw, image) => {
    const pixel = (p: number): number[] =>
      weights.map((_, t) => bound(draw.brightness * x.data[(image * channels + t) * s + p]!));
    let mean = 0;
    for (let p = 0; p < s; p++) mean += grey(pixel(p)) / s;
    for (let p = 0; p < s; p++) {
      let values = pixel(p).map((v) => bound(mean + draw.contrast * (v - mean)));
      if (channels === 3) {
        const centre = grey(values);
        values = values.map((v) => bound(centre + draw.saturation * (v - centre)));
        values = turnedHue(values as [number, number, number], draw.hue);
      }
      values.forEach((v, t) => (y.data[(image * channels + t) * s + p] = v));
    }
  });
  return y;
}

const IMAGES = [[[1, 1, 1, 1]], [[5, 2, 7, 11]], [[3, 1, 19, 17]], [[2, 3, 45, 45]]];

const geometric = (variant: string, options: c.AugmentOptions, more: Partial<OpCase> = {}): OpCase => ({
  op: "augment",
  variant,
  call: (x) => c.augment(x!, options, STEP),
  reference: (x) => warped(x!, options, options.distort ? (options.distort.grid as number) : 0),
  shapes: IMAGES,
  gradients: [],
  atol: 2e-4,
  spreads: true,
  ...more,
});

const colors = (variant: string, jitter: c.JitterOptions, shapes: readonly Shape[]): OpCase => ({
  op: "augment",
  variant,
  call: (x) => c.augment(x!, { jitter }, STEP),
  reference: (x) => jittered(x!, { jitter }),
  shapes: shapes.map((shape) => [shape]),
  range: [0, 1],
  gradients: [],
});

const exact = { rtol: 0, atol: 0 };

/** Rows of `augment`: what is drawn comes from `drawAugmentation`, what is done with it is worked out again here. */
export const AUGMENTATION: readonly OpCase[] = [
  geometric("flip", { flip: { horizontal: 0.5, vertical: 0.5 } }, exact),
  geometric("crop of a padded image", { crop: { padding: 2 }, fill: -3 }, exact),
  geometric("smaller crop", { crop: { size: [3, 5] }, flip: 1 }, { ...exact, shapes: IMAGES.slice(1) }),
  geometric("resized crop", { crop: { size: [8, 9], scale: [0.2, 1] } }),
  geometric("rotation", { rotate: 30, fill: 0.5 }),
  geometric("distortion", { distort: { grid: 4, magnitude: 3 } }),
  geometric("everything", {
    crop: { size: 13, scale: [0.3, 0.9], ratio: [0.5, 2] },
    flip: 0.5,
    rotate: 180,
    distort: { grid: 3, magnitude: 2 },
  }),
  colors("brightness and contrast", { brightness: 0.6, contrast: 0.5 }, [
    [1, 1, 1, 1],
    [5, 1, 7, 3],
    [3, 2, 17, 19],
  ]),
  colors("colours", { brightness: 0.4, contrast: 0.4, saturation: 0.8, hue: 0.5, grayscale: 0.2 }, [
    [9, 3, 1, 1],
    [5, 3, 3, 5],
    [3, 3, 32, 33],
  ]),
  colors("a range of its own", { contrast: 3, range: [-10, Infinity] }, [[4, 1, 5, 5]]),
];
