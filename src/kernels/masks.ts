// Kernels on masks: connected components and what is known of them.
import componentStatisticsWgsl from "../../kernels/masks/component_statistics.wgsl";
import componentSumsWgsl from "../../kernels/masks/component_sums.wgsl";
import connectedComponentsWgsl from "../../kernels/masks/connected_components.wgsl";
import selectComponentWgsl from "../../kernels/masks/select_component.wgsl";
import { grid1d, kernel } from "../kernel";
import type { Launch } from "../kernel";

/** Images: WebGPU one a workgroup. */
const imagewise: Launch<"n" | "h" | "w"> = {
  grid: ({ n }) => grid1d(n, 1),
  rows: ({ n }) => n,
  grain: ({ h, w }) => Math.max(1, Math.ceil(4096 / (h * w))),
};

export const connectedComponents = /* @__PURE__ */ kernel(connectedComponentsWgsl, imagewise);
export const selectComponent = /* @__PURE__ */ kernel(selectComponentWgsl, imagewise);
export const componentStatistics = /* @__PURE__ */ kernel(componentStatisticsWgsl, {
  grid: ({ n, slots }) => grid1d(n * slots, 1),
  rows: ({ n, slots }) => n * slots,
  grain: ({ h, w }) => Math.max(1, Math.ceil(8192 / (h * w))),
});
export const componentSums = /* @__PURE__ */ kernel(componentSumsWgsl, {
  grid: ({ n, slots, bands }) => grid1d(n * slots * bands, 1),
  rows: ({ n, slots, bands }) => n * slots * bands,
  grain: ({ h, w }) => Math.max(1, Math.ceil(8192 / (h * w))),
});
