import crossEntropyWgsl from "../../kernels/losses/cross_entropy.wgsl";
import crossEntropyBackwardWgsl from "../../kernels/losses/cross_entropy_backward.wgsl";
import pairLossWgsl from "../../kernels/losses/pair_loss.wgsl";
import pairLossBackwardWgsl from "../../kernels/losses/pair_loss_backward.wgsl";
import pairwiseLossWgsl from "../../kernels/losses/pairwise_loss.wgsl";
import pairwiseLossBackwardWgsl from "../../kernels/losses/pairwise_loss_backward.wgsl";
import { grid1d, kernel } from "../kernel";
import type { Launch } from "../kernel";
import { elementwise } from "./launches";

export const pairLoss = /* @__PURE__ */ kernel(pairLossWgsl, {
  grid: ({ n, length }) => grid1d(n, length),
  rows: ({ n, length }) => Math.ceil(n / length),
  grain: 4,
});

export const pairLossBackward = /* @__PURE__ */ kernel(pairLossBackwardWgsl, elementwise);

export const crossEntropy = /* @__PURE__ */ kernel(crossEntropyWgsl, {
  grid: ({ n, lanes }) => grid1d(n, 256 / lanes),
  rows: ({ n }) => n,
  grain: ({ k }) => Math.max(4, Math.ceil(4096 / k)),
});

export const crossEntropyBackward = /* @__PURE__ */ kernel(crossEntropyBackwardWgsl, {
  grid: ({ n, k }, [size]) => grid1d(n * k, size),
  rows: ({ n }) => n,
  grain: ({ k }) => Math.max(4, Math.ceil(4096 / k)),
});

/** All pairs within sets of n items of d features. */
const pairs: Launch<"batch" | "n" | "d"> = {
  grid: ({ batch, n }, [size]) => grid1d(batch * n, size),
  rows: ({ batch, n }) => batch * n,
  grain: ({ n, d }) => Math.max(4, Math.ceil(65536 / (n * (d + 8)))),
};

export const pairwiseLoss = /* @__PURE__ */ kernel(pairwiseLossWgsl, pairs);

export const pairwiseLossBackward = /* @__PURE__ */ kernel(pairwiseLossBackwardWgsl, pairs, {
  grid: ({ batch, n, d }, [size]) => grid1d(batch * n * Math.ceil(d / 16), size),
});
