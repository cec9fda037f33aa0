// Computations that run on the calling thread with a memory of their own: metrics and signal processing in float64 and integers.
// src/host.ts hands out the memory above heap_base(); no function here allocates. Names are the exports' names.

/** First byte that the caller may use. */
export function heap_base(): usize {
  return __heap_base;
}

export * from "./host/sort";
export * from "./host/labels";
export * from "./host/contingency";
export * from "./host/information";
export * from "./host/assignment";
export * from "./host/silhouette";
export * from "./host/roc";
export * from "./host/eigen";
export * from "./host/neighbours";
