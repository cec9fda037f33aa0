import * as c from "constella";
import type { Tensor } from "constella";
import { tensors } from "../adapter";
import type { Adapters } from "../adapter";

interface Inputs {
  x: Tensor;
  w: Tensor;
  b?: Tensor;
}

export const CONVOLUTION: Adapters = {
  conv2d: tensors<Inputs, { stride: c.Pair; padding: c.Pair }>(({ x, w, b }, { stride, padding }) => ({
    y: c.conv2d(x, w, b, { stride, padding }),
  })),
  conv_transpose2d: tensors<Inputs, { stride: c.Pair; padding: c.Pair; outputPadding: c.Pair }>(
    ({ x, w, b }, { stride, padding, outputPadding }) => ({
      y: c.convTranspose2d(x, w, b, { stride, padding, outputPadding }),
    }),
  ),
};
