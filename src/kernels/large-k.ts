// Launches of the kernels of Lloyd's passes over many centres.
import digitCountsWgsl from "../../kernels/large-k/digit_counts.wgsl";
import digitScatterWgsl from "../../kernels/large-k/digit_scatter.wgsl";
import digitStartsWgsl from "../../kernels/large-k/digit_starts.wgsl";
import labelStartsWgsl from "../../kernels/large-k/label_starts.wgsl";
import labelSumsWgsl, { codes } from "../../kernels/large-k/label_sums.wgsl";
import largeAssignWgsl from "../../kernels/large-k/large_assign.wgsl";
import largeCentersWgsl from "../../kernels/large-k/large_centers.wgsl";
import lloydStateWgsl from "../../kernels/large-k/lloyd_state.wgsl";
import { grid1d, kernel } from "../kernel";
import type { Launch } from "../kernel";

/** A chunk of positions a workgroup. */
const chunked: Launch<"chunks" | "length"> = {
  grid: ({ chunks }) => grid1d(chunks, 1),
  rows: ({ chunks }) => chunks,
  grain: ({ length }) => Math.max(1, Math.ceil(16384 / length)),
};

/** One workgroup, one thread. */
const single: Launch<never> = { grid: () => [1, 1, 1], rows: () => 1 };

export const largeAssign = /* @__PURE__ */ kernel(largeAssignWgsl, {
  grid: ({ n }) => grid1d(n, 128),
  rows: ({ n }) => n,
  grain: ({ k, d }) => Math.max(4, Math.ceil(131072 / (k * d))),
});

export const digitCounts = /* @__PURE__ */ kernel(digitCountsWgsl, chunked);

export const digitStarts = /* @__PURE__ */ kernel(digitStartsWgsl, single);

export const digitScatter = /* @__PURE__ */ kernel(digitScatterWgsl, chunked);

export const labelStarts = /* @__PURE__ */ kernel(labelStartsWgsl, {
  grid: ({ n }, [size]) => grid1d(n + 1, size),
  rows: ({ n }) => n + 1,
  grain: 8192,
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
