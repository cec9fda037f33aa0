// Kernels of images of the sky.
import blurColumnsWgsl from "../../kernels/astronomy/blur_columns.wgsl";
import blurRowsWgsl from "../../kernels/astronomy/blur_rows.wgsl";
import resampleWgsl from "../../kernels/astronomy/resample.wgsl";
import { grid1d, kernel } from "../kernel";
import type { Launch } from "../kernel";

export const resample = /* @__PURE__ */ kernel(resampleWgsl, {
  grid: ({ n }, [size]) => grid1d(n, size),
  rows: ({ n }) => n,
  grain: ({ b }) => Math.ceil(8192 / b),
});

/** A pixel of every band to an invocation, rows of all bands to a thread. */
const perPixel: Launch<"b" | "h" | "w" | "k"> = {
  grid: ({ b, h, w }, [size]) => grid1d(b * h * w, size),
  rows: ({ b, h }) => b * h,
  grain: ({ w, k }) => Math.max(1, Math.ceil(32768 / (w * k))),
};

export const blurRows = /* @__PURE__ */ kernel(blurRowsWgsl, perPixel);
export const blurColumns = /* @__PURE__ */ kernel(blurColumnsWgsl, perPixel);
