// What changes items at random while a network is trained: options of `augment`, or a function of the caller's.
import { augmentAs } from "../../ops/images/augmentation";
import { AUGMENT_RULE } from "../../ops/images/augment-options";
import type { AugmentOptions } from "../../ops/images/augment-options";
import type { planAugmentation } from "../../ops/images/augment-plan";
import { callable, either, optional } from "../../options";
import type { Rule } from "../../options";
import type { Random } from "../../random";
import type { Tensor } from "../../tensor";

/** Changes a batch [b, …inputShape] at random before it is trained on; draws from `random` alone, so that training can be resumed. */
export type Augmentation = (batch: Tensor, random: Random) => Tensor;

/** What the option `augment` must be. */
export const AUGMENTATION_RULE: Rule = optional(either(callable, AUGMENT_RULE));

/** What is done with the items of a network, as its option `augment` says. */
export class ImageChanges {
  readonly #how: AugmentOptions | Augmentation | undefined;
  /** How images are changed: loaded where options ask for it. */
  #plan: typeof planAugmentation | undefined;

  constructor(how: AugmentOptions | Augmentation | undefined) {
    this.#how = how;
  }

  /** Loads what `of` needs. */
  async prepare(): Promise<void> {
    if (typeof this.#how === "object") this.#plan ??= (await import("../../ops/images/augment-plan")).planAugmentation;
  }

  /** Items, changed: as they are where nothing is asked for. */
  of(items: Tensor, random: Random): Tensor {
    const how = this.#how;
    if (!how) return items;
    return typeof how === "function" ? how(items, random) : augmentAs(items, this.#plan!(items.shape, how, random));
  }
}
