import type { Activation } from "./elementwise";

/** The codes that the epilogues of `matmul.wgsl`, `conv2d.wgsl` and their twins share; 0 is none. */
export const ACTIVATION: Record<Activation, number> = { relu: 1, leakyRelu: 2, sigmoid: 3, tanh: 4 };
