// Options that change images at random in training.
import type { AugmentOptions } from "../ops/images/augmentation";
import { nonNegative, share, whole } from "./option";
import type { OptionSpec } from "./option";

/** Images are mirrored. */
export const FLIP: OptionSpec = { name: "flip", kind: share, help: "chance that an image is mirrored in training" };

/** Options beside `FLIP`. */
export const WARPS: readonly OptionSpec[] = [
  { name: "rotate", kind: nonNegative, help: "degrees that an image is turned by at most, either way, in training" },
  { name: "crop", kind: whole(0), help: "pixels that an image is shifted by at most, either way, in training" },
];

/** What the options ask for; undefined where that is nothing. */
export function augmentationOf({
  flip = 0,
  rotate = 0,
  crop = 0,
}: Readonly<Record<string, unknown>>): AugmentOptions | undefined {
  if (flip === 0 && rotate === 0 && crop === 0) return undefined;
  return { flip: flip as number, rotate: rotate as number, ...(crop !== 0 && { crop: { padding: crop as number } }) };
}
