import sinkhornWgsl from "../../kernels/transport/sinkhorn.wgsl";
import sinkhornLabelsWgsl from "../../kernels/transport/sinkhorn_labels.wgsl";
import sinkhornScaleWgsl from "../../kernels/transport/sinkhorn_scale.wgsl";
import sinkhornUpdateWgsl from "../../kernels/transport/sinkhorn_update.wgsl";
import { grid1d, kernel } from "../kernel";
import type { Launch } from "../kernel";

/** Chunks of `length` rows of k columns. */
const chunkedRows: Launch<"n" | "length" | "k"> = {
  grid: ({ n, length }) => grid1d(Math.ceil(n / length), 1),
  rows: ({ n, length }) => Math.ceil(n / length),
  grain: ({ length, k }) => Math.max(1, Math.ceil(16384 / (length * k))),
};

export const sinkhorn = /* @__PURE__ */ kernel(sinkhornWgsl, chunkedRows);

export const sinkhornScale = /* @__PURE__ */ kernel(sinkhornScaleWgsl, chunkedRows);

export const sinkhornUpdate = /* @__PURE__ */ kernel(sinkhornUpdateWgsl, {
  grid: ({ k }) => grid1d(Math.ceil(k / 16), 1),
  rows: ({ k }) => k,
  grain: ({ chunks }) => Math.max(1, Math.ceil(16384 / chunks)),
});

export const sinkhornLabels = /* @__PURE__ */ kernel(sinkhornLabelsWgsl, {
  grid: ({ n }) => grid1d(n, 16),
  rows: ({ n }) => n,
  grain: ({ k }) => Math.max(4, Math.ceil(16384 / k)),
});
