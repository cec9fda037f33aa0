export * from "./batch-norm";
export * from "./rows";
