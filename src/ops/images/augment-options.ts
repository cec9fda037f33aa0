import { either, finite, optional, range, record } from "../../options";
import type { Rule } from "../../options";
import type { Pair } from "./pair";

/** @inline */
type Range = readonly [low: number, high: number];

/** Which part of the image is taken. */
export interface CropOptions {
  /** Size of what comes out. Default: the image's. */
  readonly size?: Pair;
  /** Pixels of `fill` around the image that the window may reach into. Default 0. */
  readonly padding?: Pair;
  /** Random-resized crop: the window covers this share of the image's area, and is resized. Without it nothing is resized. */
  readonly scale?: Range;
  /** Width by height of a resized window, drawn uniformly in the logarithm. Default [3/4, 4/3]. */
  readonly ratio?: Range;
}

/** Random distortion by a grid whose inner corners are moved. */
export interface DistortOptions {
  /** Cells down and across. Default 4. */
  readonly grid?: Pair;
  /** Most that a corner is moved along either axis, in pixels. Default 8. */
  readonly magnitude?: number;
}

/** Random change of colours; what is left out does not change. Several apply in the order in which they stand here. */
export interface JitterOptions {
  /** Values times a factor from [max(0, 1 − b), 1 + b]. */
  readonly brightness?: number;
  /** Difference to the image's mean grey, times a factor from [max(0, 1 − c), 1 + c]. */
  readonly contrast?: number;
  /** Difference to the pixel's grey, times a factor from [max(0, 1 − s), 1 + s]; three channels. */
  readonly saturation?: number;
  /** Hue turned by up to this part of the circle, at most ½; three channels. */
  readonly hue?: number;
  /** Probability of no colour at all; three channels. */
  readonly grayscale?: number;
  /** Where values are clamped. Default [0, 1]. */
  readonly range?: Range;
}

/** What `augment` does to images; what is left out is not done. */
export interface AugmentOptions {
  readonly crop?: CropOptions;
  /** Probability of mirroring left and right, or of each. */
  readonly flip?: number | { readonly horizontal?: number; readonly vertical?: number };
  /** Largest angle of rotation about the image's centre either way, in degrees. */
  readonly rotate?: number;
  readonly distort?: DistortOptions;
  readonly jitter?: JitterOptions;
  /** What is outside of the image. Default 0. */
  readonly fill?: number;
}

const PAIR: Rule = {
  words: "a number or two",
  holds: (value) => [value, value].flat().every(Number.isFinite) && [value].flat().length <= 2,
};

/** What a probability must be. */
export const PROBABILITY = /* @__PURE__ */ range(0, 1);
/** What `rotate` must be. */
export const ROTATION = /* @__PURE__ */ range(0);

const augmentRule = (): Rule =>
  record({
    crop: optional(
      record({ size: optional(PAIR), padding: optional(PAIR), scale: optional(PAIR), ratio: optional(PAIR) }),
    ),
    flip: optional(either(PROBABILITY, record({ horizontal: optional(PROBABILITY), vertical: optional(PROBABILITY) }))),
    rotate: optional(ROTATION),
    distort: optional(record({ grid: optional(PAIR), magnitude: optional(finite) })),
    jitter: optional(
      record({
        ...{ brightness: optional(finite), contrast: optional(finite), saturation: optional(finite) },
        ...{ hue: optional(finite), grayscale: optional(range(0, 1)), range: optional(PAIR) },
      }),
    ),
    fill: optional(finite),
  });

/** What options of `augment` must be, as far as that does not depend on the images. */
export const AUGMENT_RULE: Rule = /* @__PURE__ */ augmentRule();

/** A seed, and the step (or any number that counts calls), which draw the same numbers whenever they come. */
export interface AugmentStep {
  readonly seed: number;
  readonly step: number;
}
