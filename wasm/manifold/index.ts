// Kernels of manifold learning.
export { tsne_interpolate, tsne_spread } from "./field";
export { hartley, hartley_filter } from "./hartley";
export { tsne_attraction, tsne_forces, tsne_update } from "./tsne";
export { umap_epoch, umap_epoch_wide } from "./umap";
