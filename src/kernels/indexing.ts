import copyWgsl from "../../kernels/indexing/copy.wgsl";
import fillWgsl from "../../kernels/indexing/fill.wgsl";
import gatherRowsWgsl from "../../kernels/indexing/gather_rows.wgsl";
import scatterAddRowsWgsl from "../../kernels/indexing/scatter_add_rows.wgsl";
import transposeWgsl from "../../kernels/indexing/transpose.wgsl";
import { grid1d, kernel } from "../kernel";
import { elementwise } from "./launches";

export const fill = /* @__PURE__ */ kernel(fillWgsl, elementwise);

export const copy = /* @__PURE__ */ kernel(copyWgsl, {
  grid: ({ n }, [size]) => grid1d(n, size),
  rows: ({ n }) => n,
  grain: 16384,
});

export const transpose = /* @__PURE__ */ kernel(transposeWgsl, {
  grid: ({ batch, rows, columns }) => grid1d(batch * Math.ceil(rows / 32) * Math.ceil(columns / 32), 1),
  rows: ({ batch, columns }) => batch * Math.ceil(columns / 16),
  grain: ({ rows }) => Math.max(1, Math.ceil(1024 / rows)),
});

export const gatherRows = /* @__PURE__ */ kernel(gatherRowsWgsl, {
  grid: ({ m, width }, [size]) => grid1d(m * width, size),
  rows: ({ m }) => m,
  grain: ({ width }) => Math.max(1, Math.ceil(16384 / width)),
});

export const scatterAddRows = /* @__PURE__ */ kernel(scatterAddRowsWgsl, {
  grid: ({ width, columns, owners }, [size]) =>
    grid1d(Math.ceil(width / columns) * Math.ceil(owners / (size / columns)), 1),
  rows: ({ n }) => n,
  grain: ({ m, n, width }) => Math.max(1, Math.ceil((16384 * n) / Math.max(1, m * width))),
});
