import { codes } from "../../kernels/linear-algebra/matmul.wgsl";
import type { Activation } from "./elementwise";

/** The codes that the epilogues of products and convolutions share. */
export const ACTIVATION: Record<Activation | "none", number> = {
  none: codes.ACTIVATION_NONE,
  relu: codes.ACTIVATION_RELU,
  leakyRelu: codes.ACTIVATION_LEAKY_RELU,
  sigmoid: codes.ACTIVATION_SIGMOID,
  tanh: codes.ACTIVATION_TANH,
};
