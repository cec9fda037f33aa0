export * from "./dec";
export * from "./kmeans";
export * from "./sinkhorn";
