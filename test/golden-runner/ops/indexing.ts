import * as c from "constella";
import type { Tensor } from "constella";
import { tensors } from "../adapter";
import type { Adapters } from "../adapter";

export const INDEXING: Adapters = {
  gather_rows: tensors<{ x: Tensor; index: Tensor }>(({ x, index }) => ({ y: c.gatherRows(x, index) })),
  scatter_add_rows: tensors<{ base: Tensor; index: Tensor; src: Tensor }>(({ base, index, src }) => ({
    y: c.scatterAddRows(base, index, src),
  })),
  concat: tensors<Record<string, Tensor>, { axis: number }>((inputs, { axis }) => {
    const parts = Object.keys(inputs).map((_, i) => inputs[`x${i}`]!);
    return { y: c.concat(parts, axis) };
  }),
  slice: tensors<{ x: Tensor }, { start: number[]; end: number[] }>(({ x }, { start, end }) => ({
    y: c.slice(x, start, end),
  })),
  transpose: tensors<{ x: Tensor }, { perm: number[] }>(({ x }, { perm }) => ({ y: c.transpose(x, perm) })),
  pad: tensors<{ x: Tensor }, { pads: [number, number][]; value: number }>(({ x }, { pads, value }) => ({
    y: c.pad(x, pads, value),
  })),
  dropout: tensors<{ x: Tensor; mask: Tensor }, { p: number }>(({ x, mask }, { p }) => ({ y: c.dropout(x, p, mask) })),
};
