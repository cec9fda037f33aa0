import decTargetWgsl from "../../kernels/clustering/dec_target.wgsl";
import kmeansAssignWgsl from "../../kernels/clustering/kmeans_assign.wgsl";
import kmeansCentersWgsl from "../../kernels/clustering/kmeans_centers.wgsl";
import kmeansDistancesWgsl from "../../kernels/clustering/kmeans_distances.wgsl";
import kmeansUpdateWgsl from "../../kernels/clustering/kmeans_update.wgsl";
import studentTWgsl from "../../kernels/clustering/student_t.wgsl";
import studentTBackwardWgsl from "../../kernels/clustering/student_t_backward.wgsl";
import { grid1d, kernel } from "../kernel";
import type { Launch } from "../kernel";

/** n rows of k columns, sixteen lanes a row. */
const tiledRows: Launch<"n" | "k"> = {
  grid: ({ n }) => grid1d(n, 16),
  rows: ({ n }) => n,
  grain: ({ k }) => Math.max(4, Math.ceil(16384 / k)),
};

/** The same where each element takes d numbers. */
const deepRows: Launch<"n" | "k" | "d"> = {
  ...tiledRows,
  grain: ({ k, d }) => Math.max(4, Math.ceil(16384 / (k * d))),
};

export const studentT = /* @__PURE__ */ kernel(studentTWgsl, deepRows);

export const studentTBackward = /* @__PURE__ */ kernel(studentTBackwardWgsl, deepRows);

export const decTarget = /* @__PURE__ */ kernel(decTargetWgsl, tiledRows);

export const kmeansAssign = /* @__PURE__ */ kernel(kmeansAssignWgsl, {
  grid: ({ n }) => grid1d(n, 128),
  rows: ({ n }) => n,
  grain: ({ k, d }) => Math.max(4, Math.ceil(131072 / (k * d))),
});

export const kmeansUpdate = /* @__PURE__ */ kernel(kmeansUpdateWgsl, {
  grid: ({ chunks, d, width }) => grid1d(chunks * Math.ceil(d / width), 1),
  rows: ({ chunks, d, width }) => chunks * Math.ceil(d / width),
  grain: ({ length, width }) => Math.max(1, Math.ceil(32768 / (length * width))),
});

export const kmeansCenters = /* @__PURE__ */ kernel(kmeansCentersWgsl, {
  grid: ({ k }) => grid1d(k, 1),
  rows: ({ k }) => k,
  grain: ({ d, chunks }) => Math.max(1, Math.ceil(32768 / (d * (chunks + 4)))),
});

export const kmeansDistances = /* @__PURE__ */ kernel(kmeansDistancesWgsl, {
  grid: ({ n, m }) => {
    const [x, y] = grid1d(n, 64);
    return [x, y, Math.ceil(m / 16)];
  },
  rows: ({ n }) => n,
  grain: ({ m, d }) => Math.max(4, Math.ceil(65536 / (m * d))),
});
