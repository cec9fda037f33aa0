// Layouts of the items of a run that is done, by their names.

/** Titles. */
export const LAYOUTS = { umap: "UMAP", tsne: "t-SNE" } as const;

/** A layout. */
export type LayoutName = keyof typeof LAYOUTS;

/** Whether what is to be seen is a layout. */
export const isLayout = (name: string): name is LayoutName => name in LAYOUTS;
