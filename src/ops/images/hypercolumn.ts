import { checkChoice } from "../../checks";
import { format } from "../../tensor";
import type { Tensor } from "../../tensor";
import { mul, powScalar, scale, shift, square } from "../elementwise";
import { concat } from "../layout";
import { batchNorm } from "../normalization/batch-norm";
import { sum } from "../reduce";
import { bilinearResize, nearestResize } from "./resize";

/** How the channels of a layer are made comparable with those of others. */
export type HypercolumnNormalization = "none" | "l2" | "standardize";

/** Options of `hypercolumn`. */
export interface HypercolumnOptions {
  /** Height and width of the result; default: those of the first layer. */
  readonly size?: readonly [number, number];
  /** Between the pixels of smaller layers; default bilinear. */
  readonly mode?: "bilinear" | "nearest";
  /**
   * `l2` divides each pixel's channels of a layer by their length, u/√(Σ_c u² + 10⁻¹²); `standardize` takes each channel to mean 0 and
   * variance 1 over images and pixels (biased, √(variance + 10⁻⁸)), then divides by √channels, so that layers weigh the same. Default none.
   */
  readonly normalize?: HypercolumnNormalization;
}

function normalized(x: Tensor, how: HypercolumnNormalization): Tensor {
  if (how === "l2") return mul(x, powScalar(shift(sum(square(x), 1, true), 1e-12), -0.5));
  if (how === "standardize") return scale(batchNorm(x, { eps: 1e-8 }), 1 / Math.sqrt(x.shape[1]!));
  return x;
}

/**
 * Hypercolumns: the layers of a network [n, c_l, h_l, w_l], each at one size, normalised by itself, one after the other as channels
 * [n, Σ c_l, height, width]. Hariharan et al. 2015. @throws when there is no layer, or shapes do not fit
 */
export function hypercolumn(layers: readonly Tensor[], options: HypercolumnOptions = {}): Tensor {
  const [first] = layers;
  if (!first || layers.some((layer) => layer.rank !== 4 || layer.shape[0] !== first.shape[0]))
    throw new Error(
      `hypercolumn: layers must be one or more [n, c, h, w] of one n, got ${layers.map(format).join(" ")}`,
    );
  const { size = [first.shape[2]!, first.shape[3]!], mode = "bilinear", normalize = "none" } = options;
  checkChoice("hypercolumn", { mode }, ["bilinear", "nearest"]);
  checkChoice("hypercolumn", { normalize }, ["none", "l2", "standardize"]);
  const resize = mode === "bilinear" ? bilinearResize : nearestResize;
  return concat(
    layers.map((layer) => normalized(resize(layer, size), normalize)),
    1,
  );
}
