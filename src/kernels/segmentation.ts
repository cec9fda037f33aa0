// Kernels of images that are cut into regions.
import slicAssignWgsl from "../../kernels/segmentation/slic_assign.wgsl";
import slicCentersWgsl from "../../kernels/segmentation/slic_centers.wgsl";
import { grid1d, kernel } from "../kernel";

export const slicAssign = /* @__PURE__ */ kernel(slicAssignWgsl, {
  grid: ({ height, width }, [size]) => grid1d(height * width, size),
  rows: ({ height }) => height,
});

export const slicCenters = /* @__PURE__ */ kernel(slicCentersWgsl, {
  grid: ({ k }) => grid1d(k, 1),
  rows: ({ k }) => k,
  grain: 4,
});
