import * as c from "constella";
import type { Tensor } from "constella";
import { tensors } from "../adapter";
import type { Adapters } from "../adapter";

const reduction = (f: (x: Tensor, axes: readonly number[] | null, keepDims: boolean) => Tensor) =>
  tensors<{ x: Tensor }, { axes: readonly number[] | null; keepdims: boolean }>(({ x }, { axes, keepdims }) => ({
    y: f(x, axes, keepdims),
  }));

export const REDUCTIONS: Adapters = {
  sum: reduction(c.sum),
  mean: reduction(c.mean),
  max: reduction(c.max),
};
