// What `augment` draws: loaded by itself where a model is given options of it.
import { checkInteger, checkOptions } from "../../checks";
import type { Params } from "../../kernel";
import { Random, threefry } from "../../random";
import type { AugmentOptions, AugmentStep, CropOptions } from "./augment-options";
import { pairOf } from "./pair";

const NAMES: readonly (keyof AugmentOptions)[] = ["crop", "flip", "rotate", "distort", "jitter", "fill"];

/** What was drawn for one image. The window is in pixels of the image, its angle in radians. */
export interface AugmentDraw {
  readonly top: number;
  readonly left: number;
  readonly height: number;
  readonly width: number;
  readonly horizontal: boolean;
  readonly vertical: boolean;
  readonly angle: number;
  /** (down, across) of the corners of the grid, in rows; those on the border stay. */
  readonly shifts: readonly number[];
  readonly brightness: number;
  readonly contrast: number;
  readonly saturation: number;
  readonly hue: number;
}

const between = (u: number, low: number, high: number): number => low + u * (high - low);

/** The second counter word of the blocks that seeds of steps come from: no stream gets there. */
const STEPS = 0xa0600000;

/** A stream for the images of one call. */
function streamOf(source: Random | AugmentStep): Random {
  if ("split" in source) return source.split(); // of the program, whose class is not the one of this file where it is loaded by itself
  const { seed, step } = source;
  checkInteger("augment", { step }, 0, 2 ** 32 - 1);
  // eslint-disable-next-line no-restricted-syntax -- of an op: blocks that no stream comes to, see STEPS
  const [key0, key1] = new Random(seed).state().key;
  const key = new Uint32Array(2);
  threefry(key, 0, key0, key1, step, STEPS);
  return new Random({ key: [key[0]!, key[1]!], position: 0 });
}

function windowOf(crop: CropOptions, h: number, w: number, oh: number, ow: number, random: Random): number[] {
  const [down, across, area, ratio] = [random.uniform(), random.uniform(), random.uniform(), random.uniform()];
  if (!crop.scale) {
    const [ph, pw] = pairOf(crop.padding ?? 0);
    return [Math.floor(down * (h + 2 * ph - oh + 1)) - ph, Math.floor(across * (w + 2 * pw - ow + 1)) - pw, oh, ow];
  }
  const [narrow, wide] = crop.ratio ?? [3 / 4, 4 / 3];
  const pixels = h * w * between(area, ...crop.scale);
  const aspect = Math.exp(between(ratio, Math.log(narrow), Math.log(wide)));
  const height = Math.min(h, Math.sqrt(pixels / aspect));
  const width = Math.min(w, Math.sqrt(pixels * aspect));
  return [down * (h - height), across * (w - width), height, width];
}

/** Draws of one image, from a stream of its own; each has its place in it, whatever else is asked for. */
function drawOf(options: AugmentOptions, h: number, w: number, oh: number, ow: number, random: Random): AugmentDraw {
  const { crop = {}, flip = 0, rotate = 0, distort, jitter = {} } = options;
  const { horizontal = 0, vertical = 0 } = typeof flip === "number" ? { horizontal: flip } : flip;
  const [top = 0, left = 0, height = h, width = w] = windowOf(crop, h, w, oh, ow, random);
  const mirrored = { horizontal: random.uniform() < horizontal, vertical: random.uniform() < vertical };
  const angle = (between(random.uniform(), -rotate, rotate) * Math.PI) / 180;
  const factor = (strength = 0): number => between(random.uniform(), Math.max(0, 1 - strength), 1 + strength);
  const [brightness, contrast, saturation] = [
    factor(jitter.brightness),
    factor(jitter.contrast),
    factor(jitter.saturation),
  ];
  const hue = between(random.uniform(), -(jitter.hue ?? 0), jitter.hue ?? 0);
  const grey = random.uniform() < (jitter.grayscale ?? 0);
  const shifts: number[] = [];
  if (distort) {
    const [rows, columns] = pairOf(distort.grid ?? 4);
    const { magnitude = 8 } = distort;
    for (let r = 0; r <= rows; r++)
      for (let k = 0; k <= columns; k++) {
        const inner = r > 0 && r < rows && k > 0 && k < columns;
        for (let axis = 0; axis < 2; axis++) shifts.push(inner ? between(random.uniform(), -magnitude, magnitude) : 0);
      }
  }
  return {
    ...{ top, left, height, width, ...mirrored, angle, shifts },
    ...{ brightness, contrast, saturation: grey ? 0 : saturation, hue },
  };
}

/** Rows and columns of what comes out. */
function outputSize({ crop = {} }: AugmentOptions, h: number, w: number): readonly [number, number] {
  return pairOf(crop.size ?? [h, w]);
}

/** What `augment` draws for each of n images of h x w: the same for every device. */
export function drawAugmentation(
  n: number,
  h: number,
  w: number,
  options: AugmentOptions,
  source: Random | AugmentStep,
): AugmentDraw[] {
  const [oh, ow] = outputSize(options, h, w);
  const random = streamOf(source);
  return Array.from({ length: n }, () => drawOf(options, h, w, oh, ow, random.split()));
}

/** From the place of a pixel in the result to that in the image, 2 x 3 row by row: mirrored, windowed, then turned about the centre. */
function affine(draw: AugmentDraw, h: number, w: number, oh: number, ow: number): number[] {
  const axis = (start: number, length: number, count: number, mirrored: boolean): [step: number, first: number] => {
    const step = length / count;
    return mirrored ? [-step, start + (count - 0.5) * step - 0.5] : [step, start + 0.5 * step - 0.5];
  };
  const [down, top] = axis(draw.top, draw.height, oh, draw.vertical);
  const [across, left] = axis(draw.left, draw.width, ow, draw.horizontal);
  const [cos, sin] = [Math.cos(draw.angle), Math.sin(draw.angle)];
  const [cy, cx] = [(h - 1) / 2, (w - 1) / 2];
  return [
    ...[cos * down, sin * across, cy + cos * (top - cy) + sin * (left - cx)],
    ...[-sin * down, cos * across, cx - sin * (top - cy) + cos * (left - cx)],
  ];
}

const positive = (size: number): boolean => Number.isInteger(size) && size > 0;
const share = (value: number): boolean => value >= 0 && value <= 1;

function check(options: AugmentOptions, [, c, h, w]: readonly number[]): void {
  const { crop = {}, flip = 0, rotate = 0, distort = {}, jitter = {} } = options;
  const rule = (holds: boolean, text: string, given: unknown): void => {
    if (!holds) throw new Error(`augment: ${text}, got ${JSON.stringify(given)}`);
  };
  const size = outputSize(options, h!, w!);
  const padding = pairOf(crop.padding ?? 0);
  rule(size.every(positive), "crop.size must be positive whole numbers", size);
  rule(
    padding.every((p) => p === 0 || positive(p)),
    "crop.padding must be whole numbers",
    padding,
  );
  if (crop.scale) {
    const [low, high] = crop.scale;
    const [narrow, wide] = crop.ratio ?? [1, 1];
    rule(
      low > 0 && low <= high && high <= 1,
      "crop.scale must be shares of the area, 0 < low <= high <= 1",
      crop.scale,
    );
    rule(narrow > 0 && narrow <= wide && wide < Infinity, "crop.ratio must be 0 < low <= high", crop.ratio);
  } else
    rule(
      size[0] <= h! + 2 * padding[0] && size[1] <= w! + 2 * padding[1],
      `crop.size must be within the padded image of ${h! + 2 * padding[0]} x ${w! + 2 * padding[1]}`,
      size,
    );
  const chances = typeof flip === "number" ? [flip] : [flip.horizontal ?? 0, flip.vertical ?? 0];
  rule(chances.every(share), "flip must be probabilities", flip);
  rule(rotate >= 0 && rotate < Infinity, "rotate must be degrees from 0", rotate);
  rule(pairOf(distort.grid ?? 4).every(positive), "distort.grid must be positive whole numbers", distort.grid);
  const magnitude = distort.magnitude ?? 8;
  rule(magnitude >= 0 && magnitude < Infinity, "distort.magnitude must be pixels from 0", magnitude);
  const { brightness = 0, contrast = 0, saturation = 0, hue = 0, grayscale = 0, range = [0, 1] } = jitter;
  const strengths = [brightness, contrast, saturation];
  rule(
    strengths.every((strength) => strength >= 0 && strength < Infinity),
    "jitter must be strengths from 0",
    jitter,
  );
  rule(hue >= 0 && hue <= 0.5, "jitter.hue must be in [0, 0.5]", hue);
  rule(share(grayscale), "jitter.grayscale must be a probability", grayscale);
  rule(range[0] < range[1], "jitter.range must be low < high", range);
  rule(c === 3 || saturation + hue + grayscale === 0, "saturation, hue and grayscale need three channels", c);
}

const LARGEST = 3.4028234e38;

/** What is done with images, as it was drawn for each. */
export interface AugmentPlan {
  /** How pixels are sampled: of each image its affine map and the shifts of a grid's corners, and what `warp` takes beside. */
  readonly warp?:
    (Params<"oh" | "ow" | "rows" | "columns" | "fill"> & { readonly maps: readonly number[] }) | undefined;
  /** How colours change: brightness, contrast, saturation and hue of each image, and where values are clamped. */
  readonly jitter?: (Params<"low" | "high"> & { readonly factors: readonly number[] }) | undefined;
}

/** What `augment` does with images [n, c, h, w]. @throws as it does */
export function planAugmentation(
  shape: readonly number[],
  options: AugmentOptions,
  source: Random | AugmentStep,
): AugmentPlan {
  const [n, c, h, w] = shape;
  if (shape.length !== 4 || !n || !c || !h || !w)
    throw new Error(`augment: x must be [n, c, h, w], got [${shape.join(", ")}]`);
  checkOptions("augment", options, NAMES);
  check(options, shape);
  const { crop, flip, rotate, distort, jitter, fill = 0 } = options;
  const [oh, ow] = outputSize(options, h, w);
  const draws = drawAugmentation(n, h, w, options, source);
  const [rows, columns] = distort ? pairOf(distort.grid ?? 4) : [0, 0];
  const [low, high] = jitter?.range ?? [0, 1];
  const maps = (): number[] => draws.flatMap((draw) => [...affine(draw, h, w, oh, ow), ...draw.shifts]);
  const factors = (): number[] => draws.flatMap((draw) => [draw.brightness, draw.contrast, draw.saturation, draw.hue]);
  return {
    warp: crop || flip || rotate || distort ? { maps: maps(), oh, ow, rows, columns, fill } : undefined,
    jitter: jitter && { factors: factors(), low: Math.max(low, -LARGEST), high: Math.min(high, LARGEST) },
  };
}
