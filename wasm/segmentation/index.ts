// Kernels of images that are cut into regions.
export * from "./slic";
