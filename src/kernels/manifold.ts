// Kernels of manifold learning: t-SNE's forces and steps, UMAP's epochs.
import tsneAttractionWgsl from "../../kernels/manifold/tsne_attraction.wgsl";
import tsneForcesWgsl from "../../kernels/manifold/tsne_forces.wgsl";
import tsneUpdateWgsl from "../../kernels/manifold/tsne_update.wgsl";
import umapEpochWgsl from "../../kernels/manifold/umap_epoch.wgsl";
import umapEpochWideWgsl from "../../kernels/manifold/umap_epoch_wide.wgsl";
import { grid1d, kernel } from "../kernel";
import type { Launch } from "../kernel";

/** n points, one an invocation. */
const points: Launch<"n"> = {
  grid: ({ n }, [size]) => grid1d(n, size),
  rows: ({ n }) => n,
  grain: 256,
};

export const tsneForces = /* @__PURE__ */ kernel(tsneForcesWgsl, points, {
  grain: ({ n }) => Math.max(4, Math.ceil(65536 / n)),
});
export const tsneAttraction = /* @__PURE__ */ kernel(tsneAttractionWgsl, points);
export const tsneUpdate = /* @__PURE__ */ kernel(tsneUpdateWgsl, {
  grid: ({ n, dim }, [size]) => grid1d(n * dim, size),
  rows: ({ n }) => n,
  grain: 4096,
});
export const umapEpoch = /* @__PURE__ */ kernel(umapEpochWgsl, points);
export const umapEpochWide = /* @__PURE__ */ kernel(umapEpochWideWgsl, points);
