// Launches that kernels of several families share. A family's own stand beside its kernels.
import { grid1d } from "../kernel";
import type { Launch } from "../kernel";

/** Vectors of four that hold n elements. */
export const vectors = (n: number): number => Math.ceil(n / 4);

/** n elements in vectors of four, one a WebGPU invocation. */
export const elementwise: Launch<"n"> = {
  grid: ({ n }, [size]) => grid1d(vectors(n), size),
  rows: ({ n }) => vectors(n),
  grain: 4096,
};

/** Series along an axis, `lanes` invocations of 256 each. */
export const alongAxis: Launch<"series" | "lanes" | "n"> = {
  grid: ({ series, lanes }) => grid1d(series, 256 / lanes),
  rows: ({ series }) => series,
  grain: ({ n }) => Math.max(4, Math.ceil(4096 / n)),
};

/** One workgroup, one thread. */
export const single: Launch<never> = { grid: () => [1, 1, 1], rows: () => 1 };
