// Launches of the kernels of Lloyd's passes over many centres.
import labelSumsWgsl, { codes } from "../../kernels/large-k/label_sums.wgsl";
import largeAssignWgsl from "../../kernels/large-k/large_assign.wgsl";
import largeCentersWgsl from "../../kernels/large-k/large_centers.wgsl";
import lloydStateWgsl from "../../kernels/large-k/lloyd_state.wgsl";
import { grid1d, kernel } from "../kernel";
import { single } from "./launches";

export const largeAssign = /* @__PURE__ */ kernel(largeAssignWgsl, {
  grid: ({ n }) => grid1d(n, 128),
  rows: ({ n }) => n,
  grain: ({ k, d }) => Math.max(4, Math.ceil(131072 / (k * d))),
});

export const labelSums = /* @__PURE__ */ kernel(labelSumsWgsl, {
  grid: ({ pieces }) => grid1d(pieces, 1),
  rows: ({ pieces }) => pieces,
  grain: ({ d }) => Math.max(1, Math.ceil(32768 / (codes.PIECE * d))),
});

export const largeCenters = /* @__PURE__ */ kernel(largeCentersWgsl, {
  grid: ({ k }) => grid1d(k, 1),
  rows: ({ k }) => k,
  grain: ({ d }) => Math.max(1, Math.ceil(16384 / d)),
});

export const lloydState = /* @__PURE__ */ kernel(lloydStateWgsl, single);
