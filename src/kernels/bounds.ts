// Launch of Lloyd's pass that leaves distances out by bounds.
import kmeansBoundedWgsl from "../../kernels/bounds/kmeans_bounded.wgsl";
import { grid1d, kernel } from "../kernel";

export const kmeansBounded = /* @__PURE__ */ kernel(kmeansBoundedWgsl, {
  grid: ({ chunks }) => grid1d(chunks, 1),
  rows: ({ chunks }) => chunks,
  grain: () => 2,
});
