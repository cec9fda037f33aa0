import { mul, scale } from "constella";
import type { Tensor } from "constella";
import { exported, tensors } from "./adapter";
import type { Adapters } from "./adapter";

export const INDEXING: Adapters = {
  gather_rows: tensors<{ x: Tensor; index: Tensor }>(
    ({ x, index }) => ({ y: exported<(x: Tensor, index: Tensor) => Tensor>("gatherRows")(x, index) }),
    "gatherRows",
  ),
  scatter_add_rows: tensors<{ base: Tensor; index: Tensor; src: Tensor }>(
    ({ base, index, src }) => ({
      y: exported<(base: Tensor, index: Tensor, src: Tensor) => Tensor>("scatterAddRows")(base, index, src),
    }),
    "scatterAddRows",
  ),
  concat: tensors<Record<string, Tensor>, { axis: number }>((inputs, { axis }) => {
    const parts = Object.keys(inputs).map((_, i) => inputs[`x${i}`]!);
    return { y: exported<(parts: Tensor[], axis: number) => Tensor>("concat")(parts, axis) };
  }, "concat"),
  slice: tensors<{ x: Tensor }, { start: number[]; end: number[] }>(
    ({ x }, { start, end }) => ({
      y: exported<(x: Tensor, start: number[], end: number[]) => Tensor>("slice")(x, start, end),
    }),
    "slice",
  ),
  transpose: tensors<{ x: Tensor }, { perm: number[] }>(
    ({ x }, { perm }) => ({ y: exported<(x: Tensor, perm: number[]) => Tensor>("transpose")(x, perm) }),
    "transpose",
  ),
  pad: tensors<{ x: Tensor }, { pads: [number, number][]; value: number }>(
    ({ x }, { pads, value }) => ({
      y: exported<(x: Tensor, pads: [number, number][], value: number) => Tensor>("pad")(x, pads, value),
    }),
    "pad",
  ),
  // The mask is given: the op draws its own, so its map is composed here. test/random.test.ts and the op rows cover the op.
  dropout: tensors<{ x: Tensor; mask: Tensor }, { p: number }>(
    ({ x, mask }, { p }) => ({ y: scale(mul(x, mask), 1 / (1 - p)) }),
    "dropout",
  ),
};
