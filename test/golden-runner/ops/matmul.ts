import * as c from "constella";
import type { Tensor } from "constella";
import { tensors } from "../adapter";
import type { Adapters } from "../adapter";

export const MATMUL: Adapters = {
  matmul: tensors<{ a: Tensor; b: Tensor }, { transA?: boolean; transB?: boolean }>(
    ({ a, b }, { transA = false, transB = false }) => ({ y: c.matmul(a, b, { transA, transB }) }),
  ),
  linear: tensors<{ x: Tensor; w: Tensor; b?: Tensor }>(({ x, w, b }) => ({ y: c.linear(x, w, b) })),
};
