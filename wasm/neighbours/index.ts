// Kernels of the family of neighbours.
export { k_nearest } from "./k-nearest";
