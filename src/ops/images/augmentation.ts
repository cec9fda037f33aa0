import type { Kernel } from "../../kernel";
import * as kernels from "../../kernels/images";
import type { Random } from "../../random";
import { empty, run, tensor, tidy } from "../../tensor";
import type { Tensor } from "../../tensor";
import type { AugmentOptions, AugmentStep } from "./augment-options";
import { planAugmentation } from "./augment-plan";
import type { AugmentPlan } from "./augment-plan";

/** What `augment` launches with these options; nothing is known of a function that takes its place. */
export const augmentKernels = (
  options: AugmentOptions | ((...args: never) => unknown) | undefined,
): readonly Kernel[] =>
  typeof options === "object" ? [kernels.warp, ...(options.jitter ? [kernels.colorJitter] : [])] : [];

/** Images [n, c, h, w] as they were planned. */
export function augmentAs(x: Tensor, { warp, jitter }: AugmentPlan): Tensor {
  const { device } = x;
  const [n, c, h, w] = x.shape as [number, number, number, number];
  return tidy(() => {
    let y = x;
    if (warp) {
      const maps = tensor(device, warp.maps, [n, warp.maps.length / n]);
      y = empty(device, [n, c, warp.oh, warp.ow], "f32", "augment");
      run(kernels.warp, { x, n, c, h, w, ...warp, maps, y });
    }
    if (jitter) {
      const factors = tensor(device, jitter.factors, [n, 4]);
      const jittered = empty(device, y.shape, "f32", "augment");
      run(kernels.colorJitter, { x: y, n, c, s: y.shape[2]! * y.shape[3]!, ...jitter, factors, y: jittered });
      y = jittered;
    }
    return y;
  });
}

/**
 * Random images from images [n, c, h, w], each drawn for itself, by two kernels: one samples distortion (a grid whose inner corners
 * move, between them bilinear, as Augmentor's random distortion), rotation, crop and flip at once, bilinearly and without
 * smoothing where it makes smaller; one changes colours as torchvision's ColorJitter, in a fixed order. A seed and a step, or the
 * stream's state, decide everything: the same draws on every device. No gradient passes.
 * @throws when x is no images, an option is out of its range, or colours are asked for without three channels
 */
export const augment = (x: Tensor, options: AugmentOptions, source: Random | AugmentStep): Tensor =>
  augmentAs(x, planAugmentation(x.shape, options, source));
