import argExtremumWgsl from "../../kernels/reduction/arg_extremum.wgsl";
import chunkReduceWgsl from "../../kernels/reduction/chunk_reduce.wgsl";
import reduceWgsl from "../../kernels/reduction/reduce.wgsl";
import { grid1d, kernel } from "../kernel";
import { alongAxis } from "./launches";

export const reduce = /* @__PURE__ */ kernel(reduceWgsl, {
  grid: ({ outer, inner, chunks, columns }) => grid1d(outer * chunks * Math.ceil(inner / columns), 1),
  rows: ({ outer, inner, chunks }) => outer * chunks * inner,
  grain: ({ length }) => Math.max(1, Math.ceil(16384 / length)),
});

export const chunkReduce = /* @__PURE__ */ kernel(chunkReduceWgsl, {
  grid: ({ n, length }) => grid1d(Math.ceil(n / length), 1),
  rows: ({ n, length }) => Math.ceil(n / length),
  grain: 4,
});

export const argExtremum = /* @__PURE__ */ kernel(argExtremumWgsl, alongAxis);
