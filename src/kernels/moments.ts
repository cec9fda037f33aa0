// Kernels of means and products of rows.
import chunkMomentsWgsl from "../../kernels/moments/chunk_moments.wgsl";
import { grid1d, kernel } from "../kernel";

export const chunkMoments = /* @__PURE__ */ kernel(chunkMomentsWgsl, {
  grid: ({ chunks }) => grid1d(chunks, 1),
  rows: ({ chunks }) => chunks,
});
