// Kernels of manifold learning.
export { tsne_attraction, tsne_forces, tsne_update } from "./tsne";
export { umap_epoch } from "./umap";
