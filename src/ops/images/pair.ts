/** One size for both axes of an image, or [height, width]. */
export type Pair = number | readonly [number, number];

/** [height, width] */
export const pairOf = (value: Pair): readonly [number, number] => (typeof value === "number" ? [value, value] : value);
