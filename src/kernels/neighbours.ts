// Launches of the kernels of neighbours.
import kNearestWgsl from "../../kernels/neighbours/k_nearest.wgsl";
import { grid1d, kernel } from "../kernel";

/** Rows of x: WebGPU one an invocation; WASM in blocks whose panels stay in the cache. */
export const kNearest = /* @__PURE__ */ kernel(kNearestWgsl, {
  grid: ({ n }, [size]) => grid1d(n, size),
  rows: ({ n }) => n,
  grain: ({ m, e }) => Math.max(4, Math.min(256, Math.ceil(262144 / (m * e)))),
});
