// Launches of the kernels of approximate neighbours.
import candidateSamplesWgsl from "../../kernels/descent/candidate_samples.wgsl";
import leafNeighboursWgsl from "../../kernels/descent/leaf_neighbours.wgsl";
import nnDescentWgsl from "../../kernels/descent/nn_descent.wgsl";
import { grid1d, kernel } from "../kernel";

export const leafNeighbours = /* @__PURE__ */ kernel(leafNeighboursWgsl, {
  grid: ({ count }, [size]) => grid1d(count, size),
  rows: ({ count }) => count,
  grain: ({ d, k }) => Math.max(16, Math.ceil(65536 / (d * k))),
});

export const candidateSamples = /* @__PURE__ */ kernel(candidateSamplesWgsl, {
  grid: ({ n }, [size]) => grid1d(n, size),
  rows: ({ n }) => n,
  grain: ({ k }) => Math.max(16, Math.ceil(16384 / k)),
});

export const nnDescent = /* @__PURE__ */ kernel(nnDescentWgsl, {
  grid: ({ count }, [size]) => grid1d(count, size),
  rows: ({ count }) => count,
  grain: ({ d, candidates }) => Math.max(4, Math.ceil(65536 / (d * candidates ** 2))),
});
