// Kernels of self-organising maps.
export * from "./nearest";
export * from "./units";
