import matmulWgsl from "../../kernels/linear-algebra/matmul.wgsl";
import principalAxesWgsl from "../../kernels/linear-algebra/principal_axes.wgsl";
import squaredDistanceWgsl from "../../kernels/linear-algebra/squared_distance.wgsl";
import weightedDifferenceWgsl from "../../kernels/linear-algebra/weighted_difference.wgsl";
import { grid1d, kernel } from "../kernel";
import type { Params } from "../kernel";

/** A product with at most this many workgroups leaves most of a GPU idle: a long k is then cut up among more of them. */
const FEW_TILES = 32;
const TILE = 64;
const SHORTEST_PART = 256;

/** Equal parts of k, so that a GPU has enough to do. */
function partsOfProduct({ m, n, k }: Params<"m" | "n" | "k">): number {
  const tiles = Math.ceil(m / TILE) * Math.ceil(n / TILE);
  if (tiles > FEW_TILES) return 1;
  let parts = 1;
  while (parts < 64 && k % (parts * 2) === 0 && k / (parts * 2) >= SHORTEST_PART && tiles * parts < 4 * FEW_TILES)
    parts *= 2;
  return parts;
}

export const matmul = /* @__PURE__ */ kernel(matmulWgsl, {
  grid: ({ m, n, batch }, [x, y]) => [Math.ceil(n / (8 * x)), Math.ceil(m / (8 * y)), batch],
  rows: ({ m, batch }) => m * batch,
  // a thread packs all of b for its rows: many rows a thread where b is large
  grain: ({ n, k }) => Math.max(4, Math.ceil(131072 / (n * k)), Math.min(128, Math.ceil((n * k) / 2048))),
  packing: {
    operand: "b",
    bytes: ({ m, n, k, batch }) => {
      const bytes = Math.ceil(n / 8) * 32 * k;
      // the kernel's own function is for few rows or columns; two commands cost a small product more than they save
      const suits = batch === 1 && m > 8 && n > 12 && m * n * k >= 2 ** 21;
      return suits && bytes <= 2 ** 24 ? bytes : 0;
    },
    rows: ({ n }) => Math.ceil(n / 8),
    grain: ({ k }) => Math.ceil(4096 / k),
    packedGrain: ({ n, k }) => Math.max(16, Math.ceil(131072 / (n * k))),
  },
  parts: { webgpu: partsOfProduct, wasm: () => 1 },
});

export const weightedDifference = /* @__PURE__ */ kernel(weightedDifferenceWgsl, {
  grid: ({ n, d, chunks }) => grid1d(Math.ceil(n / 16) * Math.ceil(d / 16) * chunks, 1),
  rows: ({ n, chunks }) => n * chunks,
  grain: ({ length, d }) => Math.max(1, Math.ceil(16384 / (length * d))),
});

export const squaredDistance = /* @__PURE__ */ kernel(squaredDistanceWgsl, {
  grid: ({ n, m }) => grid1d(Math.ceil(n / 64) * Math.ceil(m / 64), 1),
  rows: ({ n }) => n,
  grain: ({ m, d }) => Math.max(4, Math.ceil(16384 / (m * d))),
});

/** Sets of n vectors: WebGPU one a workgroup. */
export const principalAxes = /* @__PURE__ */ kernel(principalAxesWgsl, {
  grid: ({ sets }) => grid1d(sets, 1),
  rows: ({ sets }) => sets,
  grain: ({ n, d, count, rounds }) => Math.max(1, Math.ceil(65536 / (n * d * count * rounds))),
});
