// Kernels of self-organising maps.
import nearestCentersWgsl from "../../kernels/som/nearest_centers.wgsl";
import somOnlineWgsl from "../../kernels/som/som_online.wgsl";
import unitSumsWgsl from "../../kernels/som/unit_sums.wgsl";
import { grid1d, kernel } from "../kernel";

export const nearestCenters = /* @__PURE__ */ kernel(nearestCentersWgsl, {
  grid: ({ n }) => grid1d(n, 128),
  rows: ({ n }) => n,
  // whole groups of eight points
  grain: ({ k, d }) => 8 * Math.max(1, Math.ceil(16384 / (k * d))),
});

export const unitSums = /* @__PURE__ */ kernel(unitSumsWgsl, {
  grid: ({ d, chunks, width }) => grid1d(chunks * Math.ceil((d + 2) / width), 1),
  rows: ({ d, chunks, width }) => chunks * Math.ceil((d + 2) / width),
});

/** Steps one after the other: one workgroup, one thread. */
export const somOnline = /* @__PURE__ */ kernel(somOnlineWgsl, { grid: () => [1, 1, 1], rows: () => 1 });
