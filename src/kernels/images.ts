import avgPoolWgsl from "../../kernels/images/avg_pool.wgsl";
import avgPoolBackwardWgsl from "../../kernels/images/avg_pool_backward.wgsl";
import colorJitterWgsl from "../../kernels/images/color_jitter.wgsl";
import conv2dWgsl from "../../kernels/images/conv2d.wgsl";
import conv2dBackwardWeightWgsl from "../../kernels/images/conv2d_backward_weight.wgsl";
import hogBlocksWgsl from "../../kernels/images/hog_blocks.wgsl";
import hogCellsWgsl from "../../kernels/images/hog_cells.wgsl";
import maxPoolWgsl from "../../kernels/images/max_pool.wgsl";
import maxPoolBackwardWgsl from "../../kernels/images/max_pool_backward.wgsl";
import resizeWgsl from "../../kernels/images/resize.wgsl";
import resizeBackwardWgsl from "../../kernels/images/resize_backward.wgsl";
import warpWgsl from "../../kernels/images/warp.wgsl";
import { grid1d, kernel } from "../kernel";
import type { Launch, Params } from "../kernel";

/** Channels and pixels of a workgroup's tile, of which each invocation has 64 elements: what wastes least of it. */
function convolutionTile(channels: number, invocations: number): readonly [number, number] {
  const tall = channels <= 16 ? 2 : channels <= 32 ? 4 : 8;
  return [8 * tall, (8 * invocations) / tall];
}

export const conv2d = /* @__PURE__ */ kernel(conv2dWgsl, {
  grid: ({ n, m, rows, columns }, [size]) => {
    const [tall, wide] = convolutionTile(m, size);
    const [x, y] = grid1d(n * rows * columns, wide);
    return [x, y, Math.ceil(m / tall)];
  },
  rows: ({ n, rows }) => n * rows,
  // a thread packs the weights, and the rows above and below its own
  grain: ({ columns, m, c, taps_y, taps_x }) =>
    Math.max(4, Math.ceil(262144 / (columns * m * (c * taps_y * taps_x + 1)))),
});

/** Largest total of the partial sums of a weight gradient, in elements. */
const MOST_PARTIAL = 1 << 22;

/** At most so many parts of a weight gradient as their sums may take memory. */
const partsOfWeight = (most: number, { o, c, kh, kw }: Params<"o" | "c" | "kh" | "kw">): number =>
  Math.max(1, Math.min(most, Math.floor(MOST_PARTIAL / (o * c * kh * kw))));

export const conv2dBackwardWeight = /* @__PURE__ */ kernel(conv2dBackwardWeightWgsl, {
  grid: ({ o, c, kh, kw, chunks }, [size]) => {
    const [tall, wide] = convolutionTile(o, size);
    return [Math.ceil((c * kh * kw) / wide), Math.ceil(o / tall), chunks];
  },
  rows: ({ chunks }) => chunks,
  grain: ({ length, ow, o, c, kh, kw }) => Math.ceil(65536 / (length * ow * o * c * kh * kw)),
  // many for a GPU's workgroups, else enough for the threads
  parts: { webgpu: (params) => partsOfWeight(64, params), wasm: (params) => partsOfWeight(32, params) },
});

/** Windows of planes: WebGPU an invocation for each element written, WASM by planes. */
const pooled: Launch<"planes" | "h" | "w" | "oh" | "ow"> = {
  grid: ({ planes, oh, ow }, [size]) => grid1d(planes * oh * ow, size),
  rows: ({ planes }) => planes,
  grain: ({ h, w }) => Math.max(1, Math.ceil(8192 / (h * w))),
};

/** Their gradients: an invocation for each element read. */
const unpooled: Partial<Launch<"planes" | "h" | "w">> = {
  grid: ({ planes, h, w }, [size]) => grid1d(planes * h * w, size),
};

export const maxPool = /* @__PURE__ */ kernel(maxPoolWgsl, pooled);

export const maxPoolBackward = /* @__PURE__ */ kernel(maxPoolBackwardWgsl, pooled, unpooled);

export const avgPool = /* @__PURE__ */ kernel(avgPoolWgsl, pooled);

export const avgPoolBackward = /* @__PURE__ */ kernel(avgPoolBackwardWgsl, pooled, unpooled);

export const resize = /* @__PURE__ */ kernel(resizeWgsl, pooled);

export const resizeBackward = /* @__PURE__ */ kernel(resizeBackwardWgsl, pooled, unpooled);

/** Cells of n images: WebGPU one an invocation, WASM by their rows. */
export const hogCells = /* @__PURE__ */ kernel(hogCellsWgsl, {
  grid: ({ n, rows, columns }, [size]) => grid1d(n * rows * columns, size),
  rows: ({ n, rows }) => n * rows,
  grain: ({ w, cell }) => Math.max(1, Math.ceil(4096 / (w * cell))),
});

/** Blocks of cells: WebGPU one an invocation, WASM by their rows. */
export const hogBlocks = /* @__PURE__ */ kernel(hogBlocksWgsl, {
  grid: ({ n, rows, columns }, [size]) => grid1d(n * rows * columns, size),
  rows: ({ n, rows, side }) => n * (rows - side + 1),
  grain: ({ columns }) => Math.max(1, Math.ceil(64 / columns)),
});

export const warp = /* @__PURE__ */ kernel(warpWgsl, {
  grid: ({ n, oh, ow }, [size]) => grid1d(n * oh * ow, size),
  rows: ({ n, oh }) => n * oh,
  grain: ({ c, ow }) => Math.max(1, Math.ceil(2048 / (c * ow))),
});

export const colorJitter = /* @__PURE__ */ kernel(colorJitterWgsl, {
  grid: ({ n }) => grid1d(n, 1),
  rows: ({ n }) => n,
  grain: ({ c, s }) => Math.max(1, Math.ceil(8192 / (c * s))),
});
