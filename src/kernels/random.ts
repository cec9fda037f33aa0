import dropoutWgsl from "../../kernels/random/dropout.wgsl";
import randomWgsl from "../../kernels/random/random.wgsl";
import { grid1d, kernel } from "../kernel";
import type { Launch } from "../kernel";
import { vectors } from "./launches";

/** Numbers from Threefry: four to an invocation, eight to a row. */
const drawn: Launch<"n"> = {
  grid: ({ n }, [size]) => grid1d(vectors(n), size),
  rows: ({ n }) => Math.ceil(n / 8),
  grain: 512,
};

export const random = /* @__PURE__ */ kernel(randomWgsl, drawn);

export const dropout = /* @__PURE__ */ kernel(dropoutWgsl, drawn, {
  rows: ({ n, width }) => Math.ceil(n / (8 * width)),
  grain: ({ width }) => Math.max(1, Math.ceil(512 / width)),
});
