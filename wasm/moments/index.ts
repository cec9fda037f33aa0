// Kernels of means and products of rows.
export * from "./moments";
