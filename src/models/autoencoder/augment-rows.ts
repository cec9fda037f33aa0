import { show } from "../../checks";
import { augment } from "../../ops/images/augmentation";
import type { AugmentOptions } from "../../ops/images/augment-options";
import { reshape } from "../../ops/shape";
import type { RowsAugmentation } from "./autoencoder-stages";

/**
 * The op `augment` on rows that are images: what `augmentWith` of DEC and its kind takes.
 * @param itemShape sizes of an image, [height, width] or [channels, height, width]
 * @param width values of a row, their product
 * @throws for other sizes; where it is used, as `augment`, and when it changes the size of images
 */
export function augmentRows(
  options: AugmentOptions,
  itemShape: readonly number[] | undefined,
  width: number,
): RowsAugmentation {
  const shape = itemShape?.length === 2 ? [1, ...itemShape] : (itemShape ?? []);
  if (shape.length !== 3 || shape[0]! * shape[1]! * shape[2]! !== width)
    throw new Error(
      `augmentRows: itemShape must be [height, width] or [channels, height, width] of ${width} values, got ${show(itemShape)}`,
    );
  return (x, random) => reshape(augment(reshape(x, [x.shape[0]!, ...shape]), options, random), x.shape);
}
