// How stamps are prepared, as options: what a model that takes raw stamps has to know before it prepares any.
import { choice, flag, integer, list, optional, positive, record } from "../options";
import type { Rule } from "../options";

/** What is divided out of each stamp. */
export const NORMALIZATIONS = ["none", "peak", "flux", "white"] as const;

/** What becomes of sources beside the one in the middle. */
export const NEIGHBOURS = ["keep", "blank", "mirror"] as const;

/** Options of `prepareStamps`; the steps run in this order. */
export interface PreparationOptions {
  /** Standard deviation of the sky of each band: stamps are divided by it. Default: they are in such units already. */
  readonly skySigma?: readonly number[];
  /** Moves the brightest smoothed pixel near the middle into the middle, by whole pixels; default false. */
  readonly center?: boolean;
  /**
   * `blank`: light above the sky that does not hang together with the middle's becomes the sky's 0; `mirror`: a pixel that is clearly brighter than the one
   * opposite, through the middle, becomes as that. Default keep.
   */
  readonly neighbours?: (typeof NEIGHBOURS)[number];
  /** Side of the middle of the stamps that is kept; default all. */
  readonly crop?: number;
  /** `asinh` takes each value to asinh(value) before anything is divided out; default none. */
  readonly stretch?: "none" | "asinh";
  /**
   * `peak`: by the object's own peak, of the (1 2 1)-smoothed mean of u, g, r and i in the central 4 × 4 pixels; `flux`: by the sum of r over a
   * central aperture of radius 6; `white`: the mean of g, r and i, one channel, by its own smoothed central peak. Default none.
   */
  readonly normalize?: (typeof NORMALIZATIONS)[number];
}

/** Rules of each. */
export const PREPARATION_RULES = {
  skySigma: {
    ...list(positive, 5),
    words: "5 positive numbers",
    holds: (value: unknown): boolean => list(positive, 5).holds(value) && (value as unknown[]).length === 5,
  },
  center: flag,
  neighbours: choice(...NEIGHBOURS),
  crop: integer(4),
  stretch: choice("none", "asinh"),
  normalize: choice(...NORMALIZATIONS),
};

/** What the options must be together. */
export const PREPARATION_RULE = record(
  Object.fromEntries(Object.entries(PREPARATION_RULES).map(([name, rule]) => [name, optional(rule as Rule)])),
);

/** Whether items are stamps of the bands u g r i z. */
export const isStamp = ([bands, height, width, ...more]: readonly number[]): boolean =>
  bands === 5 && height !== undefined && height === width && more.length === 0;

/** Sizes of a stamp [5, s, s] that was prepared. @throws for items that are no stamps, and a crop larger than they are */
export function preparedShape(op: string, shape: readonly number[], options: PreparationOptions): number[] {
  const [bands, side] = shape as [number, number];
  if (!isStamp(shape))
    throw new Error(
      `${op}: what is prepared must be stamps [5, s, s] of the bands u g r i z, got [${shape.join(", ")}]`,
    );
  const { crop = side, normalize = "none" } = options;
  if (crop > side) throw new Error(`${op}: crop must be at most the side of the stamps, ${side}, got ${crop}`);
  return [normalize === "white" ? 1 : bands, crop, crop];
}
