// Kernels of Gaussian mixtures.
import mixtureExpectationWgsl from "../../kernels/mixture/mixture_expectation.wgsl";
import mixtureMomentsWgsl from "../../kernels/mixture/mixture_moments.wgsl";
import { grid1d, kernel } from "../kernel";

export const mixtureExpectation = /* @__PURE__ */ kernel(mixtureExpectationWgsl, {
  grid: ({ n }, [size]) => grid1d(n, size),
  rows: ({ n }) => n,
  grain: ({ d, k, diagonal }) => Math.max(4, Math.ceil(65536 / (k * d * (diagonal === 1 ? 1 : d)))),
});

export const mixtureMoments = /* @__PURE__ */ kernel(mixtureMomentsWgsl, {
  grid: ({ d, k, diagonal, chunks }, [size]) => grid1d(chunks * k * (1 + d + (diagonal === 1 ? d : d * d)), size),
  rows: ({ chunks }) => chunks,
});
