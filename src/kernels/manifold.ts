// Kernels of manifold learning: t-SNE's forces and steps, UMAP's epochs.
import hartleyWgsl from "../../kernels/manifold/hartley.wgsl";
import hartleyFilterWgsl from "../../kernels/manifold/hartley_filter.wgsl";
import tsneAttractionWgsl from "../../kernels/manifold/tsne_attraction.wgsl";
import tsneForcesWgsl from "../../kernels/manifold/tsne_forces.wgsl";
import tsneInterpolateWgsl from "../../kernels/manifold/tsne_interpolate.wgsl";
import tsneSpreadWgsl from "../../kernels/manifold/tsne_spread.wgsl";
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
export const tsneSpread = /* @__PURE__ */ kernel(tsneSpreadWgsl, {
  grid: ({ side }, [size]) => grid1d(side * side, size),
  rows: ({ side }) => side,
  grain: 16,
});
export const tsneInterpolate = /* @__PURE__ */ kernel(tsneInterpolateWgsl, points);
export const hartley = /* @__PURE__ */ kernel(hartleyWgsl, {
  grid: ({ rows }) => grid1d(rows, 1),
  rows: ({ rows }) => Math.ceil(rows / 4),
  grain: ({ length }) => Math.max(1, Math.ceil(2048 / length)),
});
export const hartleyFilter = /* @__PURE__ */ kernel(hartleyFilterWgsl, {
  grid: ({ length }) => grid1d(length, 1),
  rows: ({ length }) => length / 4,
  grain: ({ length }) => Math.max(1, Math.ceil(2048 / length)),
});
/** Points of a part of an epoch, one an invocation. */
const partOfPoints: Launch<"n" | "parts"> = {
  grid: ({ n, parts }, [size]) => grid1d(Math.ceil(n / parts), size),
  rows: ({ n, parts }) => Math.ceil(n / parts),
  grain: 64,
};

export const umapEpoch = /* @__PURE__ */ kernel(umapEpochWgsl, partOfPoints);
export const umapEpochWide = /* @__PURE__ */ kernel(umapEpochWideWgsl, points);
