// Launches of the kernels that sort rows by label.
import digitCountsWgsl from "../../kernels/sorting/digit_counts.wgsl";
import digitScatterWgsl from "../../kernels/sorting/digit_scatter.wgsl";
import digitStartsWgsl from "../../kernels/sorting/digit_starts.wgsl";
import labelStartsWgsl from "../../kernels/sorting/label_starts.wgsl";
import { grid1d, kernel } from "../kernel";
import type { Launch } from "../kernel";
import { single } from "./launches";

/** A chunk of positions a workgroup. */
const chunked: Launch<"chunks" | "length"> = {
  grid: ({ chunks }) => grid1d(chunks, 1),
  rows: ({ chunks }) => chunks,
  grain: ({ length }) => Math.max(1, Math.ceil(16384 / length)),
};

export const digitCounts = /* @__PURE__ */ kernel(digitCountsWgsl, chunked);

export const digitStarts = /* @__PURE__ */ kernel(digitStartsWgsl, single);

export const digitScatter = /* @__PURE__ */ kernel(digitScatterWgsl, chunked);

export const labelStarts = /* @__PURE__ */ kernel(labelStartsWgsl, {
  grid: ({ n }, [size]) => grid1d(n + 1, size),
  rows: ({ n }) => n + 1,
  grain: 8192,
});
